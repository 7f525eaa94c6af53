"""The only place where reports read the warehouse."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from warehouse.errors import ReportError

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class AtLeast:
    """The condition that a column of counts is no smaller."""

    least: int

    def __str__(self) -> str:
        return f"at least {self.least}"


def query_text(name: str) -> str:
    """Return the SQL of a query by the stem of its file."""
    return files("reports").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")


def selection_sql(name: str, where: Mapping[str, object]) -> str:
    """Return SQL that runs by hand and gives the rows of a query where columns equal values.

    Examples
    --------
    >>> selection_sql("networks", {"pretraining": "it's"}).splitlines()[-1]
    "where pretraining = 'it''s';"
    """
    text = query_text(name).rstrip()
    if not where:
        return f"{text};\n"
    conditions = " and ".join(condition(column, value) for column, value in where.items())
    return f"with rows_of_query as (\n{text}\n)\n\nfrom rows_of_query\nwhere {conditions};\n"


def read(con: "duckdb.DuckDBPyConnection", name: str) -> pl.DataFrame:
    """Return the rows of a query.

    Raises
    ------
    ReportError
        If the warehouse lacks a table or column that the query reads.
    """
    import duckdb

    try:
        rows: pl.DataFrame = con.sql(query_text(name)).pl()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        reason = str(error).splitlines()[0]
        raise ReportError(
            f"the query {name} does not fit this warehouse ({reason});"
            " open it once for writing with this version: repdrift warehouse ingest"
        ) from error
    return rows


def condition(column: str, value: object) -> str:
    """Return SQL that a column has a value: null, one of a tuple, at least, or equal to it.

    Examples
    --------
    >>> condition("n_blocks", None), condition("score", ("auc", "it's"))
    ('n_blocks is null', "score in ('auc', 'it''s')")
    """
    if value is None:
        return f"{column} is null"
    if isinstance(value, AtLeast):
        return f"{column} >= {value.least}"
    if isinstance(value, tuple):
        return f"{column} in ({', '.join(_literal(one) for one in value)})"
    return f"{column} = {_literal(value)}"


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'{}'".format(value.replace("'", "''"))
    return str(value)
