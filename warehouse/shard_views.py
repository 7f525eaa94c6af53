"""The views ``predictions``, ``activations`` ... over the Parquet files of the runs."""

import duckdb

from warehouse.layout import Layout
from warehouse.tables import IN_PARQUET, Table, table
from warehouse.view_comments import quoted


def create_shard_views(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Make a temporary view of each of `IN_PARQUET`.

    ``run_id`` is the name of the directory, so that a query for one run opens one file; within it,
    the statistics of Parquet skip the row groups of other layers. Where no run kept such a file the
    view is empty; where a file is damaged, a query of the view says which.
    """
    for name in IN_PARQUET:
        declared = table(f"shards.{name}")
        if next(layout.runs.glob(f"*/{name}.parquet"), None) is None:
            _create(con, declared, _no_rows(declared))
            continue
        pattern = str(layout.runs.absolute() / "*" / f"{name}.parquet")
        try:
            _create(con, declared, _rows_of_files(declared, pattern))
        except duckdb.Error as error:
            _create(con, declared, _no_rows(declared, reason=str(error).splitlines()[0]))


def _create(con: duckdb.DuckDBPyConnection, declared: Table, select: str) -> None:
    name = declared.name.removeprefix("shards.")
    con.execute(f"create or replace temporary view {name} as {select}")
    con.execute(f"comment on view {name} is {quoted(declared.comment)}")
    for column, comment in declared.comments.items():
        con.execute(f"comment on column {name}.{column} is {quoted(comment)}")


def _rows_of_files(declared: Table, pattern: str) -> str:
    columns = ", ".join(name for name in declared.types if name != "run_id")
    files = quoted(pattern)
    source = f"read_parquet({files}, filename = true)"
    return f"select parse_path(filename)[-2] as run_id, {columns} from {source}"  # noqa: S608


def _no_rows(declared: Table, reason: str | None = None) -> str:
    columns = ", ".join(f"null::{kind} as {name}" for name, kind in declared.sql_types.items())
    condition = "false" if reason is None else f"error({quoted(reason)})::boolean"
    return f"select {columns} where {condition}"
