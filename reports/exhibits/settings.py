"""What runs of one panel share: what was trained, and what the head reads where that varies."""

from typing import Any

import polars as pl

from reports.exhibits.exhibit import Data
from reports.wording import adaptation_name

COLUMNS = ("adaptation", "n_blocks", "pooling", "head")


def with_setting(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with a column ``setting`` that names the adaptation, and the head if it varies.

    Parameters
    ----------
    rows : DataFrame
        ``adaptation, pooling, head``, and ``n_blocks`` where results tell runs apart by it. Runs
        that differ in one of them are no repeats of each other: no mean, band or box joins them.

    Examples
    --------
    >>> rows = pl.DataFrame(
    ...     {"adaptation": "full", "n_blocks": None, "pooling": ["cls", "mean"], "head": "linear"}
    ... )
    >>> with_setting(rows)["setting"].to_list()
    ['full, head on cls', 'full, head on mean']
    """
    heads, poolings = (rows[name].n_unique() > 1 for name in ("head", "pooling"))

    def words(run: dict[str, Any]) -> str:
        name = adaptation_name(run["adaptation"], run.get("n_blocks"))
        head = f"{run['head']} head" if heads else "head" if poolings else ""
        pooling = f" on {run['pooling']}" if poolings else ""
        return f"{name}, {head}{pooling}" if head else name

    columns = [name for name in COLUMNS if name in rows.columns]
    names = rows.select(columns).unique(maintain_order=True)
    named = names.with_columns(
        setting=pl.Series([words(run) for run in names.iter_rows(named=True)], dtype=pl.String)
    )
    return rows.join(named, on=columns, how="left", nulls_equal=True, maintain_order="left")


def of_own_head(data: Data, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of features that the head of their run reads.

    Parameters
    ----------
    data : Data
        Of the primary selection; of everything, rows of other features stay.
    rows : DataFrame
        ``pooling, token``.
    """
    own = rows.filter(pl.col("pooling") == pl.col("token"))
    return own if data.conditions and len(own) else rows
