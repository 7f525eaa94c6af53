"""Analyses of runs: read from the warehouse, computed, written back; and their rows read again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Self

import duckdb
import polars as pl

from analysis.analyses import ANALYSES, Analysis
from analysis.computing import STUDIES, Tables, analysis_tables
from analysis.conditions import unmet_condition
from analysis.questions import QUESTIONS
from analysis.settings import Settings
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.lineage import in_order, rows_hash
from warehouse.results import write_results
from warehouse.uncertainty import require_one_kind
from warehouse.views import read_view


@dataclass(frozen=True)
class Found:
    """What one analysis left in the warehouse.

    Attributes
    ----------
    name : str
        Name of the analysis.
    analysis_id : str
        Its id in ``results``.
    n_runs, n_rows : int
        Runs that went in, rows that came out.
    """

    name: str
    analysis_id: str
    n_runs: int
    n_rows: int


@dataclass(frozen=True)
class _Rows:
    """Rows of a query that several analyses read, sorted, counted and hashed once."""

    frame: pl.DataFrame
    n_runs: int
    data_hash: str

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Self:
        rows = in_order(frame)
        return cls(rows, rows["run_id"].n_unique(), rows_hash(rows, is_in_order=True))


def run_analyses(
    root: Path,
    settings: Settings,
    *,
    analyses: Sequence[Analysis] = ANALYSES,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[Found]:
    """Read, compute and write each analysis, one after the other.

    The database is open for reading while an analysis reads, and for writing only while its rows
    are written. An analysis that finds nothing (any more) leaves its record and no row.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    settings : Settings
        Choices.
    analyses : sequence of Analysis
        Which; all by default.
    on_wait : callable, optional
        Called with a line of text when another process holds the database.

    Yields
    ------
    Found
        One per analysis that had rows to work on.

    Raises
    ------
    AnalysisError
        If none had.
    """
    found = False
    read: dict[str, _Rows] = {}
    with connect(root, on_wait=on_wait) as con:
        studies = read_view(con, STUDIES)
    for analysis in analyses:
        if analysis.query not in read:
            with connect(root, on_wait=on_wait) as con:
                read[analysis.query] = _Rows.of(con.sql(analysis.query).pl())
        rows = read[analysis.query]
        tables = analysis_tables(analysis, rows.frame, studies, settings)
        with connect(root, read_only=False, on_wait=on_wait) as con:
            written = _write(con, analysis, settings, rows, tables)
        if tables:
            yield written
            found = True
    if not found:
        raise AnalysisError(f"no runs with scores in {root}: `repdrift warehouse ingest -w {root}`")


def _write(
    con: duckdb.DuckDBPyConnection,
    analysis: Analysis,
    settings: Settings,
    rows: _Rows,
    tables: Tables,
) -> Found:
    analysis_id = write_results(
        con,
        analysis={
            "name": analysis.name,
            "query": analysis.query,
            "parameters": {name: asdict(settings)[name] for name in analysis.parameters},
            "n_runs": rows.n_runs,
            "data_hash": rows.data_hash,
            "code_version": version("repdrift"),
        },
        tables=tables,
    )
    n_rows = sum(len(results) for results in tables.values())
    return Found(analysis.name, analysis_id, rows.n_runs, n_rows)


def analysed_rows(
    root: Path,
    name: str,
    settings: Settings,
    *,
    where: Mapping[str, object],
    on_wait: Callable[[str], None] | None = None,
) -> pl.DataFrame:
    """Compute one analysis on all runs, write it, and return the rows that are asked for.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    name : str
        Of an analysis in ``ANALYSES``.
    settings : Settings
        Choices.
    where : mapping of str to object
        Columns of the result and the value that each must have.
    on_wait : callable, optional
        Called with a line of text when another process holds the database.

    Raises
    ------
    AnalysisError
        If no run is of use for it, or no row is asked for.
    WarehouseError
        If the result has no such column.
    """
    (analysis,) = (one for one in ANALYSES if one.name == name)
    try:
        (found,) = run_analyses(root, settings, analyses=[analysis], on_wait=on_wait)
    except AnalysisError as error:
        raise AnalysisError(
            f"{name}: no run in {root} is of use for it; it needs {QUESTIONS[name].needs}, "
            f"and reads {analysis.view}"
        ) from error
    with connect(root, on_wait=on_wait) as con:
        own = {"analysis_id": found.analysis_id, **where}
        rows = read_view(con, f"results.{analysis.table}", where=own)
        if rows.is_empty():
            raise AnalysisError(f"{name}: {_none_left(con, analysis.table, where)}")
    return rows.drop("analysis_id", "run_ids", strict=False)


def typed_rows(
    root: Path,
    name: str,
    where: Mapping[str, object],
    *,
    allow_mixed: bool = False,
    on_wait: Callable[[str], None] | None = None,
) -> pl.DataFrame:
    """Read rows of results that hold intervals, of one kind of uncertainty.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    name : str
        Table of ``results`` with a column ``uncertainty``.
    where : mapping of str to object
        Columns and the value that each must have.
    allow_mixed : bool, default False
        Whether several kinds may stand in one column.
    on_wait : callable, optional
        Called with a line of text when another process holds the database.

    Raises
    ------
    AnalysisError
        If no row is left.
    MixedUncertaintyError
        If intervals of several kinds are.
    """
    with connect(root, on_wait=on_wait) as con:
        rows = read_view(con, f"results.{name}", where=where)
        if rows.is_empty():
            raise AnalysisError(f"{root}: {_none_left(con, name, where)}")
    require_one_kind(
        rows.drop_nulls("ci_low")["uncertainty"],
        table=name,
        way_out="choose one with --uncertainty, or take them all with --allow-mixed",
        allow_mixed=allow_mixed,
    )
    return rows


def _none_left(con: duckdb.DuckDBPyConnection, name: str, where: Mapping[str, object]) -> str:
    """Say why no row of a table of results is left: it has none, or a condition is not met."""
    rows = read_view(con, f"results.{name}")
    if rows.is_empty():
        return f"no {name} yet: `repdrift analysis run` computes them"
    missing = unmet_condition(rows, where.items())
    asked = ", ".join(f"{column} = {value!r}" for column, value in where.items())
    return f"no row has {missing or f'all of {asked}'}"
