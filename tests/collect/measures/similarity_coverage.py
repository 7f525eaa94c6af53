"""How often intervals of similarities hold: `python -m tests.collect.measures.similarity_coverage`.

Prints the table of docs/measures.md. The truth is the expected value of the measure at that number
of images, from as many samples as there are trials; for debiased CKA the CKA of the population.
"""

import sys
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.registry import MEASURES

N_IMAGES, N_BLOCKS = 80, 20
SCALES = np.linspace(0.3, 2, 6)
MIXING = 0.5 * np.random.default_rng(7).normal(size=(6, 6))
DESIGNS = {"one row per image": (1, 0.0), "4 positions per image": (4, 0.6)}
POPULATION = ("cka_linear_debiased",)


def draw(rng: np.random.Generator, n_positions: int, shared: float) -> tuple[Tensor, Tensor]:
    """Rows of two layers, x and x A + noise; `shared` of the variance is common to an image."""

    def noise(p: int) -> npt.NDArray[np.float64]:
        image = rng.normal(size=(N_IMAGES, p)).repeat(n_positions, axis=0)
        position = rng.normal(size=(N_IMAGES * n_positions, p))
        mixed: npt.NDArray[np.float64] = shared**0.5 * image + (1 - shared) ** 0.5 * position
        return mixed

    x = noise(6) * SCALES
    return torch.from_numpy(x), torch.from_numpy(x @ MIXING + noise(6))


def population_cka() -> float:
    """CKA of the covariances of both layers."""
    own = np.diag(SCALES**2)
    cross, other = own @ MIXING, MIXING.T @ own @ MIXING + np.eye(6)
    return float((cross**2).sum() / np.sqrt((own**2).sum() * (other**2).sum()))


def coverage(name: str, n_positions: int, shared: float, n_trials: int) -> float:
    """Share of trials whose 95 % interval holds the truth; NaN where there is no interval."""
    rng = np.random.default_rng(0)
    groups = torch.arange(N_IMAGES).repeat_interleave(n_positions) if n_positions > 1 else None
    how = Inference(null=False, n_blocks=N_BLOCKS)
    found = []
    for _ in range(n_trials):
        x, y = draw(rng, n_positions, shared)
        found += compare({"a": x}, {"a": y}, measures=[name], groups=groups, inference=how)
    truth = population_cka() if name in POPULATION else float(np.mean([c.value for c in found]))
    ends = [(c.ci_low, c.ci_high) for c in found if c.ci_low is not None and c.ci_high is not None]
    return float(np.mean([low <= truth <= high for low, high in ends])) if ends else float("nan")


def rows(n_trials: int) -> Iterator[str]:
    """One row per measure below the head of the table."""
    yield f"| measure | {' | '.join(DESIGNS)} |"
    yield "|---|" + "---:|" * len(DESIGNS)
    for name in MEASURES:
        cells = [f"{100 * coverage(name, *design, n_trials):.1f}" for design in DESIGNS.values()]
        yield f"| `{name}` | {' | '.join(cells)} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
