"""From points of similarity and score to rows of results: the similarity space."""

from dataclasses import replace

import polars as pl

from analysis.dimensions import HIGHER_IS_BETTER, NETWORK, REPRESENTATION, RUNS
from analysis.drift.membership import membership, references
from analysis.drift.membership_probability import Space, membership_probability
from analysis.drift.similarity_space import membership_surface
from analysis.settings import Settings


def membership_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Members of the similarity space per cell, layer and score.

    From ``marts.similarity_by_outcome``. Runs from scratch have no pre-trained network to stay
    close to, and are left out as candidates.
    """
    scores = with_references(points, settings)
    rows = membership(
        scores,
        by=["dataset", *NETWORK, *REPRESENTATION, "score"],
        eta=settings.eta,
        epsilon=settings.epsilon,
        divergence=settings.divergence,
        level=settings.level,
    )
    return rows.with_columns(reference_policy=pl.lit(settings.reference_policy))


def with_references(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Candidates for the similarity space, each with the score that it is held against."""
    scores = points.filter(pl.col("outcome").str.starts_with("score:")).with_columns(
        score=pl.col("outcome").str.strip_prefix("score:")
    )
    scores = scores.filter(pl.col("score").is_in(HIGHER_IS_BETTER))
    compared = [*RUNS, "dataset", "backbone", "pooling", "head", "score", *REPRESENTATION]
    reference = references(scores, by=compared, policy=settings.reference_policy)
    keys = [column for column in reference.columns if column != "reference_score"]
    candidates = scores.filter(~pl.col("adaptation").is_in(["none", "scratch"]))
    return candidates.join(reference, on=keys)


def probability_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Probability of membership per cell, layer and score, with and without the noise floor."""
    scores = with_references(points, settings)
    space = Space(
        settings.eta,
        settings.epsilon,
        settings.divergence,
    )
    by = ["dataset", *NETWORK, *REPRESENTATION, "score"]
    rows = [
        membership_probability(scores, which, by=by, level=settings.level)
        for which in (space, replace(space, corrects_floor=True))
    ]
    return pl.concat(rows).with_columns(reference_policy=pl.lit(settings.reference_policy))


def surface_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Share of members over a grid of thresholds, per dataset, on all datasets, on any."""
    rows = membership_surface(
        with_references(points, settings),
        by=[*NETWORK, *REPRESENTATION, "score"],
        divergence=settings.divergence,
        level=settings.level,
    )
    return rows.with_columns(
        reference_policy=pl.lit(settings.reference_policy), divergence=pl.lit(settings.divergence)
    )
