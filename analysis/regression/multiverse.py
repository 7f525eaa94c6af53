"""All the choices that could have been made, side by side, and one test of them together."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from analysis.regression.fits import regress
from analysis.regression.grid import Grid
from analysis.regression.max_t import joint_statistics
from analysis.regression.robust import without_outliers
from analysis.regression.signs import standardised_statistics
from analysis.regression.stacking import Model, stack, testable
from analysis.regression.term_rows import COLUMNS
from analysis.regression.wild import TIES
from analysis.testing.constancy import centred_over

SPECIFICATION = ("layer", "measure", "gain", "outliers")


def specifications(points: pl.DataFrame, grid: Grid, *, by: Sequence[str]) -> pl.DataFrame:
    """Lay out points under every definition of gain and rule for outliers of a grid.

    Parameters
    ----------
    points : DataFrame
        One row per run, layer and measure: ``run_id, dataset, similarity, outcome_value`` (the
        score), ``scratch_value``, ``layer, measure``, and the columns of ``by``.
    grid : Grid
        The choices.
    by : sequence of str
        Columns that name a question: what scratch predicts and what lies outside is found anew in
        each.

    Returns
    -------
    DataFrame
        Points with ``gain`` (``none``; ``difference``, ``ratio``, ``ancova``: the score less what
        the score from scratch predicts, similarity likewise; all but ``none`` of runs with a
        positive score from scratch) and ``outliers`` (``kept``, ``fences``) and the ``gain_value``
        that each specification explains.
    """
    points = points.drop_nulls(["similarity", "outcome_value"])
    laid_out = pl.concat(_gained(points, gain, [*by, "layer", "measure"]) for gain in grid.gains)
    within = [*by, "layer", "measure", "gain"]
    frames = {
        "kept": lambda: laid_out,
        "fences": lambda: without_outliers(laid_out, Model(outcome="gain_value"), within),
    }
    return pl.concat(frames[rule]().with_columns(outliers=pl.lit(rule)) for rule in grid.outliers)


def _gained(points: pl.DataFrame, kind: str, by: Sequence[str]) -> pl.DataFrame:
    """Points with what is explained under one definition of the gain."""
    if kind == "none":
        return points.with_columns(gain_value="outcome_value", gain=pl.lit(kind))
    points = points.filter(pl.col("scratch_value") > 0)
    gain = pl.col("outcome_value") - pl.col("scratch_value")
    if kind == "ancova":
        columns = ("outcome_value", "gain_value"), ("similarity", "similarity")
        residuals = (_residual(name, "scratch_value", by).alias(to) for name, to in columns)
        return points.with_columns(*residuals, gain=pl.lit(kind))
    value = gain if kind == "difference" else gain / pl.col("scratch_value")
    return points.with_columns(gain_value=value, gain=pl.lit(kind))


def _residual(column: str, covariate: str, by: Sequence[str]) -> pl.Expr:
    """Take out of a column what a line on the covariate explains, in each group."""
    x, y = (centred_over(name, by) for name in (covariate, column))
    slope = (x * y).sum().over(by) / (x * x).sum().over(by)
    return pl.when(slope.is_finite()).then(y - slope * x).otherwise(y)


def _modelled(laid_out: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, Model]]:
    """Points of each kind of gain with the model that explains it.

    ANCOVA keeps the score from scratch among the columns, although both sides are free of it: its
    coefficient was estimated, and errors and sign vectors have to count that.
    """
    for (kind,), part in laid_out.group_by("gain", maintain_order=True):
        controls = ("scratch_value",) if kind == "ancova" else ()
        yield part, Model(outcome="gain_value", controls=controls)


def specification_curve(
    points: pl.DataFrame, grid: Grid, *, by: Sequence[str], level: float = 0.95
) -> pl.DataFrame:
    """Slope under every specification and every method of inference, ordered by size.

    Parameters
    ----------
    points : DataFrame
        As `specifications` takes them, with the columns of ``by``.
    grid : Grid
        The choices; its layers, measures and outcomes are those of the points.
    by : sequence of str
        Columns that name a question; every question has its own curve.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    DataFrame
        One row per question, specification (``layer, measure, gain, outliers``) and ``method``:
        ``rank`` (of the slope in its curve, 1 is smallest), ``status, reason, estimate, ci_low,
        ci_high, level, p_value, n_runs, n_clusters, run_ids``.
    """
    laid_out = specifications(points, grid, by=by)
    names = [*by, *SPECIFICATION]
    frames = [
        regress(part, model, by=names, methods=grid.standard_errors, level=level)
        for part, model in _modelled(laid_out)
    ]
    empty = pl.DataFrame(schema={name: laid_out.schema[name] for name in names} | COLUMNS)
    rows = pl.concat([empty, *frames]).filter(pl.col("term") == "similarity")
    rows = rows.sort([*names, "method"], nulls_last=True)
    return rows.with_columns(
        rank=pl.col("estimate").rank("ordinal").over(*by, "method").cast(pl.Int64)
    ).select(*by, *SPECIFICATION, "method", "rank", *_CURVE)


def joint_test(
    points: pl.DataFrame, grid: Grid, *, by: Sequence[str], choices: Sequence[str] = ()
) -> pl.DataFrame:
    """Test of no slope under any specification, all specifications taken together.

    Parameters
    ----------
    points : DataFrame
        As `specifications` takes them, with the columns of ``by``.
    grid : Grid
        The choices; its layers, measures and outcomes are those of the points.
    by : sequence of str
        Columns that name a question.
    choices : sequence of str
        Columns that are choices too, beside layer, measure, gain and outliers: the outcome.

    Returns
    -------
    DataFrame
        One row per question: ``n_specifications, n_negative`` (slopes below 0), ``median_slope,
        median_statistic`` (median absolute t), ``p_median`` (share of sign vectors with a median at
        least as large), ``p_largest`` (the same of the largest), ``n_clusters, n_draws``.

    Notes
    -----
    Wild-cluster bootstrap with the null imposed; the sign of a dataset is drawn once for all
    specifications, so that they stay as dependent as they are. A sign vector counts by how much
    slope it leaves (`analysis.regression.signs`).

    References
    ----------
    .. [1] Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4, "Specification curve
       analysis".
    """
    laid_out = specifications(points, grid, by=[*by, *choices])
    rows = []
    for key, question in laid_out.group_by(by, maintain_order=True):
        fitted = [
            (stacked, group)
            for part, model in _modelled(question)
            for stacked in [stack(part, model, [*choices, *SPECIFICATION])]
            for group in testable(stacked)
        ]
        if not fitted:
            continue
        statistics = joint_statistics(fitted, standardised_statistics)
        slopes = np.array([stacked.fits.coefficients[group, -1] for stacked, group in fitted])
        medians, largest = np.median(statistics, axis=1), statistics.max(axis=1)
        rows.append(
            dict(zip(by, key, strict=True))
            | {
                "n_specifications": len(fitted),
                "n_negative": int((slopes < 0).sum()),
                "median_slope": float(np.median(slopes)),
                "median_statistic": float(medians[0]),
                "p_median": float(np.mean(medians >= medians[0] * (1 - TIES))),
                "p_largest": float(np.mean(largest >= largest[0] * (1 - TIES))),
                "n_clusters": max(int(stacked.clusters.counts[group]) for stacked, group in fitted),
                "n_draws": len(statistics),
            }
        )
    schema = {name: points.schema[name] for name in by} | _JOINT
    return pl.DataFrame(rows, schema=schema, orient="row")


_CURVE = (
    "status",
    "reason",
    "estimate",
    "ci_low",
    "ci_high",
    "level",
    "p_value",
    "n_runs",
    "n_clusters",
    "run_ids",
)
_JOINT: dict[str, pl.DataType] = {
    "n_specifications": pl.Int64(),
    "n_negative": pl.Int64(),
    "median_slope": pl.Float64(),
    "median_statistic": pl.Float64(),
    "p_median": pl.Float64(),
    "p_largest": pl.Float64(),
    "n_clusters": pl.Int64(),
    "n_draws": pl.Int64(),
}
