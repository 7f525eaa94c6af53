"""Trajectories of the runs of a cell, gathered into arrays with a row per fold or seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.means.intervals import nadeau_bengio_factor, test_train_ratio
from analysis.regression.least_squares import Floats, Ints

METHODS = {"fold": "nadeau_bengio", "seed": "t"}
_NO_FOLD = -1


@dataclass(frozen=True)
class Curves:
    """Trajectories of a cell, one for each fold or seed.

    Attributes
    ----------
    epochs : int array of shape (n_epochs,)
        Rising; those that every run has.
    epochs_left_out : int array
        Rising; those that some run lacks.
    values : float array of shape (n_units, n_epochs)
        One row per fold, the mean of its runs; of a cell with a single fold one row per run.
    run_ids : list of str
        Runs behind the rows.
    uncertainty : {"fold", "seed"}
        What a row is.
    factor : float
        What turns the variance over rows into the variance of their mean: ``1 / n_units`` of seeds;
        more of folds, which share training images.
    """

    epochs: Ints
    epochs_left_out: Ints
    values: Floats
    run_ids: list[str]
    uncertainty: str
    factor: float

    @property
    def df(self) -> int:
        """Degrees of freedom of the variance over rows."""
        return len(self.values) - 1


def shared_curves(
    points: pl.DataFrame, by: Sequence[str], value: str
) -> tuple[pl.DataFrame, list[Curves]]:
    """Cells whose runs have an epoch in common, and the curves of each over such epochs.

    Parameters
    ----------
    points : DataFrame
        One row per run and epoch: columns of ``by``, ``run_id, epoch, fold, n_folds, n_train,
        n_test`` and ``value``.
    by : sequence of str
        Columns that name a cell.
    value : str
        What is followed.

    Returns
    -------
    tuple of DataFrame and list of Curves
        One row, ``by, uncertainty, method, n_units, n_runs, run_ids, n_runs_left_out,
        epochs_left_out``, and one set of curves per cell. Epochs that a run of the cell lacks are
        left out; so are runs without any value, which are counted.

    Notes
    -----
    Which epochs a run has depends on how it went: its own best one, the end of a run that stopped
    early. Leaving out runs for what they lack would select them by their outcome.
    """
    gathered = (
        points.drop_nulls(value)
        .sort("run_id", "epoch")
        .group_by(by, maintain_order=True)
        .agg(
            pl.col("run_id").cast(pl.String),
            "epoch",
            pl.col(value).cast(pl.Float64).alias("_value"),
            pl.col("fold").cast(pl.Int64).fill_null(_NO_FOLD),
            _ratio=test_train_ratio(),
        )
        .join(
            points.group_by(by, maintain_order=True).agg(
                _n_runs=pl.col("run_id").n_unique().cast(pl.Int64)
            ),
            on=by,
            nulls_equal=True,
            maintain_order="left",
        )
    )
    columns = (gathered[name] for name in ("run_id", "epoch", "_value", "fold"))
    found = [
        _curves(*(column.to_numpy() for column in cell), ratio=ratio)
        for *cell, ratio in zip(*columns, gathered["_ratio"], strict=True)
    ]
    curves = [one for one in found if one is not None]
    has_curves = pl.Series([one is not None for one in found], dtype=pl.Boolean)
    named = gathered.select(*by, "_n_runs").filter(has_curves).with_columns(_origins(curves))
    left_out = (pl.col("_n_runs") - pl.col("n_runs")).alias("n_runs_left_out")
    return named.with_columns(left_out).drop("_n_runs"), curves


def _curves(
    run_ids: npt.NDArray[np.object_],
    epoch: Ints,
    values: Floats,
    folds: Ints,
    *,
    ratio: float | None,
) -> Curves | None:
    """Return the curves of one cell; None where its runs have no epoch in common."""
    epochs, column = np.unique(epoch, return_inverse=True)
    runs, first, row = np.unique(run_ids.astype(str), return_index=True, return_inverse=True)
    sums, counts = np.zeros((2, len(runs), len(epochs)))
    np.add.at(sums, (row, column), values)
    np.add.at(counts, (row, column), 1.0)
    shared = (counts > 0).all(axis=0)
    if not shared.any():
        return None
    means = sums[:, shared] / counts[:, shared]
    both, names = (epochs[shared], epochs[~shared]), runs.tolist()
    distinct, unit = np.unique(folds[first], return_inverse=True)
    if len(distinct) == 1:
        is_fold = len(names) == 1 and distinct[0] != _NO_FOLD
        return Curves(*both, means, names, "fold" if is_fold else "seed", 1 / len(names))
    of_folds = np.stack([means[unit == fold].mean(axis=0) for fold in range(len(distinct))])
    known = float("nan") if ratio is None else ratio
    return Curves(*both, of_folds, names, "fold", nadeau_bengio_factor(len(distinct), known))


def _origins(curves: list[Curves]) -> list[pl.Series]:
    """Columns that say what the curves of each cell are over."""
    return [
        pl.Series("uncertainty", [one.uncertainty for one in curves], dtype=pl.String),
        pl.Series("method", [METHODS[one.uncertainty] for one in curves], dtype=pl.String),
        pl.Series("n_units", [len(one.values) for one in curves], dtype=pl.Int64),
        pl.Series("n_runs", [len(one.run_ids) for one in curves], dtype=pl.Int64),
        pl.Series("run_ids", [one.run_ids for one in curves], dtype=pl.List(pl.String)),
        pl.Series(
            "epochs_left_out",
            [one.epochs_left_out.tolist() for one in curves],
            dtype=pl.List(pl.Int64),
        ),
    ]
