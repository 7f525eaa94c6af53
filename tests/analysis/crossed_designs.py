"""Designs of networks crossed with datasets, without a slope: for the table in docs/analysis.md.

`python -m tests.analysis.crossed_designs` prints its rows. Every network is run on every dataset,
five times each. Similarity and outcome have parts of the dataset, the network, the cell (how a
network suits a dataset) and the run.
"""

import sys
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.regression.crossed import crossed_rows
from analysis.regression.stacking import Model
from analysis.regression.two_way import two_way_rows

SHAPES = ((5, 3), (7, 4), (12, 5))  # datasets, networks
N_RUNS, SLOPE = 5, 0.5
METHODS = {"crossed": crossed_rows, "two_way": two_way_rows}


@dataclass(frozen=True)
class Crossed:
    """Standard deviations.

    Attributes
    ----------
    similarity, outcome : tuple of float
        Of the parts of dataset, network, cell and run.
    dataset_slopes, network_slopes : float
        Of the slopes that datasets and networks have of their own, around 0.
    """

    similarity: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 1.0)
    outcome: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 1.0)
    dataset_slopes: float = 0.0
    network_slopes: float = 0.0


DESIGNS = {
    "everywhere": Crossed(),
    "within cells": Crossed(similarity=(0, 0, 0, 1)),
    "between datasets": Crossed(similarity=(1, 0, 0, 0.2)),
    "between networks": Crossed(similarity=(0, 1, 0, 0.2)),
    "everywhere, cells differ": Crossed(similarity=(1, 1, 1, 1), outcome=(1, 1, 0.5, 1)),
    "everywhere, slopes of datasets": Crossed(dataset_slopes=0.5),
    "everywhere, slopes of networks": Crossed(network_slopes=0.5),
}


def simulated(
    design: Crossed, shape: tuple[int, int], *, trials: int, slope: float = 0.0
) -> pl.DataFrame:
    """Draw points of every trial, network and dataset."""
    rng = np.random.default_rng(0)
    n_datasets, n_networks = shape
    every = (trials, n_datasets, n_networks, N_RUNS)
    of_dataset, of_network = (trials, n_datasets, 1, 1), (trials, 1, n_networks, 1)
    parts = (of_dataset, of_network, (*every[:3], 1), every)

    def summed(spreads: tuple[float, ...]) -> np.ndarray:
        drawn = (sd * rng.normal(size=part) for sd, part in zip(spreads, parts, strict=True))
        return np.asarray(sum(drawn))

    similarity, outcome = summed(design.similarity), summed(design.outcome)
    slopes = design.dataset_slopes * rng.normal(size=of_dataset)
    slopes = slope + slopes + design.network_slopes * rng.normal(size=of_network)
    trial, dataset, network, _ = (index.ravel() for index in np.indices(every))
    return pl.DataFrame(
        {
            "trial": trial,
            "dataset": dataset.astype(str),
            "network": network.astype(str),
            "run_id": np.arange(trial.size).astype(str),
            "similarity": similarity.ravel(),
            "outcome_value": (outcome + slopes * similarity).ravel(),
        }
    )


def rejections(
    design: Crossed, shape: tuple[int, int], method: str, *, trials: int, slope: float = 0.0
) -> float:
    """Share of trials in which a slope of 0 is rejected at 5 %."""
    points = simulated(design, shape, trials=trials, slope=slope)
    rows = METHODS[method](points, Model(), by=["trial"], network="network")
    return float((rows.filter(term="similarity")["p_value"] <= 0.05).to_numpy().mean())


COLUMNS = (("crossed", 0.0), ("two_way", 0.0), ("two_way", SLOPE))


def main(trials: int = 1000) -> None:
    """Print the rows of the table in docs/analysis.md: true nulls, and slopes found."""
    for name, design in DESIGNS.items():
        cells = [
            " · ".join(
                f"{100 * rejections(design, shape, method, trials=trials, slope=slope):.1f}"
                for shape in SHAPES
            )
            for method, slope in COLUMNS
        ]
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
