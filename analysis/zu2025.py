"""The analyses behind the exhibits of Zu et al., on one measure: what a replay has time for."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from analysis.analyses import ANALYSES, Analysis
from analysis.printed.files import load_claims
from analysis.testing.claims import Claim

ON_SOURCE = {"measure": "cka_linear_debiased", "probe": "source"}
ON_CLS = {"token": "cls", "pooling": "cls"}
SLOPES: Mapping[str, str | tuple[str, ...]] = {
    **ON_SOURCE,
    "adaptation": "full",
    "outcome": ("knn_accuracy", "knn_calibration_error", "calibration_error"),
}
ROWS: Mapping[str, Mapping[str, str | tuple[str, ...]]] = {
    "intervals": {},
    "comparisons": {},
    "similarity differences": ON_SOURCE,
    "regressions": SLOPES,
    "dataset slopes": SLOPES,
    "other fits": SLOPES,
    "binned fits": SLOPES,
    "slope differences": SLOPES,
    "memberships": {**ON_SOURCE, "outcome": "score:accuracy"},
    "membership surfaces": {**ON_SOURCE, "outcome": "score:accuracy"},
    "trajectories": ON_SOURCE,
    "similarity distributions": ON_SOURCE,
}


def zu2025_analyses() -> tuple[Analysis, ...]:
    """Analyses that the report of Zu et al. reads, each on the rows that it shows.

    Similarity is the debiased linear CKA on the source images. Slopes are those of fully fine-tuned
    networks, of k-NN accuracy and calibration error on it. Everything else of `ANALYSES` is left to
    ``repdrift analysis run``.
    """
    return tuple(
        replace(analysis, where={**analysis.where, **ROWS[analysis.name]})
        for analysis in ANALYSES
        if analysis.name in ROWS
    )


def zu2025_claims() -> list[Claim]:
    """Claims of Zu et al., as shipped."""
    return [claim for claim in load_claims() if claim.source == "Zu et al. (2025)"]


def forgetting(scores: pl.DataFrame) -> pl.DataFrame:
    """k-NN accuracy on the source probe, frozen and fully fine-tuned, of networks with a CLS head.

    Parameters
    ----------
    scores : DataFrame
        Rows of ``marts.final_scores``; only votes on the CLS token count.

    Returns
    -------
    DataFrame
        ``pretraining, linear, full``: means over runs, sorted by ``linear``, the highest first.
    """
    votes = scores.filter(
        pl.col("adaptation").is_in(["linear", "full"]),
        **ON_CLS,
        split="source",
        score="accuracy",
    )
    means = votes.group_by("pretraining", "adaptation", maintain_order=True).agg(
        pl.col("value").mean()
    )
    wide = means.pivot("adaptation", index="pretraining", values="value")
    return wide.select("pretraining", "linear", "full").sort("linear", descending=True)


def explained(points: pl.DataFrame, bins: pl.DataFrame) -> pl.DataFrame:
    """Share of k-NN accuracy that similarity explains: on runs, within datasets, on bin means.

    Parameters
    ----------
    points : DataFrame
        Rows of ``marts.similarity_by_outcome`` of one layer, token, probe, measure, outcome and
        pooling.
    bins : DataFrame
        Rows of ``results.binned_fits`` of the same.

    Returns
    -------
    DataFrame
        ``pretraining, on_runs, within_datasets, on_bin_means``: R² of a line through all runs;
        through their deviations from the mean of their dataset; through bin means.
    """
    centred = [
        (pl.col(name) - pl.col(name).mean().over("pretraining", "dataset")).alias(f"own_{name}")
        for name in ("similarity", "outcome_value")
    ]
    shares = (
        points.with_columns(centred)
        .group_by("pretraining", maintain_order=True)
        .agg(
            on_runs=pl.corr("similarity", "outcome_value") ** 2,
            within_datasets=pl.corr("own_similarity", "own_outcome_value") ** 2,
        )
    )
    on_bins = bins.select("pretraining", on_bin_means="binned_r_squared")
    return shares.join(on_bins, on="pretraining").sort("on_runs", descending=True)
