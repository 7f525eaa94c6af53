"""Is similarity unrelated to an outcome? A small correlation has to be shown, not missed."""

import math
from collections.abc import Sequence
from typing import Any

import polars as pl
from scipy import stats

from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from analysis.testing.constancy import constant_over
from analysis.testing.equivalence import (
    correlation_equivalence_p_value,
    equivalence_p_value,
    rope_probabilities,
    standardised,
)
from analysis.testing.verdicts import verdict

_POSTERIOR = ("p_below", "p_within", "p_above")
FEWEST = 4  # runs: Fisher's z has a variance of 1 / (n - 3)


def correlation_equivalences(
    points: pl.DataFrame,
    model: Model,
    *,
    by: Sequence[str],
    margin: float,
    level: float = 0.95,
) -> pl.DataFrame:
    """Test whether the correlation of two columns lies within a margin, taken twice.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group; rows without predictor or outcome are left out.
    model : Model
        Columns, without controls.
    by : sequence of str
        Columns that name a group.
    margin : float
        Correlations within plus or minus the margin count as none; in (0, 1).
    level : float, default 0.95
        Coverage of the intervals; equivalence is tested at one minus it.

    Returns
    -------
    DataFrame
        One row per group and method: ``method, status, reason, estimate, ci_low, ci_high, level,
        margin, p_value`` (of equivalence), ``p_below, p_within, p_above`` (posterior probabilities,
        normal in Fisher's z or t), ``verdict`` on "there is no relation", ``n_runs, n_clusters,
        run_ids``. ``fisher_z`` takes runs for independent. ``cluster_cr3`` takes the
        slope of standardised columns, which is the correlation, with its error by cluster (CR3,
        G - 1 degrees of freedom).

    Raises
    ------
    ValueError
        If the margin is not in (0, 1).
    """
    if not 0 < margin < 1:
        raise ValueError(f"margin = {margin}: a correlation in (0, 1)")
    points = points.drop_nulls(model.columns)
    is_flat = pl.any_horizontal(constant_over(name, by) for name in model.columns)
    is_usable = ~is_flat & (pl.len().over(by) >= FEWEST)
    usable = points.with_columns(is_usable=is_usable)
    scaled = standardised(usable.filter("is_usable"), model.columns, by=list(by))
    rows = [_undefined(usable.filter(~pl.col("is_usable")), model, by)]
    if len(scaled):
        wide, narrow = (
            regress(scaled, model, by=by, methods=list(_JUDGES), level=one).filter(
                pl.col("term") == "similarity"
            )
            for one in (level, max(0.5, 2 * level - 1))
        )
        keys = [*by, "method"]
        ends = narrow.select(*keys, narrow_low="ci_low", narrow_high="ci_high")
        fitted = wide.join(ends, on=keys, nulls_equal=True)
        found = [_JUDGES[row["method"]](row, margin, level) for row in fitted.iter_rows(named=True)]
        kept = fitted.select(*by, "n_runs", "n_clusters", "run_ids")
        judged = pl.DataFrame(found, schema=_FOUND, orient="row")
        rows.append(pl.concat([kept, judged], how="horizontal"))
    columns = [*by, *_FOUND, "n_runs", "n_clusters", "run_ids"]
    return (
        pl.concat([frame.select(columns) for frame in rows])
        .with_columns(level=pl.lit(level), margin=pl.lit(margin))
        .sort([*by, "method"], nulls_last=True)
    )


def _fisher(row: dict[str, Any], margin: float, level: float) -> dict[str, Any]:
    r, n = row["estimate"], row["n_runs"]
    if r is None or abs(r) >= 1:
        return {"method": "fisher_z", "status": "undefined", "reason": row["reason"] or "no error"}
    ends = [
        [
            math.tanh(math.atanh(r) + sign * float(stats.norm.ppf(tail)) / math.sqrt(n - 3))
            for sign in (-1, 1)
        ]
        for tail in ((1 + level) / 2, max(0.75, level))
    ]
    z, bound = math.atanh(r), math.atanh(margin)
    posterior = rope_probabilities(z, 1 / math.sqrt(n - 3), math.inf, margin=bound)
    return {
        "method": "fisher_z",
        "status": "fitted",
        **dict(zip(_POSTERIOR, posterior, strict=True)),
        "estimate": r,
        "ci_low": ends[0][0],
        "ci_high": ends[0][1],
        "p_value": correlation_equivalence_p_value(r, n, margin=margin),
        "verdict": verdict(
            "equivalent", (ends[0][0], ends[0][1]), narrow=(ends[1][0], ends[1][1]), margin=margin
        ),
    }


def _clustered(row: dict[str, Any], margin: float, _level: float) -> dict[str, Any]:
    head = {"method": "cluster_cr3", "status": row["status"], "reason": row["reason"]}
    if row["std_error"] is None or row["ci_low"] is None:
        return head | {"estimate": row["estimate"]}
    numbers = (row["estimate"], row["std_error"], row["df"])
    posterior = rope_probabilities(*numbers, margin=margin)
    return head | {
        **dict(zip(_POSTERIOR, posterior, strict=True)),
        "estimate": row["estimate"],
        "ci_low": max(-1.0, row["ci_low"]),
        "ci_high": min(1.0, row["ci_high"]),
        "p_value": equivalence_p_value(*numbers, margin=margin),
        "verdict": verdict(
            "equivalent",
            (row["ci_low"], row["ci_high"]),
            narrow=(row["narrow_low"], row["narrow_high"]),
            margin=margin,
        ),
    }


_JUDGES = {"ols": _fisher, "cluster_cr3": _clustered}


def _undefined(points: pl.DataFrame, model: Model, by: Sequence[str]) -> pl.DataFrame:
    """Rows of groups whose runs are too few or do not vary."""
    keys = points.group_by(by, maintain_order=True).agg(
        n_runs=pl.len().cast(pl.Int64),
        n_clusters=pl.col(model.cluster).n_unique().cast(pl.Int64),
        run_ids=pl.col(model.run_id).cast(pl.String).sort(),
    )
    reason = (
        pl.when(pl.col("n_runs") < FEWEST)
        .then(pl.format("{} runs are fewer than " + str(FEWEST), "n_runs"))
        .otherwise(pl.lit("similarity or outcome is constant"))
    )
    empty = {name: pl.lit(None, dtype) for name, dtype in _FOUND.items()}
    named = empty | {"status": pl.lit("undefined"), "reason": reason}
    methods = pl.DataFrame({"method": ["fisher_z", "cluster_cr3"]})
    named.pop("method")
    return keys.with_columns(**named).join(methods, how="cross")


_FOUND: dict[str, pl.DataType] = {
    "method": pl.String(),
    "status": pl.String(),
    "reason": pl.String(),
    "estimate": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "p_value": pl.Float64(),
    "p_below": pl.Float64(),
    "p_within": pl.Float64(),
    "p_above": pl.Float64(),
    "verdict": pl.String(),
}
