"""How often intervals of similarities hold: `python -m tests.collect.measures.similarity_coverage`.

Prints the table of docs/measures.md. The truth is the expected value of the measure at that number
of images, from as many samples as there are trials; for debiased CKA the CKA of the population.
"""

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

N_IMAGES, N_BLOCKS = 80, 20
POPULATION = ("cka_linear_debiased",)


@dataclass(frozen=True)
class Design:
    """How rows are drawn; `shared` of the variance is common to the positions of an image."""

    n_features: int
    n_positions: int = 1
    shared: float = 0.0

    @property
    def scales(self) -> npt.NDArray[np.float64]:
        """Standard deviations of the features of the first layer."""
        return np.linspace(0.3, 2, self.n_features)

    @property
    def mixing(self) -> npt.NDArray[np.float64]:
        """Linear map from the first layer to the second, of the same strength in any width."""
        p = self.n_features
        entries = np.random.default_rng(7).normal(size=(p, p))
        return np.asarray(0.5 * math.sqrt(6 / p) * entries)


DESIGNS = {"6 features": Design(6), "24 features": Design(24), "4 positions": Design(6, 4, 0.6)}


def draw(rng: np.random.Generator, design: Design) -> tuple[Tensor, Tensor]:
    """Rows of two layers, x and x A + noise."""
    n_positions, shared, p = design.n_positions, design.shared, design.n_features

    def noise() -> npt.NDArray[np.float64]:
        image = rng.normal(size=(N_IMAGES, p)).repeat(n_positions, axis=0)
        position = rng.normal(size=(N_IMAGES * n_positions, p))
        mixed: npt.NDArray[np.float64] = shared**0.5 * image + (1 - shared) ** 0.5 * position
        return mixed

    x = noise() * design.scales
    return torch.from_numpy(x), torch.from_numpy(x @ design.mixing + noise())


def population_cka(design: Design) -> float:
    """CKA of the covariances of both layers."""
    own, mixing = np.diag(design.scales**2), design.mixing
    cross, other = own @ mixing, mixing.T @ own @ mixing + np.eye(design.n_features)
    return float((cross**2).sum() / np.sqrt((own**2).sum() * (other**2).sum()))


def coverage(name: str, design: Design, n_trials: int) -> float:
    """Share of trials whose 95 % interval holds the truth; NaN where there is no interval."""
    rng = np.random.default_rng(0)
    images = torch.arange(N_IMAGES).repeat_interleave(design.n_positions)
    groups = images if design.n_positions > 1 else None
    how = Inference(null=False, n_blocks=N_BLOCKS)
    found = []
    for _ in range(n_trials):
        x, y = draw(rng, design)
        found += compare({"a": x}, {"a": y}, measures=[name], groups=groups, inference=how)
    truth = (
        population_cka(design) if name in POPULATION else float(np.mean([c.value for c in found]))
    )
    ends = [(c.ci_low, c.ci_high) for c in found if c.ci_low is not None and c.ci_high is not None]
    return float(np.mean([low <= truth <= high for low, high in ends])) if ends else float("nan")


def rows(n_trials: int, names: Sequence[str]) -> Iterator[str]:
    """One row per measure below the head of the table."""
    yield f"| measure | {' | '.join(DESIGNS)} |"
    yield "|---|" + "---:|" * len(DESIGNS)
    for name in names or MEASURES:
        cells = [f"{100 * coverage(name, design, n_trials):.1f}" for design in DESIGNS.values()]
        yield f"| `{name}` | {' | '.join(cells)} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2:]):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
