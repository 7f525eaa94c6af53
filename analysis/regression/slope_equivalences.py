"""Is a slope shown to be small? Equivalence tests and posteriors, runs clustered by dataset too."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from analysis.regression.wild_equivalence import wild_p_values
from analysis.testing.equivalence import equivalence_p_value, rope_probabilities
from analysis.testing.student import t_quantile
from analysis.testing.verdicts import verdict

ROUNDING = 1e-12  # 1 - 0.95 is a little more than 0.05
METHODS = ("ols", "cluster_cr3", "cluster_cr1")  # the last has the estimate of the bootstrap


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
    fitted = regress(points, model, by=by, methods=METHODS, level=level)
    fitted = fitted.filter(pl.col("term") == "similarity")
    wild = wild_p_values(points, model, by=by, margin=margin)
    fitted = _with_bootstrap(fitted.drop("p_value")).join(
        wild, on=list(by), nulls_equal=True, maintain_order="left"
    )
    judged = [_judged(row, margin, level) for row in fitted.iter_rows(named=True)]
    kept = ["method", "status", "reason", "estimate", "std_error", "df", "ci_low", "ci_high"]
    return pl.concat(
        [
            fitted.select(*by, *kept, "level", "n_runs", "n_clusters", "run_ids"),
            pl.DataFrame(judged, schema=_JUDGED, orient="row"),
        ],
        how="horizontal",
    ).with_columns(margin=pl.lit(margin))


def _with_bootstrap(fitted: pl.DataFrame) -> pl.DataFrame:
    """Rows of CR1 as those of the bootstrap, which knows neither df nor, here, an interval."""
    is_wild = pl.col("method") == "cluster_cr1"
    return fitted.with_columns(
        method=pl.when(is_wild).then(pl.lit("wild_cluster")).otherwise("method"),
        **{name: pl.when(~is_wild).then(name) for name in ("df", "ci_low", "ci_high")},
    )


def _judged(row: dict[str, Any], margin: float, level: float) -> dict[str, Any]:
    if row["method"] == "wild_cluster":
        return _judged_by_bootstrap(row, level)
    if not row["std_error"] or row["ci_low"] is None:
        return {}
    return _judged_by_t(row, margin, level)


def _judged_by_bootstrap(row: dict[str, Any], level: float) -> dict[str, Any]:
    within, beyond = row["p_within"], row["p_beyond"]
    if within is None:
        return {}
    if within <= 1 - level + ROUNDING:
        return {"p_value": within, "verdict": "supported"}
    is_beyond = beyond <= 1 - level + ROUNDING
    return {"p_value": within, "verdict": "contradicted" if is_beyond else "inconclusive"}


def _judged_by_t(row: dict[str, Any], margin: float, level: float) -> dict[str, Any]:
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
