"""Drop and recovery of a mean trajectory, and where its runs end."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.drift.curves import complete_curves
from analysis.drift.trajectories import sidak_quantile
from analysis.regression.least_squares import Floats, Ints


def trajectory_shapes(
    points: pl.DataFrame, *, by: Sequence[str], value: str = "similarity", level: float = 0.95
) -> pl.DataFrame:
    """Drop and recovery of the mean trajectory of each cell.

    Parameters
    ----------
    points : DataFrame
        As `trajectory_bands` takes it.
    by : sequence of str
        Columns that name a cell.
    value : str, default "similarity"
        What is followed.
    level : float, default 0.95
        Coverage of the interval of the recovery.

    Returns
    -------
    DataFrame
        One row per cell: ``start, minimum, minimum_epoch, final, final_epoch, steepest_epoch`` (end
        of the steepest fall per epoch), ``drop`` (start less minimum), ``recovery`` (final less the
        value at the minimum's epoch, over runs) with ``recovery_low, recovery_high`` (t over runs,
        by Sidak for all epochs at once, as the lowest of them was chosen), ``n_runs, run_ids``.
    """
    schema = {name: points.schema[name] for name in by} | _SHAPE
    cells, curves = complete_curves(points, by, value)
    named = cells.iter_rows(named=True)
    rows = [
        cell | _shape(curve.epochs, curve.values, level)
        for cell, curve in zip(named, curves, strict=True)
        if len(curve.epochs) > 1
    ]
    return pl.DataFrame(rows, schema=schema, orient="row").sort(by, nulls_last=True)


def _shape(epochs: Ints, curves: Floats, level: float) -> dict[str, object]:
    mean = curves.mean(axis=0)
    lowest = int(np.argmin(mean))
    falls = np.diff(mean) / np.diff(epochs)
    recoveries = curves[:, -1] - curves[:, lowest]
    n = len(curves)
    half = None
    if n > 1:
        quantile = sidak_quantile(level, len(epochs) - 1, n - 1)
        half = quantile * recoveries.std(ddof=1) / np.sqrt(n)
    recovery = float(recoveries.mean())
    return {
        "start": float(mean[0]),
        "minimum": float(mean[lowest]),
        "minimum_epoch": int(epochs[lowest]),
        "final": float(mean[-1]),
        "final_epoch": int(epochs[-1]),
        "steepest_epoch": int(epochs[1 + int(np.argmin(falls))]),
        "drop": float(mean[0] - mean[lowest]),
        "recovery": recovery,
        "recovery_low": None if half is None else recovery - float(half),
        "recovery_high": None if half is None else recovery + float(half),
    }


def distributions(values: pl.DataFrame, *, by: Sequence[str], value: str = "value") -> pl.DataFrame:
    """Distribution of a number over the runs of each cell.

    Parameters
    ----------
    values : DataFrame
        One row per run: columns of ``by``, ``run_id`` and ``value``.
    by : sequence of str
        Columns that name a cell.
    value : str, default "value"
        The number.

    Returns
    -------
    DataFrame
        One row per cell: ``mean, sd, minimum, low_quartile, median, high_quartile, maximum, n_runs,
        run_ids``.
    """
    column = pl.col(value)
    return (
        values.drop_nulls(value)
        .group_by(by)
        .agg(
            mean=column.mean(),
            sd=column.std(),
            minimum=column.min(),
            low_quartile=column.quantile(0.25, "linear"),
            median=column.median(),
            high_quartile=column.quantile(0.75, "linear"),
            maximum=column.max(),
            n_runs=pl.len().cast(pl.Int64),
            run_ids=pl.col("run_id").cast(pl.String).sort(),
        )
        .sort(by, nulls_last=True)
    )


_SHAPE: dict[str, pl.DataType] = {
    "start": pl.Float64(),
    "minimum": pl.Float64(),
    "minimum_epoch": pl.Int64(),
    "final": pl.Float64(),
    "final_epoch": pl.Int64(),
    "steepest_epoch": pl.Int64(),
    "drop": pl.Float64(),
    "recovery": pl.Float64(),
    "recovery_low": pl.Float64(),
    "recovery_high": pl.Float64(),
    "n_runs": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}
