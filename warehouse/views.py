"""Reads a view or table as a frame; names are checked, values are parameters."""

import re
from collections.abc import Mapping

import duckdb
import polars as pl

from warehouse.errors import WarehouseError
from warehouse.tables import SQL


def read_view(
    con: duckdb.DuckDBPyConnection, view: str, where: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """Rows of a view or table.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        As ``warehouse.connection.connect`` gives it.
    view : str
        ``marts.final_scores``, ``results.intervals``, ``predictions`` ...
    where : mapping, optional
        Column to value: equal to it; to None: is null; to a list or tuple: one of its values.

    Returns
    -------
    polars.DataFrame

    Raises
    ------
    WarehouseError
        If the view or a column does not exist.
    """
    columns = _columns(con, view)
    unknown = [name for name in where or {} if name not in columns]
    if unknown:
        raise WarehouseError(
            f"{view} has no column {', '.join(unknown)}; it has {', '.join(columns)}"
        )
    conditions, parameters = [], {}
    for number, (name, value) in enumerate((where or {}).items()):
        if value is None:
            conditions.append(f"{name} is null")
            continue
        is_list = isinstance(value, list | tuple)
        parameters[f"value{number}"] = list(value) if isinstance(value, list | tuple) else value
        conditions.append(
            f"list_contains($value{number}, {name})" if is_list else f"{name} = $value{number}"
        )
    condition = f" where {' and '.join(conditions)}" if conditions else ""
    query = f"from {view}{condition} order by all"  # one order, so that sums are the same bits
    rows: pl.DataFrame = con.sql(query, params=parameters).pl()
    return rows


def view_sql(view: str) -> str:
    """Text of the SELECT behind a view of ``staging`` or ``marts``; it runs by hand.

    Raises
    ------
    WarehouseError
        If there is no such view.
    """
    folder, _, name = view.partition(".")
    file = SQL / folder / f"{name}.sql"
    if folder not in {"staging", "marts"} or not re.fullmatch(r"\w+", name) or not file.is_file():
        raise WarehouseError(f"no view {view!r}: `repdrift warehouse describe` lists them")
    return file.read_text(encoding="utf-8")


def _columns(con: duckdb.DuckDBPyConnection, view: str) -> list[str]:
    schema, _, name = view.rpartition(".")
    found = con.execute(
        "select column_name from duckdb_columns() where table_name = $1 "
        "and schema_name = coalesce(nullif($2, ''), 'main') order by column_index",
        [name, schema],
    ).fetchall()
    if not found:
        raise WarehouseError(f"no view {view!r}: `repdrift warehouse describe` lists them")
    return [column for (column,) in found]
