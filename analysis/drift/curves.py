"""Trajectories of the runs of a cell, gathered into arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.regression.least_squares import Floats, Ints


@dataclass(frozen=True)
class Curves:
    """Trajectories of the runs of a cell.

    Attributes
    ----------
    epochs : int array of shape (n_epochs,)
        Rising.
    values : float array of shape (n_runs, n_epochs)
        One row per run, in the order of their ids.
    """

    epochs: Ints
    values: Floats


def complete_curves(
    points: pl.DataFrame, by: Sequence[str], value: str
) -> tuple[pl.DataFrame, list[Curves]]:
    """Cells with at least one run that has every epoch of its cell, and the curves of each.

    Parameters
    ----------
    points : DataFrame
        One row per run and epoch: columns of ``by``, ``run_id, epoch`` and ``value``.
    by : sequence of str
        Columns that name a cell.
    value : str
        What is followed.

    Returns
    -------
    tuple of DataFrame and list of Curves
        One row, ``by, run_ids, n_runs``, and one set of curves per cell. Runs that lack an epoch
        which others of the cell have are left out.
    """
    gathered = (
        points.drop_nulls(value)
        .sort("run_id", "epoch")
        .group_by(by, maintain_order=True)
        .agg("run_id", "epoch", pl.col(value).cast(pl.Float64).alias("_value"))
    )
    cells, kept, curves = [], [], []
    rows = zip(*(gathered[name] for name in ("run_id", "epoch", "_value")), strict=True)
    for cell, (run_ids, epoch, values) in enumerate(rows):
        epochs, column = np.unique(epoch.to_numpy(), return_inverse=True)
        runs, row = np.unique(run_ids.cast(pl.String).to_list(), return_inverse=True)
        sums, counts = np.zeros((2, len(runs), len(epochs)))
        np.add.at(sums, (row, column), values.to_numpy())
        np.add.at(counts, (row, column), 1.0)
        complete = (counts > 0).all(axis=1)
        if complete.any():
            kept.append(cell)
            cells.append(runs[complete].tolist())
            curves.append(Curves(epochs, sums[complete] / counts[complete]))
    named = gathered.select(by)[kept].with_columns(
        run_ids=pl.Series(cells, dtype=pl.List(pl.String)),
        n_runs=pl.Series([len(runs) for runs in cells], dtype=pl.Int64),
    )
    return named, curves
