"""Is a slope shown to be small? Equivalence tests and posteriors, runs clustered by dataset too."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from analysis.regression.wild_equivalence import wild_equivalences
from analysis.testing.equivalence import equivalence_p_value, rope_probabilities
from analysis.testing.student import t_quantile
from analysis.testing.verdicts import verdict

METHODS = ("ols", "cluster_cr3")  # and the bootstrap, which has no t


def slope_equivalences(
    points: pl.DataFrame,
    model: Model,
    *,
    by: Sequence[str],
    margin: float,
    level: float = 0.95,
) -> pl.DataFrame:
    """Test whether a slope lies within a margin.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns.
    by : sequence of str
        Columns that name a group.
    margin : float
        Slopes within plus or minus the margin count as none; positive, in units of the outcome per
        unit of similarity.
    level : float, default 0.95
        Coverage of the intervals; equivalence is tested at one minus it.

    Returns
    -------
    DataFrame
        One row per group and method (``ols``, runs independent; ``cluster_cr3``, by dataset;
        ``wild_cluster``, without the theory of t): ``method, status, reason, estimate, std_error,
        df, ci_low, ci_high, level, margin, p_value`` (of equivalence, two one-sided tests),
        ``p_below, p_within, p_above`` (t posterior), ``verdict`` on "there is no slope", ``n_runs,
        n_clusters, run_ids``. The bootstrap has tests alone here; `regress` gives its interval.

    Raises
    ------
    ValueError
        If the margin is not positive.
    """
    if margin <= 0:
        raise ValueError(f"margin = {margin}: say how large a slope still counts as none")
    points = points.drop_nulls(model.columns)
    schema = {name: points.schema[name] for name in by} | _COLUMNS
    if points.is_empty():
        return pl.DataFrame(schema=schema)
    fitted = regress(points, model, by=by, methods=METHODS, level=level)
    fitted = fitted.filter(pl.col("term") == model.terms[-1]).drop("p_value")
    judged = [_judged_by_t(row, margin, level) for row in fitted.iter_rows(named=True)]
    by_t = pl.concat([fitted, pl.DataFrame(judged, schema=_JUDGED, orient="row")], how="horizontal")
    wild = wild_equivalences(points, model, by=by, margin=margin, level=level)
    return (
        pl.concat([by_t, wild.with_columns(method=pl.lit("wild_cluster"))], how="diagonal")
        .with_columns(level=pl.lit(level), margin=pl.lit(margin))
        .select(*schema)
        .sort([*by, "method"], nulls_last=True)
    )


def _judged_by_t(row: dict[str, Any], margin: float, level: float) -> dict[str, Any]:
    if not row["std_error"] or row["ci_low"] is None:
        return {}
    estimate, error, df = row["estimate"], row["std_error"], row["df"]
    below, within, above = rope_probabilities(estimate, error, df, margin=margin)
    half = t_quantile(max(0.75, level), df) * error
    return {
        "p_value": equivalence_p_value(estimate, error, df, margin=margin),
        "p_below": below,
        "p_within": within,
        "p_above": above,
        "verdict": verdict(
            "equivalent",
            (row["ci_low"], row["ci_high"]),
            narrow=(estimate - half, estimate + half),
            margin=margin,
        ),
    }


_JUDGED: dict[str, pl.DataType] = {
    "p_value": pl.Float64(),
    "p_below": pl.Float64(),
    "p_within": pl.Float64(),
    "p_above": pl.Float64(),
    "verdict": pl.String(),
}
_COLUMNS: dict[str, pl.DataType] = {
    "method": pl.String(),
    "status": pl.String(),
    "reason": pl.String(),
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "df": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "level": pl.Float64(),
    "n_runs": pl.Int64(),
    "n_clusters": pl.Int64(),
    "run_ids": pl.List(pl.String()),
    **_JUDGED,
    "margin": pl.Float64(),
}
