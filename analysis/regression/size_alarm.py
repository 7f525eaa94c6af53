"""An alarm for slopes that the sizes of test sets may make.

Noise alone makes a calibration error, and more of it on fewer images. Where datasets with few test
images also have another similarity, the error follows similarity, however honest the forecasts.
"""

from collections.abc import Sequence

import polars as pl

from analysis.dimensions import CALIBRATION_ERRORS

BIASED = (
    "calibration_error",
    "calibration_error_debiased",
    *(f"score:{score}" for score in CALIBRATION_ERRORS),
)
MOST = 1.1  # noise goes with the root of the images: 5 % more of it
WITHIN = ("within",)  # methods that compare no dataset with another


def with_size_alarm(rows: pl.DataFrame, points: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Add to regressions whether test sets of unequal sizes may have made their slope.

    Parameters
    ----------
    rows : DataFrame
        Regressions: columns of ``by``, ``method``.
    points : DataFrame
        What they were fitted to: columns of ``by``, ``dataset, n_test``.
    by : sequence of str
        Columns that name a regression, the outcome among them.

    Returns
    -------
    DataFrame
        Rows with ``size_alarm``: whether the outcome is a calibration error and one dataset has, on
        average over its runs, over a tenth more test images than another. False of fits within
        datasets; null where a number of test images is not known.
    """
    is_biased = pl.col("outcome").is_in(BIASED)
    sizes = (
        points.filter(is_biased)
        .group_by([*by, "dataset"], maintain_order=True)
        .agg(n_test=pl.when(pl.col("n_test").count() == pl.len()).then(pl.col("n_test").mean()))
        .group_by(by, maintain_order=True)
        .agg(
            is_unequal=pl.when(pl.col("n_test").count() == pl.len()).then(
                pl.col("n_test").max() > MOST * pl.col("n_test").min()
            )
        )
    )
    may_be_made = is_biased & ~pl.col("method").is_in(WITHIN)
    joined = rows.join(sizes, on=by, how="left", nulls_equal=True, maintain_order="left")
    alarm = pl.when(may_be_made).then("is_unequal").otherwise(pl.lit(False))
    return joined.with_columns(size_alarm=alarm).drop("is_unequal")
