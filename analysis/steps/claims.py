"""Claims judged: the regression behind each panel, under rising rigour."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from analysis.testing.claims import Claim, deciding
from analysis.testing.verdicts import Verdict, verdict

Frames = Mapping[str, pl.DataFrame]
METHOD = {
    "independent": "ols",
    "clustered": "cluster_cr3",
    "wild": "wild_cluster",
    "mixed": "mixed",
    "adjusted": "cluster_cr3",
}
VALUES = {"summaries": {"mean": "value"}, "trajectories": {"similarity": "value"}}
RIGOURS = ("as_published", *METHOD)


def judge(claim: Claim, frames: Frames, *, level: float = 0.95) -> pl.DataFrame:
    """Judge one claim in every panel under every rigour.

    Parameters
    ----------
    claim : Claim
        What is claimed.
    frames : mapping of str to DataFrame
        The one that the claim is about is enough: ``points`` (``marts.similarity_by_outcome``),
        ``scores`` (``marts.final_scores``), ``similarities`` (``marts.final_similarities`` with
        ``reference_pretraining`` and ``reference_adaptation``), ``trajectories``
        (``marts.trajectories``) or ``summaries`` (``marts.summaries``).
    level : float, default 0.95
        Coverage of the intervals behind the verdicts; equivalence is tested at one minus it.

    Returns
    -------
    DataFrame
        One row per rigour and panel: ``rigour, panel, verdict, estimate, ci_low, ci_high, p_value,
        reason, n_runs, n_clusters, run_ids``, and ``verdict_among_many``, which counts where only
        some of the panels decide (see `analysis.testing.claims.conclude`). No rows when no run
        fits the claim.

    Notes
    -----
    ``as_published`` takes the sign of the estimate for an answer, as a reader of a plot does.
    ``independent``: runs count as independent. ``clustered``: CR3 by dataset. ``wild``:
    wild-cluster bootstrap. ``mixed``: random intercept per dataset and one slope for all; it
    supports claims too easily where slopes differ between datasets. ``adjusted``: ``clustered``
    with the level divided by the number of panels (Bonferroni), so that none of them is wrong.
    """
    effects, model = _effects(claim, frames)
    if effects.is_empty():
        return pl.DataFrame(schema=_PANEL)
    n_panels = effects["panel"].n_unique()
    among_many = 1 - (1 - level) / (n_panels - deciding(claim.scope, n_panels) + 1)
    levels = dict.fromkeys(METHOD, (level, among_many))
    levels["adjusted"] = (1 - (1 - level) / n_panels,) * 2
    frames_found = [_as_published(claim, effects, model)]
    for rigour, method in METHOD.items():
        single, many = levels[rigour]
        rows = _judged(claim, effects, model, method, single)
        others = rows if many == single else _judged(claim, effects, model, method, many)
        others = others.select("panel", verdict_among_many="verdict")
        frames_found.append(rows.join(others, on="panel").with_columns(rigour=pl.lit(rigour)))
    return pl.concat([frame.select(*_PANEL) for frame in frames_found])


def _judged(
    claim: Claim, effects: pl.DataFrame, model: Model, method: str, level: float
) -> pl.DataFrame:
    """Fits of every panel with their verdicts at a level."""
    wide, narrow = (_fits(effects, model, method, c) for c in (level, max(0.5, 2 * level - 1)))
    ends = narrow.select("panel", narrow_low="ci_low", narrow_high="ci_high")
    rows = wide.join(ends, on="panel")
    found = [_verdict(claim, row) for row in rows.iter_rows(named=True)]
    return rows.with_columns(pl.Series("verdict", found, dtype=pl.String))


def _fits(effects: pl.DataFrame, model: Model, method: str, level: float) -> pl.DataFrame:
    """Fit the coefficient that is judged, one row per panel.

    A mean over the folds of one dataset has no clusters: it takes the correction of Nadeau and
    Bengio. Seeds on one split of one dataset say nothing of other images, and give no interval.
    """
    rows = regress(effects, model, by=["panel"], methods=[method], level=level)
    rows = rows.filter(pl.col("term") == model.terms[-1])
    if model.predictor is not None or method != "cluster_cr3" or "fold" not in effects.columns:
        return rows
    several = pl.col("fold").drop_nulls().n_unique().over("panel") > 1
    is_alone = (pl.col("cluster").n_unique().over("panel") == 1) & several
    folds = effects.filter(is_alone).group_by("panel", "cluster", "fold", maintain_order=True)
    means = folds.agg(pl.col("outcome_value").mean(), pl.col("run_id").first())
    if means.is_empty():
        return rows
    plain = regress(means, model, by=["panel"], methods=["ols"], level=level).filter(
        pl.col("status") == "fitted"
    )
    n_folds = pl.col("n_runs")
    stretch = (1 + n_folds / (n_folds - 1)).sqrt()
    corrected = plain.select(
        "panel",
        low=pl.col("estimate") - stretch * (pl.col("estimate") - pl.col("ci_low")),
        high=pl.col("estimate") + stretch * (pl.col("ci_high") - pl.col("estimate")),
        mean="estimate",
    )
    joined = rows.join(corrected, on="panel", how="left")
    has_folds = pl.col("mean").is_not_null()
    return joined.with_columns(
        estimate=pl.coalesce("mean", "estimate"),
        ci_low=pl.coalesce("low", "ci_low"),
        ci_high=pl.coalesce("high", "ci_high"),
        p_value=pl.when(~has_folds).then("p_value"),
        reason=pl.when(has_folds)
        .then(pl.lit("one dataset: interval over its folds (Nadeau-Bengio)"))
        .otherwise("reason"),
    ).drop("low", "high", "mean")


def _as_published(claim: Claim, effects: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Verdicts from the signs of estimates alone."""
    rows = _fits(effects, model, "ols", 0.95)
    side = {"greater": pl.col("estimate") > 0, "less": pl.col("estimate") < 0}
    agrees = side.get(claim.expects, pl.col("estimate").abs() < claim.margin)
    found = (
        pl.when(pl.col("estimate").is_null())
        .then(pl.lit("inconclusive"))
        .when(agrees)
        .then(pl.lit("supported"))
        .otherwise(pl.lit("contradicted"))
    )
    nothing = pl.lit(None, pl.Float64)
    return rows.with_columns(
        verdict=found,
        verdict_among_many=found,
        rigour=pl.lit("as_published"),
        ci_low=nothing,
        ci_high=nothing,
        p_value=nothing,
    )


def _verdict(claim: Claim, row: Mapping[str, Any]) -> Verdict:
    if row["ci_low"] is None or row["narrow_low"] is None:
        return "inconclusive"
    return verdict(
        claim.expects,
        (row["ci_low"], row["ci_high"]),
        narrow=(row["narrow_low"], row["narrow_high"]),
        margin=claim.margin,
    )


def _effects(claim: Claim, frames: Frames) -> tuple[pl.DataFrame, Model]:
    """Points of the regression behind a claim, with the columns panel and cluster."""
    if claim.kind in {"slope", "slope_difference"}:
        points, model = _slope_points(claim, _filtered(frames["points"], claim.where))
    else:
        rows = frames[claim.view].rename(VALUES.get(claim.view, {}))
        points, model = _paired_points(claim, _filtered(rows, claim.where))
    names = [pl.col(name).cast(pl.String) for name in claim.over]
    panel = pl.concat_str(names, separator=" ", ignore_nulls=True) if names else pl.lit("all")
    return points.with_columns(panel=panel, cluster=pl.col("dataset")), model


def _slope_points(claim: Claim, points: pl.DataFrame) -> tuple[pl.DataFrame, Model]:
    model = Model(cluster="cluster")
    if claim.kind == "slope":
        return points, model
    both = points.filter(pl.col(claim.between).is_in([claim.first, claim.second])).with_columns(
        is_second=(pl.col(claim.between) == claim.second).cast(pl.Float64)
    )
    interaction = Model(
        predictor="interaction", controls=("is_second", "own_similarity"), cluster="cluster"
    )
    product = pl.col("is_second") * pl.col("similarity")
    return both.with_columns(interaction=product, own_similarity="similarity"), interaction


def _paired_points(claim: Claim, rows: pl.DataFrame) -> tuple[pl.DataFrame, Model]:
    model = Model(predictor=None, cluster="cluster")
    keys = [*claim.over, *(name for name in claim.pair_on if name not in claim.over)]
    keys += [] if "dataset" in keys else ["dataset"]
    if claim.kind == "mean":
        return rows.with_columns(outcome_value=pl.col("value") - claim.threshold), model
    first, second = (
        _side(rows, side, start, keys)
        for side, start in (
            (claim.first, claim.first_start),
            (claim.second, claim.second_start),
        )
    )
    paired = second.join(first, on=keys, nulls_equal=True, suffix="_first")
    return paired.with_columns(outcome_value=pl.col("value") - pl.col("value_first")), model


def _side(
    rows: pl.DataFrame, side: Mapping[str, Any], start: Mapping[str, Any] | None, keys: list[str]
) -> pl.DataFrame:
    """Return what is compared, less its start, one row per pairing."""
    means = [
        _filtered(rows, which).group_by(keys).agg(pl.col("value").mean(), pl.col("run_id").first())
        for which in (side, start)
        if which is not None
    ]
    if start is None:
        return means[0]
    both = means[0].join(means[1], on=keys, nulls_equal=True, suffix="_start")
    return both.with_columns(value=pl.col("value") - pl.col("value_start"))


def _filtered(rows: pl.DataFrame, where: Mapping[str, Any]) -> pl.DataFrame:
    missing = [name for name in where if name not in rows.columns]
    if missing:
        raise ValueError(f"no column {missing[0]!r} to filter on; there are {rows.columns}")
    return rows.filter(
        *(
            pl.col(name).is_in(value) if isinstance(value, list) else pl.col(name) == value
            for name, value in where.items()
        )
    )


_PANEL: dict[str, pl.DataType] = {
    "rigour": pl.String(),
    "panel": pl.String(),
    "verdict": pl.String(),
    "verdict_among_many": pl.String(),
    "estimate": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "p_value": pl.Float64(),
    "reason": pl.String(),
    "n_runs": pl.Int64(),
    "n_clusters": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}
