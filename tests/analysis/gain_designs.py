"""Designs under which the joint test of a multiverse is simulated, as in docs/analysis.md.

`python -m tests.analysis.gain_designs` prints the rows of its table. Three layers have similarities
that correlate by 0.64; each score has one from scratch, which depends on the dataset.
"""

import sys
from dataclasses import replace

import numpy as np
import polars as pl

from analysis.grids import DEFAULT_GRID
from analysis.regression.multiverse import joint_test
from tests.analysis.designs import DATASET_LEVEL, UNEQUAL, WITHIN, Design, simulated

N_DATASETS = (5, 8, 12)
LEVELS = {5: 1 / 16, 8: 0.05, 12: 0.05}  # five datasets have no p-value below 1/16
STATISTICS = ("p_median", "p_largest")
SLOPE, N_LAYERS = 0.8, 3
DESIGNS = {
    "between datasets": DATASET_LEVEL,
    "both": Design(),
    "both, unequal runs": Design(sizes=UNEQUAL),
    "both, unequal spread": Design(spread=0.5),
    "within datasets": WITHIN,
    "within, unequal slopes": replace(WITHIN, slopes=0.5),
}


def simulated_gains(
    design: Design, n_datasets: int, *, trials: int, slope: float = 0.0
) -> pl.DataFrame:
    """Draw points of a multiverse, one set per trial; the gain has the slope on what layers share.

    Their similarity is 0.8 of a shared one and 0.6 of another, both drawn as the design has it.
    """
    rng = np.random.default_rng(0)
    shared = simulated(design, n_datasets, trials=trials)
    owner = shared["trial"].to_numpy() * n_datasets + shared["dataset"].cast(pl.Int64).to_numpy()
    scratch = 0.5 + 0.1 * rng.uniform(size=trials * n_datasets)[owner]
    scratch += 0.01 * rng.normal(size=len(shared))
    gain = 0.2 + 0.05 * (shared["outcome_value"] + slope * shared["similarity"])
    return pl.concat(
        shared.with_columns(
            layer=pl.lit(f"layer{layer}"),
            measure=pl.lit("cka"),
            similarity=0.8 * shared["similarity"]
            + 0.6 * simulated(design, n_datasets, trials=trials, seed=2 + layer)["similarity"],
            outcome_value=scratch + gain,
            scratch_value=pl.Series(scratch),
        )
        for layer in range(N_LAYERS)
    )


def rejections(
    design: Design, n_datasets: int, *, trials: int, slope: float = 0.0
) -> dict[str, float]:
    """Share of trials in which the joint test rejects at the level of that many datasets."""
    points = simulated_gains(design, n_datasets, trials=trials, slope=slope)
    rows = joint_test(points, DEFAULT_GRID, by=["trial"])
    level = LEVELS[n_datasets]
    return {name: float((rows[name] <= level).to_numpy().mean()) for name in STATISTICS}


def main(trials: int = 1500) -> None:
    """Print the rows of the table in docs/analysis.md."""
    for name, design in DESIGNS.items():
        cells = []
        for slope in (0.0, SLOPE):
            found = [rejections(design, n, trials=trials, slope=slope) for n in N_DATASETS]
            cells += [" · ".join(f"{100 * rates[p]:.1f}" for rates in found) for p in STATISTICS]
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
