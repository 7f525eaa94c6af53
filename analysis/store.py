"""The only module of analysis that reads or writes the warehouse."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Self

import duckdb
import polars as pl

from analysis.analyses import ANALYSES, Analysis
from analysis.computing import CLAIM_VIEWS, STUDIES, Tables, analysis_tables, claim_tables
from analysis.questions import QUESTIONS
from analysis.settings import Settings
from analysis.steps.claim_effects import unmet
from analysis.testing.claims import Claim
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.lineage import rows_hash
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
    """Rows of a query that several analyses read, counted and hashed once."""

    frame: pl.DataFrame
    n_runs: int
    data_hash: str

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Self:
        return cls(frame, frame["run_id"].n_unique(), rows_hash(frame))


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
        If no run is of use for it.
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
        asked = ", ".join(f"{column} {value}" for column, value in where.items()) or "any kind"
        raise AnalysisError(f"{root} has no {name} of {asked}: `repdrift analysis run -w {root}`")
    require_one_kind(
        rows.drop_nulls("ci_low")["uncertainty"],
        table=name,
        way_out="choose one with --uncertainty, or take them all with --allow-mixed",
        allow_mixed=allow_mixed,
    )
    return rows


def check_claims(
    root: Path,
    claims: Sequence[Claim],
    *,
    level: float = 0.95,
    on_wait: Callable[[str], None] | None = None,
    on_unmet: Callable[[str], None] | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judge claims on a warehouse and write the verdicts.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    claims : sequence of Claim
        What is claimed.
    level : float, default 0.95
        Coverage behind the verdicts.
    on_wait : callable, optional
        Called with a line of text when another process holds the database.
    on_unmet : callable, optional
        Called with a line of text for each claim that no run fits.

    Returns
    -------
    tuple of DataFrame
        Rows of ``results.claims`` and of ``results.claim_panels``. Claims that no run fits have
        none.

    Raises
    ------
    AnalysisError
        If no claim is about a run that is there, or a claim names a column that is not.
    """
    with connect(root, on_wait=on_wait) as con:
        studies = read_view(con, STUDIES)
        used = sorted({claim.table for claim in claims})
        frames = {name: read_view(con, CLAIM_VIEWS[name]) for name in used}
    verdicts, panels, left_out = [], [], []
    for claim in claims:
        tables = claim_tables(claim, frames, studies, level=level)
        with connect(root, read_only=False, on_wait=on_wait) as con:
            write_results(con, analysis=_claim_record(con, claim, level), tables=tables)
        if tables:
            verdicts.append(tables["claims"])
            panels.append(tables["claim_panels"])
        else:
            left_out.append(f"claim {claim.id}: {unmet(claim, frames)}")
    if not verdicts:
        raise AnalysisError(f"none of {len(claims)} claims is about a run in {root}; {left_out[0]}")
    if on_unmet is not None:
        for line in left_out:
            on_unmet(line)
    return pl.concat(verdicts), pl.concat(panels)


def _claim_record(con: duckdb.DuckDBPyConnection, claim: Claim, level: float) -> dict[str, object]:
    """Record of an analysis: the view and the rows that a claim is about."""
    view = CLAIM_VIEWS[claim.table]
    rows = read_view(con, view, where=claim.where)
    return {
        "name": f"claim {claim.id}",
        "query": f"from {view}" + _where(claim.where),
        "parameters": asdict(claim) | {"level": level},
        "n_runs": rows["run_id"].n_unique(),
        "data_hash": rows_hash(rows),
        "code_version": version("repdrift"),
    }


def _where(conditions: Mapping[str, object]) -> str:
    """Conditions as SQL that runs by hand."""
    texts = []
    for name, value in conditions.items():
        values = [str(v) for v in value] if isinstance(value, list) else [str(value)]
        quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in values)
        texts.append(f"{name} in ({quoted})" if len(values) > 1 else f"{name} = {quoted}")
    return f" where {' and '.join(texts)}" if texts else ""


def write_audit(root: Path, tables: Tables, *, name: str) -> str:
    """Write the findings of an audit, and the printed tables; return the analysis id.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    tables : dict of str to DataFrame
        As `analysis.computing.audit_tables` gives them.
    name : str
        What was audited: `THREE_PAPERS`, or the folder.
    """
    return _write_printed(root, "audit", tables, {"tables": name})


def write_meta_analysis(root: Path, tables: Tables, *, name: str, level: float) -> str:
    """Write comparisons of the rows of printed tables; return the analysis id.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    tables : dict of str to DataFrame
        As `analysis.computing.meta_tables` gives them.
    name : str
        Which tables: `THREE_PAPERS`, or the folder.
    level : float
        Coverage of the intervals.
    """
    return _write_printed(root, "meta-analysis", tables, {"tables": name, "level": level})


def _write_printed(root: Path, analysis: str, tables: Tables, parameters: dict[str, object]) -> str:
    record = {
        "name": analysis,
        "query": "",  # it reads files, and no row of the warehouse
        "parameters": parameters,
        "n_runs": 0,
        "data_hash": rows_hash(next(iter(tables.values()))),
        "code_version": version("repdrift"),
    }
    with connect(root, read_only=False) as con:
        return write_results(con, analysis=record, tables=tables)
