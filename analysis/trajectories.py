"""The way of a representation through training: mean over runs, a band, drop and recovery."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.least_squares import Floats, Ints
from analysis.student import t_quantile

MIN_RUNS = 3


def trajectory_bands(
    points: pl.DataFrame,
    *,
    by: Sequence[str],
    value: str = "similarity",
    level: float = 0.95,
    n_resamples: int = 1999,
    seed: int = 0,
) -> pl.DataFrame:
    """Mean trajectory of each cell, with a pointwise and a simultaneous band over runs.

    Parameters
    ----------
    points : DataFrame
        One row per run and epoch: columns of ``by``, ``run_id, epoch`` and ``value``. Runs that
        lack an epoch which others of the cell have are left out.
    by : sequence of str
        Columns that name a cell.
    value : str, default "similarity"
        What is followed.
    level : float, default 0.95
        Coverage.
    n_resamples : int, default 1999
        Resamples of whole runs.
    seed : int, default 0
        Seed of the resampling.

    Returns
    -------
    DataFrame
        One row per cell and epoch: ``epoch, mean, sd, ci_low, ci_high`` (t interval at that epoch
        alone),
        ``band_low, band_high`` (covers the whole mean trajectory at once), ``level, n_runs,
        run_ids``. Cells with fewer than three runs have no band.

    Notes
    -----
    The band is ``mean +- c * standard error`` with ``c`` the quantile of the largest studentised
    deviation over epochs, by a wild bootstrap of runs with standard normal weights.

    References
    ----------
    .. [1] Montiel Olea and Plagborg-Moller (2019), J. Appl. Econometrics 34, 1-17.
    """
    schema = {name: points.schema[name] for name in by} | _BAND
    cells, curves = _curves(points, by, value)
    if not curves:
        return pl.DataFrame(schema=schema)
    bands = [_band(curve, level, n_resamples, seed) for curve in curves]
    numbers = {name: np.concatenate([band[name] for band in bands]) for name in bands[0]}
    owner = np.repeat(np.arange(len(curves)), [len(curve.epochs) for curve in curves])
    return (
        pl.concat([cells[owner], pl.DataFrame(numbers)], how="horizontal")
        .with_columns(pl.col(list(numbers)).fill_nan(None), level=pl.lit(level))
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
        .sort(*by, "epoch", nulls_last=True)
    )


@dataclass(frozen=True)
class _Curves:
    """Trajectories of the runs of a cell: values of shape (n_runs, n_epochs)."""

    epochs: Ints
    values: Floats


def _curves(
    points: pl.DataFrame, by: Sequence[str], value: str
) -> tuple[pl.DataFrame, list[_Curves]]:
    """Cells that have a complete run, with ``n_runs`` and ``run_ids``, and the curves of each."""
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
            curves.append(_Curves(epochs, sums[complete] / counts[complete]))
    named = gathered.select(by)[kept].with_columns(
        run_ids=pl.Series(cells, dtype=pl.List(pl.String)),
        n_runs=pl.Series([len(runs) for runs in cells], dtype=pl.Int64),
    )
    return named, curves


def _band(curves: _Curves, level: float, n_resamples: int, seed: int) -> dict[str, Floats | Ints]:
    values = curves.values
    n = len(values)
    mean = values.mean(axis=0)
    none = np.full(len(mean), np.nan)
    sd = values.std(axis=0, ddof=1) if n > 1 else none
    error = sd / np.sqrt(n)
    half = t_quantile((1 + level) / 2, n - 1) * error if n > 1 else none
    reach = (
        simultaneous_quantile(values, level, n_resamples, seed) * error if n >= MIN_RUNS else none
    )
    return {
        "epoch": curves.epochs,
        "mean": mean,
        "sd": sd,
        "ci_low": mean - half,
        "ci_high": mean + half,
        "band_low": mean - reach,
        "band_high": mean + reach,
    }


def simultaneous_quantile(curves: Floats, level: float, n_resamples: int, seed: int) -> float:
    """Quantile of the largest studentised deviation of the mean curve over epochs.

    Parameters
    ----------
    curves : float array of shape (n_runs, n_epochs)
        At least three runs; epochs without spread do not count.
    level : float
        Coverage of the band.
    n_resamples : int
        Draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    float
        At least the t quantile of a single epoch.
    """
    n = len(curves)
    deviations = curves - curves.mean(axis=0)
    scale = deviations.std(axis=0, ddof=1)
    single = t_quantile((1 + level) / 2, n - 1)
    varies = scale > 1e-12
    if not varies.any():
        return single
    scaled = deviations[:, varies] / scale[varies] / np.sqrt(n - 1)
    rng = np.random.default_rng(seed)
    draws = rng.normal(size=(n_resamples, n)) @ scaled
    # Divide by the root of chi-squared over its degrees of freedom: few runs know their spread
    # badly.
    spread = np.sqrt(rng.chisquare(n - 1, size=n_resamples) / (n - 1))
    largest = np.abs(draws).max(axis=1) / spread
    return max(single, float(np.quantile(largest, level)))


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
        value at the minimum's epoch, over runs) with ``recovery_low, recovery_high`` (t over runs;
        the epoch of the minimum taken as known), ``n_runs, run_ids``.
    """
    schema = {name: points.schema[name] for name in by} | _SHAPE
    cells, curves = _curves(points, by, value)
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
        half = t_quantile((1 + level) / 2, n - 1) * recoveries.std(ddof=1) / np.sqrt(n)
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


_BAND: dict[str, pl.DataType] = {
    "epoch": pl.Int64(),
    "mean": pl.Float64(),
    "sd": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "band_low": pl.Float64(),
    "band_high": pl.Float64(),
    "level": pl.Float64(),
    "n_runs": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}
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
