"""What runs of one panel share: what was trained, and what the head reads where that varies."""

from typing import Any

import polars as pl

from reports.exhibits.exhibit import Data, named
from reports.layers import layer_order
from reports.style import network
from reports.wording import adaptation_name

TREATMENT = ("adaptation", "n_blocks", "variant")
COLUMNS = (*TREATMENT, "pooling", "head")
CELL = ("dataset", "backbone", "pretraining", *COLUMNS)


def treatment() -> pl.Expr:
    """Return a column with what was trained: the adaptation, its depth and its variant."""
    return pl.struct(TREATMENT).map_elements(
        lambda run: adaptation_name(*(run[name] for name in TREATMENT)), return_dtype=pl.String
    )


def with_setting(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with a column ``setting`` that names the adaptation, and the head if it varies.

    Parameters
    ----------
    rows : DataFrame
        ``adaptation, n_blocks, variant, pooling, head``. Runs that differ in one of them are no
        repeats of each other: no mean, band or box joins them.

    Examples
    --------
    >>> rows = pl.DataFrame(
    ...     {"adaptation": "full", "pooling": ["cls", "mean"], "head": "linear"}
    ... ).with_columns(n_blocks=None, variant=pl.lit(""))
    >>> with_setting(rows)["setting"].to_list()
    ['full, head on cls', 'full, head on mean']
    """
    heads, poolings = (rows[name].n_unique() > 1 for name in ("head", "pooling"))

    def words(run: dict[str, Any]) -> str:
        name = adaptation_name(*(run[name] for name in TREATMENT))
        head = f"{run['head']} head" if heads else "head" if poolings else ""
        pooling = f" on {run['pooling']}" if poolings else ""
        return f"{name}, {head}{pooling}" if head else name

    names = rows.select(COLUMNS).unique(maintain_order=True)
    named = names.with_columns(
        setting=pl.Series([words(run) for run in names.iter_rows(named=True)], dtype=pl.String)
    )
    return rows.join(named, on=COLUMNS, how="left", nulls_equal=True, maintain_order="left")


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


def by_network_and_depth(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with their network as ``line``, sorted by network and from the first layer on."""
    place = {layer: i for i, layer in enumerate(layer_order(rows["layer"].to_list()))}
    return rows.with_columns(
        line=network_line(),
        place=pl.col("layer").replace_strict(place),
    ).sort("backbone", "pretraining", *TREATMENT, "place")


def network_line() -> pl.Expr:
    """Network and treatment of each row, as one heading."""
    return pl.concat_str(named("backbone", "pretraining", network), treatment(), separator=", ")
