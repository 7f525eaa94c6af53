"""Designs under which the tests of a slope are simulated: `python -m tests.analysis.designs`.

No slope anywhere. Datasets shift the outcome, and where a design says so they differ in the
numbers of their runs (2 to 20), in the spread of their outcome, or in slopes whose mean is 0.
"""

import sys
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analysis.regression.fits import regress
from analysis.regression.stacking import Model

N_DATASETS = (5, 7, 10)
METHODS = (
    "ols",
    "cluster_cr1",
    "cluster_cr2",
    "cluster_cr3",
    "wild_cluster",
    "mixed",
    "mixed_cr2",
)
EQUAL, UNEQUAL = (5,), (2, 3, 4, 5, 8, 13, 20)


@dataclass(frozen=True)
class Design:
    """What varies where.

    Attributes
    ----------
    between, within : float
        SD of similarity between datasets, and among the runs of one.
    sizes : tuple of int
        Runs of each dataset, repeated as often as needed.
    spread : float
        The outcome's SD on a dataset is ``exp(spread x)``, x its standardised similarity.
    slopes : float
        SD of the datasets' slopes.
    is_binary : bool
        Whether two datasets of five have a similarity of 1 and the others of 0.
    """

    between: float = 1.0
    within: float = 0.5
    sizes: tuple[int, ...] = EQUAL
    spread: float = 0.0
    slopes: float = 0.0
    is_binary: bool = False


DATASET_LEVEL, WITHIN = Design(within=0.0), Design(between=0.0, within=1.0)
DESIGNS = {
    "between datasets": DATASET_LEVEL,
    "between, unequal runs": replace(DATASET_LEVEL, sizes=UNEQUAL),
    "between, unequal spread": replace(DATASET_LEVEL, spread=0.5),
    "between, two values": replace(DATASET_LEVEL, is_binary=True),
    "both": Design(),
    "both, unequal runs": Design(sizes=UNEQUAL),
    "both, unequal spread": Design(spread=0.5),
    "both, unequal slopes": Design(slopes=0.5),
    "within datasets": WITHIN,
    "within, unequal runs": replace(WITHIN, sizes=UNEQUAL),
    "within, unequal spread": replace(WITHIN, spread=0.5),
    "within, unequal slopes": replace(WITHIN, slopes=0.5),
}


def simulated(design: Design, n_datasets: int, *, trials: int, seed: int = 1) -> pl.DataFrame:
    """Draw points without a slope, one set per trial."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_datasets), np.resize(design.sizes, n_datasets))
    of_dataset, of_run = (trials, n_datasets), (trials, len(owner))
    place = rng.normal(size=of_dataset)
    treated = np.arange(n_datasets) < max(1, int(0.4 * n_datasets))
    x = design.between * (treated * np.ones(of_dataset) if design.is_binary else place)
    similarity = x[:, owner] + design.within * rng.normal(size=of_run)
    scale = np.exp(design.spread * place)
    shift, error = rng.normal(size=of_dataset) * scale, rng.normal(size=of_run) * scale[:, owner]
    slope = design.slopes * rng.normal(size=of_dataset)
    centred = similarity - similarity.mean(axis=1, keepdims=True)
    outcome = np.sqrt(0.5) * (shift[:, owner] + error) + slope[:, owner] * centred
    return pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), len(owner)),
            "dataset": np.tile(owner, trials).astype(str),
            "run_id": np.tile(np.arange(len(owner)), trials).astype(str),
            "similarity": similarity.ravel(),
            "outcome_value": outcome.ravel(),
        }
    )


def rejections(design: Design, n_datasets: int, *, trials: int) -> dict[str, float]:
    """Share of trials whose slope of 0 is rejected at 5 %, by method."""
    points = simulated(design, n_datasets, trials=trials)
    rows = regress(points, Model(), by=["trial"], methods=METHODS).filter(term="similarity")
    rates = rows.group_by("method").agg((pl.col("p_value") <= 0.05).mean())
    return {method: float(rate) for method, rate in rates.iter_rows()}


def main(trials: int = 2000) -> None:
    """Print the rows of the table in docs/analysis.md."""
    for name, design in DESIGNS.items():
        found = [rejections(design, n, trials=trials) for n in N_DATASETS]
        cells = (" · ".join(f"{100 * rates[m]:.1f}" for rates in found) for m in METHODS)
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
