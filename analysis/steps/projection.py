"""From points to rows of results: what similarity, or what was known before, predicts."""

import polars as pl

from analysis.dimensions import NETWORK, READ, REPRESENTATION, RUNS, SCORE, TREATMENT
from analysis.drift.projection import project
from analysis.regression.stacking import Model
from analysis.settings import Settings
from analysis.steps.slopes import with_pooled_adaptations

KNOWN = Model(predictor="value")
SAME_START = (*RUNS, *TREATMENT, *READ)


def projection_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Prediction of every outcome from similarity on datasets left out, per network and layer."""
    pooled = with_pooled_adaptations(points)
    by = [*NETWORK, *REPRESENTATION, "outcome"]
    return project(pooled, Model(), by=by, level=settings.projection_level)


def projection_before_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Prediction of every outcome from every score of the network before its first step.

    Per network; and for all networks of an adaptation together, because what a pre-trained network
    scores on the source is the same number on every target dataset.
    """
    pooled = with_pooled_networks(with_pooled_adaptations(points))
    by = [*NETWORK, *SCORE, "outcome"]
    return project(pooled, KNOWN, by=by, level=settings.projection_level)


def with_pooled_networks(points: pl.DataFrame) -> pl.DataFrame:
    """Points, and again with the networks taken together that start from different weights.

    Where all start from the same weights there are no pooled rows.
    """
    start = pl.struct("backbone", "pretraining")
    several = start.n_unique().over(SAME_START) > 1
    names = {"backbone": pl.lit("pooled"), "pretraining": pl.lit("pooled")}
    return pl.concat([points, points.filter(several).with_columns(**names)])
