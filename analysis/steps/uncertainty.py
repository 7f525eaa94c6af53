"""From scores and similarities with their own intervals to rows of results: what varies."""

import polars as pl

from analysis.dimensions import CALIBRATION_ERRORS, CELL, REPRESENTATION, SCORE
from analysis.means.biased_errors import biased_intervals
from analysis.means.bounds import within_range
from analysis.means.intervals import mean_intervals
from analysis.means.sampling import sample_intervals, total_intervals
from analysis.settings import Settings

OF_SCORES = ("bootstrap", "bootstrap_independent", "bootstrap_bound")
OF_SIMILARITIES = ("jackknife", "jackknife_independent", "jackknife_bound")
RECORDED_LEVEL, RECORDED_QUANTILE = 0.95, 1.959963984540054
SHARED = "the images of all runs"


def score_rows(runs: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Means of scores over other test images or patients, from ``marts.score_intervals``.

    Held-out folds have images of their own; every other set is taken for one that runs share. Where
    all runs of a cell share it, a row adds the variation between runs: the total. Calibration
    errors have none: the mean that it would lie around is biased.
    """
    own = pl.col("fold").cast(pl.String)
    named = runs.with_columns(
        sample=pl.when(pl.col("split") == "test").then(own).otherwise(pl.lit(SHARED)),
        df=pl.col("n_units") - 1.0,
    )
    by = [*CELL, *SCORE]
    is_biased = pl.col("score").is_in(CALIBRATION_ERRORS)
    rows = _over_images(named.filter(~is_biased), by, "test_sample", OF_SCORES, settings)
    errors = biased_intervals(
        named.filter(is_biased),
        by=by,
        kind="test_sample",
        methods=OF_SCORES,
        level=settings.level,
    )
    return within_range(pl.concat([rows, errors.drop("df")]), name="score")


def similarity_rows(runs: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Mean similarities over other runs, other stimuli and both, from ``marts.final_similarities``.

    The source probe is the same in all runs; the target probe is of the held-out fold.
    """
    alike = runs.filter(pl.col("reference") != "run", pl.col("reference_layer") == pl.col("layer"))
    half = pl.max_horizontal(
        pl.col("value") - pl.col("ci_low"), pl.col("ci_high") - pl.col("value")
    )  # the longer side: the other may have been cut at the range of the measure
    own = pl.col("fold").cast(pl.String)
    named = alike.with_columns(
        sample=pl.when(pl.col("probe") == "target").then(own).otherwise(pl.lit(SHARED)),
        std_error=half / RECORDED_QUANTILE,
        level=pl.lit(RECORDED_LEVEL),
        unit=pl.lit("image"),
        n_units=pl.col("n_images"),
        df=pl.lit(float("inf")),  # the recorded ends hold the quantile of t already
    )
    by = [*CELL, *REPRESENTATION, "reference", "reference_layer"]
    over_runs = mean_intervals(alike, by=by, level=settings.level)
    known = named.drop_nulls("std_error")
    over_images = _over_images(known, by, "stimulus", OF_SIMILARITIES, settings)
    return within_range(pl.concat([over_runs, over_images]), name="measure")


def _over_images(
    runs: pl.DataFrame, by: list[str], kind: str, methods: tuple[str, str, str], settings: Settings
) -> pl.DataFrame:
    """Rows over images, and totals where the runs of a cell saw the same ones."""
    over_images = sample_intervals(runs, by=by, kind=kind, methods=methods, level=settings.level)
    shares = pl.col("sample").n_unique().over(by) == 1
    over_runs = mean_intervals(runs.filter(shares), by=by, level=settings.level)
    total = total_intervals(over_runs, over_images, by=by, level=settings.level)
    return pl.concat([over_images.drop("df"), total])
