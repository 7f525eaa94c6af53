"""Where the runs of a cell end: the distribution of a number over them."""

from collections.abc import Sequence

import polars as pl


def distributions(values: pl.DataFrame, *, by: Sequence[str], value: str = "value") -> pl.DataFrame:
    """Distribution of a number over the runs of each cell.

    Parameters
    ----------
    values : DataFrame
        One row per run: columns of ``by``, ``run_id`` and ``value``.
    by : sequence of str
        Columns that name a cell.
    value : str, default "value"
        The number.

    Returns
    -------
    DataFrame
        One row per cell: ``mean, sd, minimum, low_quartile, median, high_quartile, maximum, n_runs,
        run_ids``.
    """
    column = pl.col(value)
    return (
        values.drop_nulls(value)
        .group_by(by, maintain_order=True)
        .agg(
            mean=column.mean(),
            sd=column.std(),
            minimum=column.min(),
            low_quartile=column.quantile(0.25, "linear"),
            median=column.median(),
            high_quartile=column.quantile(0.75, "linear"),
            maximum=column.max(),
            n_runs=pl.len().cast(pl.Int64),
            run_ids=pl.col("run_id").cast(pl.String).sort(),
        )
        .sort(by, nulls_last=True)
    )
