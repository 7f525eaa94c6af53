"""Runs a user's query where it can read the warehouse and do nothing else."""

import re
from collections.abc import Mapping

import duckdb
import polars as pl

from warehouse.connection import is_corrupt
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.view_comments import quoted

IN_NO_FRAME = re.compile("INTERVAL|UNION|VARIANT|BIT|BIGNUM")  # types that polars does not have
EXPLAIN = re.compile(r"\s*explain(\s+analyze)?\s", re.IGNORECASE)


def close_sandbox(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Shut a read-only connection off from everything but the database and the runs' files.

    No file elsewhere, no network, no extension; and no way back, the configuration is locked.
    """
    con.execute("set autoinstall_known_extensions = false; set autoload_known_extensions = false")
    con.execute(f"set allowed_directories = [{quoted(str(layout.runs.absolute()) + '/')}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def query_rows(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """Rows of one SELECT (or DESCRIBE, SHOW, SUMMARIZE, EXPLAIN).

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Read-only and closed by ``close_sandbox``.
    query : str
        One statement; ``COPY`` and others that write are refused even where they could read.
    parameters : mapping, optional
        Values of ``$name`` in the query.

    Returns
    -------
    polars.DataFrame

    Raises
    ------
    WarehouseError
        If the query is not one SELECT, is wrong, or reaches outside the warehouse.
    duckdb.Error
        If the database is damaged; ``connect`` says what to do.
    """
    try:
        _require_select(query)
        relation = con.sql(query, params=dict(parameters or {}))
        rows: pl.DataFrame = _as_text(relation).pl()
    except duckdb.Error as error:
        if is_corrupt(error):
            raise
        raise WarehouseError(
            " ".join(line.strip() for line in str(error).split("\n\nLINE")[0].splitlines())
        ) from error
    return rows


def _require_select(query: str) -> None:
    statements = duckdb.extract_statements(query)
    if len(statements) != 1:
        raise WarehouseError(f"one statement at a time: this text has {len(statements)}")
    kind = _kind(statements[0])
    if kind == "EXPLAIN":
        _require_select(EXPLAIN.sub("", statements[0].query, count=1))
    elif kind != "SELECT":
        raise WarehouseError(
            f"only a SELECT can be run here, and this is {kind}: the warehouse is open for reading"
        )


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:  # a kind that the client has no name for
        return "something else"


def _as_text(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Relation with the columns as text whose type no frame can hold."""
    kinds = [str(kind) for kind in relation.types]
    if not any(IN_NO_FRAME.search(kind) for kind in kinds):
        return relation
    columns = []
    for place, (name, kind) in enumerate(zip(relation.columns, kinds, strict=True), start=1):
        cast = "::varchar" if IN_NO_FRAME.search(kind) else ""
        escaped = name.replace('"', '""')
        columns.append(f'#{place}{cast} as "{escaped}"')
    return relation.project(", ".join(columns))
