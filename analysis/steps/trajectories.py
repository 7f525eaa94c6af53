"""From trajectories and final similarities to rows of results."""

import polars as pl

from analysis.dimensions import CELL, REPRESENTATION
from analysis.drift.distributions import distributions
from analysis.drift.trajectories import trajectory_bands
from analysis.drift.trajectory_shapes import trajectory_shapes
from analysis.means.bounds import within_range
from analysis.settings import Settings

BY = (*CELL, *REPRESENTATION)


def trajectory_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Mean similarity to the own start over epochs, from ``marts.trajectories``."""
    own = _to_own_start(points)
    rows = trajectory_bands(
        own,
        by=BY,
        level=settings.level,
        n_resamples=settings.n_resamples,
        seed=settings.seed,
    )
    ends = (("ci_low", "ci_high"), ("band_low", "band_high"))
    return within_range(rows, name="measure", ends=ends).drop("is_cut")


def shape_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Drop and recovery of the same trajectories."""
    return trajectory_shapes(_to_own_start(points), by=BY, level=settings.level)


def distribution_rows(similarities: pl.DataFrame, _settings: Settings) -> pl.DataFrame:
    """Distribution of the final similarity per cell, from ``marts.final_similarities``."""
    return distributions(_to_own_start(similarities), by=BY)


def _to_own_start(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(
        pl.col("reference") == "pretrained", pl.col("reference_layer") == pl.col("layer")
    )
