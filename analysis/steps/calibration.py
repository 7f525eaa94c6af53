"""From predictions that runs kept to rows of results: reliability."""

import polars as pl

from analysis.dimensions import CELL
from analysis.means.reliability import reliability_bins
from analysis.settings import Settings


def reliability_rows(forecasts: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Accuracy by confidence, per cell and source of the confidences."""
    by = [*CELL, "confidence_source", "token", "n_neighbours"]
    return reliability_bins(forecasts, by=by, level=settings.level)
