"""Claims judged: the regression behind each panel, under rising rigour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import polars as pl

from analysis.means.intervals import mean_intervals
from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from analysis.regression.term_rows import t_inference
from analysis.steps.claim_effects import Frames, claimed_effects
from analysis.testing.claims import Claim, deciding
from analysis.testing.verdicts import Verdict, verdict

METHOD = {
    "independent": "ols",
    "clustered": "cluster_cr3",
    "wild": "wild_cluster",
    "mixed": "mixed_cr2",
    "adjusted": "cluster_cr3",
}
RIGOURS = ("as_published", *METHOD)
OVER_FOLDS = "one dataset: interval over its folds (Nadeau-Bengio)"
NUMBERS = ("estimate", "std_error", "df", "p_value")


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
    wild-cluster bootstrap. ``mixed``: random intercept per dataset, with errors by dataset (CR2),
    so that slopes may differ between them. ``adjusted``: ``clustered`` with the level divided by
    the number of panels (Bonferroni), so that none of them is wrong.
    """
    effects, model = claimed_effects(claim, frames)
    if effects.is_empty():
        return pl.DataFrame(schema=_PANEL)
    n_panels = effects["panel"].n_unique()
    among_many = 1 - (1 - level) / (n_panels - deciding(claim.scope, n_panels) + 1)
    levels = dict.fromkeys(METHOD, (level, among_many))
    levels["adjusted"] = (1 - (1 - level) / n_panels,) * 2
    fits = {method: Fit.of(effects, model, method) for method in dict.fromkeys(METHOD.values())}
    frames_found = [_as_published(claim, fits["ols"])]
    for rigour, method in METHOD.items():
        single, many = levels[rigour]
        rows = _judged(claim, fits[method], single)
        others = rows if many == single else _judged(claim, fits[method], many)
        others = others.select("panel", verdict_among_many="verdict")
        frames_found.append(rows.join(others, on="panel").with_columns(rigour=pl.lit(rigour)))
    runs = effects.drop_nulls(model.columns).group_by("panel", maintain_order=True)
    run_ids = runs.agg(pl.col("run_ids").explode().unique().sort())
    panels = pl.concat([frame.select(*_FOUND) for frame in frames_found])
    return panels.join(run_ids, on="panel", maintain_order="left").select(*_PANEL)


@dataclass(frozen=True)
class Fit:
    """The coefficient that is judged, in every panel under one method, and its intervals.

    Attributes
    ----------
    rows : DataFrame
        One row per panel as of `analysis.regression.fits.regress`.
    effects : DataFrame
        The points behind them.
    model : Model
        Columns.
    """

    rows: pl.DataFrame
    effects: pl.DataFrame
    model: Model

    @classmethod
    def of(cls, effects: pl.DataFrame, model: Model, method: str) -> Self:
        """Fit every panel once.

        A mean over the folds of one dataset has no clusters: under ``cluster_cr3`` it takes the
        interval of Nadeau and Bengio. Seeds on one split of one dataset say nothing of other
        images, and give no interval.
        """
        rows = _regressed(effects, model, method, level=0.95)
        if model.predictor is None and method == "cluster_cr3" and "fold" in effects.columns:
            rows = _with_folds(rows, effects)
        return cls(rows, effects, model)

    def at(self, level: float) -> pl.DataFrame:
        """Return the rows with intervals of a level: by t, or by the bootstrap inverted anew."""
        if (self.rows["method"] == "wild_cluster").any():
            return _regressed(self.effects, self.model, "wild_cluster", level=level)
        numbers = (self.rows[name].to_numpy() for name in ("estimate", "std_error", "df"))
        found = t_inference(*numbers, level=level)
        return self.rows.with_columns(
            pl.Series(name, found[name]).fill_nan(None) for name in ("ci_low", "ci_high")
        )


def _regressed(effects: pl.DataFrame, model: Model, method: str, *, level: float) -> pl.DataFrame:
    rows = regress(effects, model, by=["panel"], methods=[method], level=level)
    return rows.filter(pl.col("term") == model.terms[-1])


def _with_folds(rows: pl.DataFrame, effects: pl.DataFrame) -> pl.DataFrame:
    """Put means over folds in the place of means of one cluster."""
    several = pl.col("fold").drop_nulls().n_unique().over("panel") > 1
    is_alone = pl.col("cluster").n_unique().over("panel") == 1
    folds = effects.filter(is_alone & several)
    if folds.is_empty():
        return rows
    means = mean_intervals(folds, by=["panel"], value="outcome_value")
    means = means.filter(pl.col("std_error") > 0)
    estimate, std_error, n_folds = (
        means[name].to_numpy() for name in ("estimate", "std_error", "n_units")
    )
    found = t_inference(estimate, std_error, n_folds - 1.0, level=0.95)
    own = means.select("panel", *(pl.Series(name, found[name]) for name in NUMBERS))
    return rows.update(own.with_columns(reason=pl.lit(OVER_FOLDS)), on="panel", how="left")


def _judged(claim: Claim, fit: Fit, level: float) -> pl.DataFrame:
    """Rows of every panel with their verdicts at a level."""
    rows = fit.at(level)
    narrow = fit.at(max(0.5, 2 * level - 1)) if claim.margin else rows
    ends = narrow.select("panel", narrow_low="ci_low", narrow_high="ci_high")
    judged = rows.join(ends, on="panel")
    found = [_verdict(claim, row) for row in judged.iter_rows(named=True)]
    return judged.with_columns(pl.Series("verdict", found, dtype=pl.String))


def _as_published(claim: Claim, fit: Fit) -> pl.DataFrame:
    """Verdicts from the signs of estimates alone."""
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
    return fit.rows.with_columns(
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


_FOUND: dict[str, pl.DataType] = {
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
}
_PANEL = _FOUND | {"run_ids": pl.List(pl.String())}
