"""Runs a user's query where it can read the warehouse and do nothing else."""

import re
from collections.abc import Mapping
from datetime import date

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
        If the query is not one SELECT, is wrong, lacks a value or is given one too many, or
        reaches outside the warehouse.
    duckdb.Error
        If the database is damaged; ``connect`` says what to do.
    """
    try:
        _require_select(query)
        _require_values(query, parameters or {})
        relation = con.sql(query, params=dict(parameters or {}))
        rows: pl.DataFrame = _as_text(relation, _in_no_frame(relation)).pl()
        if far := _beyond_the_calendar(rows):
            rows = _as_text(relation, _in_no_frame(relation) | far).pl()
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


def _require_values(query: str, values: Mapping[str, object]) -> None:
    has = sorted(duckdb.extract_statements(query)[0].named_parameters)
    unknown = sorted(values.keys() - set(has))
    if unknown:
        raise WarehouseError(
            f"the query has no parameter {unknown[0]!r}; it has {', '.join(has) or 'none'}"
        )
    missing = [name for name in has if name not in values]
    if missing:
        raise WarehouseError(f"${missing[0]} has no value: give -p {missing[0]}=...")


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:  # a kind that the client has no name for
        return "something else"


def _in_no_frame(relation: duckdb.DuckDBPyRelation) -> set[int]:
    """Places, from 0, of the columns whose type no frame can hold."""
    return {place for place, kind in enumerate(relation.types) if IN_NO_FRAME.search(str(kind))}


def _beyond_the_calendar(rows: pl.DataFrame) -> set[int]:
    """Places of the columns with an infinite date, or one outside the years 1 to 9999."""
    return {
        place
        for place, column in enumerate(rows)
        if isinstance(column.dtype, pl.Date | pl.Datetime)
        and not column.drop_nulls().to_physical().is_between(*_calendar(column.dtype)).all()
    }


def _calendar(dtype: pl.DataType) -> tuple[int, int]:
    """First and last day that Python can name, in days or in ticks of the type."""
    first, last = (day.toordinal() - date(1970, 1, 1).toordinal() for day in (date.min, date.max))
    unit = dtype.time_unit if isinstance(dtype, pl.Datetime) else None
    ticks = {None: 1, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}[unit]
    largest = 2**63 - 2  # nanoseconds end in 2262, and infinity is the last of them
    return max(first * ticks, -largest), min((last + 1) * ticks - 1, largest)


def _as_text(relation: duckdb.DuckDBPyRelation, places: set[int]) -> duckdb.DuckDBPyRelation:
    """Relation with the columns at some places as text."""
    if not places:
        return relation
    columns = []
    for place, name in enumerate(relation.columns):
        cast = "::varchar" if place in places else ""
        escaped = name.replace('"', '""')
        columns.append(f'#{place + 1}{cast} as "{escaped}"')
    return relation.project(", ".join(columns))
