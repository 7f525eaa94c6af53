"""Says what the tables, views and columns are."""

from difflib import get_close_matches

import duckdb
import polars as pl

from warehouse.errors import WarehouseError
from warehouse.tables import statements


def described_relations(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """List tables and views: ``relation``, ``n_columns``, ``description``."""
    rows: pl.DataFrame = con.sql(_query("relations.sql")).pl()
    return rows


def described_columns(con: duckdb.DuckDBPyConnection, relation: str) -> pl.DataFrame:
    """List the columns of a table or view: ``column_name``, ``data_type``, ``description``.

    Raises
    ------
    WarehouseError
        If there is no such table or view.
    """
    rows: pl.DataFrame = con.sql(_query("columns.sql"), params={"relation": relation}).pl()
    if rows.is_empty():
        known = described_relations(con)["relation"].to_list()
        near = [name for name in known if name.endswith(f".{relation}")]
        near = near or get_close_matches(relation, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise WarehouseError(
            f"no table or view {relation!r}: {hint}`repdrift warehouse describe` lists them"
        )
    return rows


def _query(name: str) -> str:
    return dict(statements("catalog"))[name]
