"""The way of a representation through training: mean over runs, with a band."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.drift.curves import Curves, shared_curves
from analysis.regression.least_squares import Floats, Ints
from analysis.testing.student import t_quantile

MIN_UNITS = 3
MIN_BOOTSTRAP_UNITS = 30  # with fewer the bootstrap knows too little of how epochs hang together


def trajectory_bands(
    points: pl.DataFrame,
    *,
    by: Sequence[str],
    value: str = "similarity",
    level: float = 0.95,
    n_resamples: int = 1999,
    seed: int = 0,
) -> pl.DataFrame:
    """Mean trajectory of each cell, with a pointwise and a simultaneous band over folds or seeds.

    Parameters
    ----------
    points : DataFrame
        One row per run and epoch: columns of ``by``, ``run_id, epoch, fold, n_folds, n_train,
        n_test`` and ``value``. Epochs that a run of the cell lacks are left out.
    by : sequence of str
        Columns that name a cell.
    value : str, default "similarity"
        What is followed.
    level : float, default 0.95
        Coverage.
    n_resamples : int, default 1999
        Resamples of whole seeds.
    seed : int, default 0
        Seed of the resampling.

    Returns
    -------
    DataFrame
        One row per cell and epoch: ``uncertainty, method`` (fold, Nadeau-Bengio, where there are
        several folds, whose seeds are averaged first; otherwise seed, t), ``epoch, mean, sd,
        ci_low, ci_high`` (at that epoch alone), ``band_low, band_high`` (covers the whole mean
        trajectory at once), ``level, n_units, n_runs, run_ids, n_runs_left_out`` (without any
        value), ``epochs_left_out``. Cells with fewer than three units have no band.

    Notes
    -----
    The band is ``mean +- c * standard error``. With 30 units or more ``c`` is the quantile of the
    largest studentised deviation over epochs, by a wild bootstrap with standard normal weights
    [1]_; with fewer, the t quantile of Sidak for as many epochs, which needs no covariance and
    covers too often where epochs are alike (the bootstrap of 8 runs and 40 epochs covers 82 %).

    References
    ----------
    .. [1] Montiel Olea and Plagborg-Moller (2019), J. Appl. Econometrics 34, 1-17.
    """
    schema = {name: points.schema[name] for name in by} | _BAND
    cells, curves = shared_curves(points, by, value)
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


def _band(curves: Curves, level: float, n_resamples: int, seed: int) -> dict[str, Floats | Ints]:
    values, df = curves.values, curves.df
    mean = values.mean(axis=0)
    none = np.full(len(mean), np.nan)
    sd = values.std(axis=0, ddof=1) if df else none
    error = sd * np.sqrt(curves.factor)
    half = t_quantile((1 + level) / 2, df) * error if df else none
    has_band = len(values) >= MIN_UNITS
    reach = simultaneous_quantile(values, level, n_resamples, seed) * error if has_band else none
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
    curves : float array of shape (n_units, n_epochs)
        At least three units; epochs without spread do not count.
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
    varies = scale > 1e-12
    if n < MIN_BOOTSTRAP_UNITS:
        return sidak_quantile(level, max(int(varies.sum()), 1), n - 1)
    single = t_quantile((1 + level) / 2, n - 1)
    if not varies.any():
        return single
    scaled = deviations[:, varies] / scale[varies] / np.sqrt(n - 1)
    rng = np.random.default_rng(seed)
    draws = rng.normal(size=(n_resamples, n)) @ scaled
    # Divide by the root of chi-squared over its degrees of freedom: few units know their spread
    # badly.
    spread = np.sqrt(rng.chisquare(n - 1, size=n_resamples) / (n - 1))
    largest = np.abs(draws).max(axis=1) / spread
    return max(single, float(np.quantile(largest, level)))


def sidak_quantile(level: float, n_epochs: int, df: float) -> float:
    """Quantile of t that holds at several epochs at once, however they hang together.

    Examples
    --------
    >>> round(sidak_quantile(0.95, 1, 7), 3), round(sidak_quantile(0.95, 12, 7), 3)
    (2.365, 4.156)
    """
    return t_quantile((1 + level ** (1 / n_epochs)) / 2, df)


_BAND: dict[str, pl.DataType] = {
    "uncertainty": pl.String(),
    "method": pl.String(),
    "epoch": pl.Int64(),
    "mean": pl.Float64(),
    "sd": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "band_low": pl.Float64(),
    "band_high": pl.Float64(),
    "level": pl.Float64(),
    "n_units": pl.Int64(),
    "n_runs": pl.Int64(),
    "run_ids": pl.List(pl.String()),
    "n_runs_left_out": pl.Int64(),
    "epochs_left_out": pl.List(pl.Int64()),
}
