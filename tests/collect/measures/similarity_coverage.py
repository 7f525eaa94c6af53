"""How often intervals of similarities hold: `python -m tests.collect.measures.similarity_coverage`.

Prints the table of docs/measures.md; names of measures, `--designs` and `--trials` choose a part.
The truth is the expected value of the measure at that number of images, from as many samples as
there are trials; for debiased CKA the CKA of the population.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.registry import MEASURES

N_BLOCKS = 20
POPULATION = ("cka_linear_debiased",)
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """How rows are drawn: x = noise A and y = x B + noise C, with Gaussian noise.

    Attributes
    ----------
    own, mixing, added : array of shape (n_features, n_features)
        A, B and C.
    n_images : int
        Images.
    n_positions : int
        Rows of each.
    shared : float
        Share of the variance that is common to the positions of an image.
    """

    own: Matrix
    mixing: Matrix
    added: Matrix
    n_images: int = 80
    n_positions: int = 1
    shared: float = 0.0

    @property
    def population_cka(self) -> float:
        """CKA of the covariances of both layers."""
        first = self.own.T @ self.own
        cross = first @ self.mixing
        second = self.mixing.T @ cross + self.added.T @ self.added
        return float((cross**2).sum() / np.sqrt((first**2).sum() * (second**2).sum()))


def even(n_features: int, n_positions: int = 1, shared: float = 0.0) -> Design:
    """No few features hold most of the variance, which is hard on a jackknife."""
    entries = np.random.default_rng(7).normal(size=(n_features, n_features))
    mixing = np.asarray(0.5 * math.sqrt(6 / n_features) * entries)
    own = np.diag(np.linspace(0.3, 2, n_features))
    return Design(own, mixing, np.eye(n_features), n_positions=n_positions, shared=shared)


def falling(n_features: int, n_images: int) -> Design:
    """Variances fall as 1 / k, as those of layers do or more slowly; y is x turned, with noise."""
    own = np.diag(np.arange(1.0, n_features + 1) ** -0.5)
    entries = np.random.default_rng(7).normal(size=(n_features, n_features))
    rotation = np.linalg.qr(entries)[0]
    return Design(own, 0.7 * rotation, 0.7 * own @ rotation, n_images=n_images)


DESIGNS = {
    "6 features": even(6),
    "24 features": even(24),
    "4 positions": even(6, 4, 0.6),
    "128 features": falling(128, 300),
}


def draw(rng: np.random.Generator, design: Design) -> tuple[Tensor, Tensor]:
    """Rows of both layers."""
    n_images, n_positions, shared = design.n_images, design.n_positions, design.shared
    n_features = len(design.own)

    def noise() -> Matrix:
        image = rng.normal(size=(n_images, n_features)).repeat(n_positions, axis=0)
        position = rng.normal(size=(n_images * n_positions, n_features))
        mixed: Matrix = shared**0.5 * image + (1 - shared) ** 0.5 * position
        return mixed

    x = noise() @ design.own
    return torch.from_numpy(x), torch.from_numpy(x @ design.mixing + noise() @ design.added)


def coverage(name: str, design: Design, n_trials: int, n_simulations: int) -> float:
    """Share of trials whose 95 % interval holds the truth; NaN where there is no interval."""
    rng = np.random.default_rng(0)
    images = torch.arange(design.n_images).repeat_interleave(design.n_positions)
    groups = images if design.n_positions > 1 else None
    how = Inference(null=False, n_blocks=N_BLOCKS, n_simulations=n_simulations)
    found = []
    for _ in range(n_trials):
        x, y = draw(rng, design)
        found += compare({"a": x}, {"a": y}, measures=[name], groups=groups, inference=how)
    truth = (
        design.population_cka if name in POPULATION else float(np.mean([c.value for c in found]))
    )
    ends = [(c.ci_low, c.ci_high) for c in found if c.ci_low is not None and c.ci_high is not None]
    return float(np.mean([low <= truth <= high for low, high in ends])) if ends else float("nan")


def rows(
    n_trials: int, designs: Sequence[str], names: Sequence[str], n_simulations: int
) -> Iterator[str]:
    """One row per measure below the head of the table."""
    yield f"| measure | {' | '.join(designs)} |"
    yield "|---|" + "---:|" * len(designs)
    for name in names:
        held = [coverage(name, DESIGNS[each], n_trials, n_simulations) for each in designs]
        yield f"| `{name}` | {' | '.join(f'{100 * share:.1f}' for share in held)} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(MEASURES))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--designs", nargs="+", default=list(DESIGNS), choices=DESIGNS)
    parser.add_argument("--simulations", type=int, default=0)
    given = parser.parse_args()
    for row in rows(given.trials, given.designs, given.names, given.simulations):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
