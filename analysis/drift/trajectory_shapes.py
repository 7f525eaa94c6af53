"""Drop and recovery of a mean trajectory: how far, and at which epochs."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.drift.curves import Curves, shared_curves
from analysis.drift.trajectories import sidak_quantile
from analysis.regression.least_squares import Floats, Ints
from analysis.testing.student import t_quantile

_ROUNDING = 1e-12


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
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per cell: ``uncertainty, method`` as `trajectory_bands`; ``start, minimum,
        minimum_epoch, final, final_epoch, steepest_epoch`` (end of the steepest fall per epoch;
        null where nothing falls), ``drop`` (start less minimum), ``recovery`` (final less minimum),
        each epoch, drop and recovery with ``_low`` and ``_high``; ``level, n_units, n_runs,
        run_ids, n_runs_left_out, epochs_left_out`` as `trajectory_bands`. A cell whose runs share
        fewer than two epochs has no row.

    Notes
    -----
    All intervals hold for what is chosen among epochs, as t over folds or seeds for all epochs at
    once (Sidak). Drop and recovery are at least 0 by definition, and the estimates are on average
    too large, as the lowest mean of several is: an interval that begins at 0 has not shown one.
    ``minimum_epoch_low`` to ``minimum_epoch_high`` spans the epochs that are not shown to lie above
    another, and so it is with the steepest fall. There is no interval where the runs do not differ,
    and none of one unit.
    """
    schema = {name: points.schema[name] for name in by} | _SHAPE
    cells, curves = shared_curves(points, by, value)
    named = cells.iter_rows(named=True)
    rows = [
        cell | _shape(curve, level)
        for cell, curve in zip(named, curves, strict=True)
        if len(curve.epochs) > 1
    ]
    frame = pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)
    return frame.with_columns(level=pl.lit(level)).sort(by, nulls_last=True)


def _shape(curves: Curves, level: float) -> dict[str, object]:
    epochs, mean = curves.epochs, curves.values.mean(axis=0)
    falls = np.diff(curves.values, axis=1) / np.diff(epochs)
    steepest = int(falls.mean(axis=0).argmin())
    has_fall = falls.mean(axis=0)[steepest] < -_ROUNDING
    points: dict[str, object] = {
        "start": float(mean[0]),
        "minimum": float(mean.min()),
        "minimum_epoch": int(epochs[mean.argmin()]),
        "final": float(mean[-1]),
        "final_epoch": int(epochs[-1]),
        "steepest_epoch": int(epochs[1 + steepest]) if has_fall else None,
        "drop": float(mean[0] - mean.min()),
        "recovery": float(mean[-1] - mean.min()),
    }
    ends = {
        "minimum_epoch": _lowest(curves, curves.values, epochs, level),
        "steepest_epoch": _lowest(curves, falls, epochs[1:], level) if has_fall else (None, None),
        "drop": _largest_gap(curves, 0, level),
        "recovery": _largest_gap(curves, -1, level),
    }
    return points | {
        f"{name}_{end}": value
        for name, pair in ends.items()
        for end, value in zip(("low", "high"), pair, strict=True)
    }


def _largest_gap(curves: Curves, end: int, level: float) -> tuple[float, float]:
    """Interval of how far the mean at the first or last epoch lies above the lowest mean."""
    gaps = np.delete(curves.values[:, [end]] - curves.values, end, axis=1)
    if not _vary(gaps):
        return float("nan"), float("nan")
    quantile = sidak_quantile(level, gaps.shape[1], curves.df)
    half = quantile * gaps.std(axis=0, ddof=1) * np.sqrt(curves.factor)
    low, high = (gaps.mean(axis=0) + sign * half for sign in (-1, 1))
    return float(np.maximum(low.max(), 0.0)), float(np.maximum(high.max(), 0.0))


def _lowest(
    curves: Curves, values: Floats, epochs: Ints, level: float
) -> tuple[int | None, int | None]:
    """First and last epoch whose mean is not shown to lie above that of another."""
    differences = values[:, :, None] - values[:, None, :]
    if not _vary(differences) or not np.isfinite(curves.factor):
        return None, None
    if len(epochs) == 1:
        return int(epochs[0]), int(epochs[0])
    errors = differences.std(axis=0, ddof=1) * np.sqrt(curves.factor)
    quantile = t_quantile(level ** (1 / (len(epochs) - 1)), curves.df)
    can_be_lowest = (differences.mean(axis=0) <= quantile * errors + _ROUNDING).all(axis=1)
    return int(epochs[can_be_lowest][0]), int(epochs[can_be_lowest][-1])


def _vary(values: Floats) -> bool:
    return len(values) > 1 and bool((values.std(axis=0) > _ROUNDING).any())


_SHAPE: dict[str, pl.DataType] = {
    "uncertainty": pl.String(),
    "method": pl.String(),
    "start": pl.Float64(),
    "minimum": pl.Float64(),
    "minimum_epoch": pl.Int64(),
    "minimum_epoch_low": pl.Int64(),
    "minimum_epoch_high": pl.Int64(),
    "final": pl.Float64(),
    "final_epoch": pl.Int64(),
    "steepest_epoch": pl.Int64(),
    "steepest_epoch_low": pl.Int64(),
    "steepest_epoch_high": pl.Int64(),
    "drop": pl.Float64(),
    "drop_low": pl.Float64(),
    "drop_high": pl.Float64(),
    "recovery": pl.Float64(),
    "recovery_low": pl.Float64(),
    "recovery_high": pl.Float64(),
    "level": pl.Float64(),
    "n_units": pl.Int64(),
    "n_runs": pl.Int64(),
    "run_ids": pl.List(pl.String()),
    "n_runs_left_out": pl.Int64(),
    "epochs_left_out": pl.List(pl.Int64()),
}
