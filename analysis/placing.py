"""From points of similarity and score to rows of results: the similarity space."""

import polars as pl

from analysis.dimensions import HIGHER_IS_BETTER, NETWORK, REPRESENTATION
from analysis.membership import membership, references
from analysis.settings import Settings


def membership_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Members of the similarity space per cell, layer and score.

    From ``marts.similarity_by_outcome``. Runs from scratch have no pre-trained network to stay
    close to, and are left out as candidates.
    """
    scores = with_references(points, settings)
    rows = membership(
        scores,
        by=["origin", "dataset", *NETWORK[1:], *REPRESENTATION, "score"],
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
    compared = ["origin", "dataset", "backbone", "score", *REPRESENTATION]
    reference = references(scores, by=compared, policy=settings.reference_policy)
    keys = [column for column in reference.columns if column != "reference_score"]
    candidates = scores.filter(~pl.col("adaptation").is_in(["none", "scratch"]))
    return candidates.join(reference, on=keys)
