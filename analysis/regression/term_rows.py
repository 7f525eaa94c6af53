"""From numbers per group to tidy rows, undefined ones emptied and given their reason."""

import numpy as np
import polars as pl
from scipy import stats

from analysis.regression.least_squares import Floats

COLUMNS: dict[str, pl.DataType] = {
    "method": pl.String(),
    "status": pl.String(),
    "reason": pl.String(),
    "term": pl.String(),
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "statistic": pl.Float64(),
    "df": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "level": pl.Float64(),
    "p_value": pl.Float64(),
    "r_squared": pl.Float64(),
    "n_runs": pl.Int64(),
    "n_clusters": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}


def t_inference(
    estimate: Floats, std_error: Floats, df: Floats, *, level: float
) -> dict[str, Floats]:
    """Statistic, interval and two-sided p-value of estimates that follow t distributions.

    Parameters
    ----------
    estimate, std_error, df : float array of shape (n,)
        NaN where undefined, and so is then everything else.
    level : float
        Coverage of the intervals.

    Returns
    -------
    dict of str to float array of shape (n,)
        ``estimate, std_error, statistic, df, ci_low, ci_high, p_value``.
    """
    df = np.where(df > 0, df, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / std_error
    half = np.asarray(stats.t.ppf((1 + level) / 2, df), dtype=np.float64) * std_error
    return {
        "estimate": estimate,
        "std_error": std_error,
        "statistic": statistic,
        "df": df,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p_value": np.asarray(2 * stats.t.sf(np.abs(statistic), df), dtype=np.float64),
    }


def term_rows(
    keys: pl.DataFrame, numbers: dict[str, Floats], problems: list[str | None], fails: str
) -> pl.DataFrame:
    """One row per group with its numbers; null, with a reason, where there are none.

    Parameters
    ----------
    keys : DataFrame
        One row per group.
    numbers : dict of str to float array of shape (n_groups,)
        NaN where undefined; the estimate and its standard error decide on the row.
    problems : list of (str or None)
        Why a group has no fit.
    fails : str
        Why a group that has a fit may have no standard error.
    """
    defined = pl.col("reason").is_null()
    return (
        keys.with_columns(
            pl.Series("reason", problems, dtype=pl.String),
            *(pl.Series(name, values, dtype=pl.Float64) for name, values in numbers.items()),
        )
        .with_columns(
            reason=pl.coalesce("reason", pl.when(pl.col("std_error").is_nan()).then(pl.lit(fails)))
        )
        .with_columns(
            *(pl.when(defined).then(name).fill_nan(None).alias(name) for name in numbers),
            status=pl.when(defined).then(pl.lit("fitted")).otherwise(pl.lit("undefined")),
        )
    )
