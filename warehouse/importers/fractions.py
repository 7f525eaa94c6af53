"""Refuses percentages where a score is a fraction by definition, before a run is written."""

import duckdb
import polars as pl

from warehouse.errors import WarehouseError
from warehouse.tables import statements

VALUE = {"scores": "value", "summaries": "mean"}  # where a score stands in its table


def require_fractions(rows: pl.DataFrame, name: str, where: str) -> None:
    """Refuse rows that ``warehouse check`` would call out of range once they are in.

    A score that is not a number passes: a log of a run that diverged has such rows.

    Parameters
    ----------
    rows : polars.DataFrame
        Of the table ``raw.{name}``; a table without scores passes.
    name : str
        Name of the table.
    where : str
        What the message begins with.

    Raises
    ------
    WarehouseError
        With the first score that is not in [0, 1], and what to write in the mapping.
    """
    if name not in VALUE or not {"score", VALUE[name]} <= set(rows.columns):
        return
    values = rows.select("score", pl.col(VALUE[name]).alias("value")).filter(
        pl.col("value").is_not_nan() & ~pl.col("value").is_between(0, 1)
    )
    if values.is_empty():  # as of nearly every log
        return
    offending = _out_of_range(values)
    if len(offending):
        score, value = offending.row(0)
        raise WarehouseError(
            f"{where}: {score} = {value} is no fraction in [0, 1] ({len(offending)} such rows): "
            f"for percentages, write divide_by = 100 for {VALUE[name]} in the mapping"
        )


def _out_of_range(values: pl.DataFrame) -> pl.DataFrame:
    """Rows that the check of the warehouse returns, so that both know the same scores."""
    named = values.with_columns(run_id=pl.lit(""), epoch=pl.lit(0), split=pl.lit(""))
    rows = named.to_arrow()  # noqa: F841 -- DuckDB reads it by name
    check = dict(statements("checks"))["fractions_out_of_range.sql"]
    with duckdb.connect() as con:
        con.execute("create schema raw")
        con.execute("create table raw.scores as select * from rows")
        found: pl.DataFrame = con.sql(check).pl()
    return found.select("score", "value")
