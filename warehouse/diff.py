"""What differs between two warehouses: runs, numbers, conclusions."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from warehouse.connection import connect
from warehouse.layout import Layout
from warehouse.tables import IN_DATABASE, declared_tables, table
from warehouse.view_comments import quoted

CIRCUMSTANCES = ("timings",)  # they differ from machine to machine
NUMBERS = tuple(name for name in IN_DATABASE if name not in CIRCUMSTANCES)


def differences(root: Path, other_root: Path) -> pl.DataFrame:
    """List what differs, one row each.

    Parameters
    ----------
    root, other_root : Path
        The warehouses, ``a`` and ``b``.

    Returns
    -------
    polars.DataFrame
        ``kind`` (run, number, conclusion), ``relation``, ``key``, ``a``, ``b``. A run that only one
        of them has is one row, and its numbers none. A number differs when a single bit does. The
        conclusion of a result is its verdict, or the side of 0 on which its interval lies; analyses
        with other parameters are other conclusions. Null where a side has no such row.

    Raises
    ------
    WarehouseError
        If one of them is missing or of another version.
    """
    with connect(other_root), connect(root) as con:
        con.execute(f"attach {quoted(str(Layout(other_root).database))} as b (read_only)")
        (a,) = con.execute("select current_database()").fetchall()[0]
        parts = [
            *_frames(con, _run_query(a)),
            *(frame for name in NUMBERS for frame in _frames(con, _number_query(a, name))),
            *(frame for name in _results() for frame in _frames(con, _conclusion_query(a, name))),
        ]
    return pl.concat(parts).sort("kind", "relation", "key")


def _frames(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[pl.DataFrame]:
    if query:
        yield con.sql(query).pl()


def _results() -> list[str]:
    return [name for name in declared_tables() if name.startswith("results.")]


def _run_query(a: str) -> str:
    described = "concat_ws(' ', dataset, backbone, pretraining, adaptation, 'fold ' || fold)"
    return f"""
        select 'run' as kind, 'raw.runs' as relation, coalesce(one.run_id, two.run_id) as key,
            one.described as a, two.described as b
        from (select run_id, {described} as described from "{a}".raw.runs) as one
        full join (select run_id, {described} as described from b.raw.runs) as two using (run_id)
        where one.run_id is null or two.run_id is null
    """  # noqa: S608 (names are declared)


def _number_query(a: str, name: str) -> str:
    declared = table(f"raw.{name}")
    interval = "concat_ws(' to ', ci_low, ci_high)"
    shown = next((name for name in ("value", "mean") if name in declared.types), interval)
    common = f'select run_id from "{a}".raw.runs intersect select run_id from b.raw.runs'  # noqa: S608
    return _joined(
        a, declared.name, declared.key, f"{shown}::varchar", "number", f"run_id in ({common})"
    )


def _conclusion_query(a: str, name: str) -> str:
    """Compare the conclusions of a table of results; empty where it states none."""
    declared = table(name)
    if "verdict" in declared.types:
        conclusion = "verdict"
    elif {"ci_low", "ci_high"} <= declared.types.keys():
        conclusion = (
            "case when ci_low > 0 then 'above 0' when ci_high < 0 then 'below 0' "
            "when ci_low is not null then '0 is possible' end"
        )
    else:
        return ""
    return _joined(a, name, declared.key, conclusion, "conclusion", "true")


def _joined(a: str, name: str, key: tuple[str, ...], shown: str, kind: str, where: str) -> str:
    columns = ", ".join(f"{column}::varchar as {column}" for column in key)
    same = " and ".join(f"one.{column} is not distinct from two.{column}" for column in key)
    named = ", ".join(
        f"'{column} = ' || coalesce(one.{column}, two.{column})"
        for column in key
        if column != "analysis_id"
    )
    return f"""
        with one as (select {columns}, {shown} as shown from "{a}".{name} where {where}),
        two as (select {columns}, {shown} as shown from b.{name} where {where})
        select '{kind}' as kind, '{name}' as relation, concat_ws(', ', {named}) as key,
            one.shown as a, two.shown as b
        from one full join two on {same}
        where one.shown is distinct from two.shown
    """  # noqa: S608 (names are declared)
