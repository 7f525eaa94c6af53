"""The only module of analysis that reads or writes the warehouse."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb
import polars as pl

from analysis.analyses import ANALYSES, Analysis
from analysis.settings import Settings
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.results import write_results
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


def run_analyses(
    root: Path,
    settings: Settings,
    *,
    analyses: Sequence[Analysis] = ANALYSES,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[Found]:
    """Read, compute and write each analysis, one after the other.

    The database is open for reading while an analysis reads, and for writing only while its rows
    are written.

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
    for analysis in analyses:
        with connect(root, on_wait=on_wait) as con:
            rows = read_view(con, analysis.view, where=analysis.where)
        if rows.is_empty():
            continue
        results = analysis.compute(rows, settings)
        with connect(root, read_only=False, on_wait=on_wait) as con:
            yield _write(con, analysis, settings, rows, results)
        found = True
    if not found:
        raise AnalysisError(f"no runs with scores in {root}: `repdrift warehouse ingest -w {root}`")


def _write(
    con: duckdb.DuckDBPyConnection,
    analysis: Analysis,
    settings: Settings,
    rows: pl.DataFrame,
    results: pl.DataFrame,
) -> Found:
    n_runs = rows["run_id"].n_unique()
    analysis_id = write_results(
        con,
        analysis={
            "name": analysis.name,
            "query": analysis.query,
            "parameters": {name: asdict(settings)[name] for name in analysis.parameters},
            "n_runs": n_runs,
            "data_hash": rows_hash(rows),
            "code_version": version("repdrift"),
        },
        tables={analysis.table: results},
    )
    return Found(analysis.name, analysis_id, n_runs, len(results))


def rows_hash(rows: pl.DataFrame) -> str:
    """SHA-256 of a frame, whatever the order of its rows.

    Examples
    --------
    >>> frame = pl.DataFrame({"run_id": ["a", "b"], "value": [0.1, 0.2]})
    >>> rows_hash(frame) == rows_hash(frame.reverse())
    True
    """
    in_order = rows.sort(rows.columns, nulls_last=True)
    return hashlib.sha256(in_order.write_csv().encode()).hexdigest()
