"""From a cell of a report to the row, the analysis and the runs behind it, computed again."""

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from warehouse.errors import WarehouseError
from warehouse.lineage import AnalysisState, analysis_states, provenance, recomputed
from warehouse.output import as_table
from warehouse.sandbox import query_rows
from warehouse.tables import key_in
from warehouse.view_comments import header

TOLERANCE = 1e-9  # relative: sums in another order differ in the last bits


@dataclass(frozen=True)
class Cell:
    """Which row of the numbers behind an artefact, and which column."""

    row: int | None
    where: Mapping[str, str]
    column: str


@dataclass(frozen=True)
class Trace:
    """What stands behind a cell.

    Attributes
    ----------
    printed, today : str or None
        The value when the report was built, and what its query gives now; None when it gives no
        such row any more.
    recomputed : float or None
        The value computed again in SQL from the runs; None where only the analysis can compute it.
    query : str
        SQL that gives the rows behind the artefact.
    key : dict
        Key of the row.
    analysis : AnalysisState or None
        The analysis that computed the row; None when the row comes straight from the runs.
    runs : polars.DataFrame
        Provenance of each run behind the row.
    missing : tuple of str
        Runs that the report used and that are not in the warehouse any more.
    """

    printed: str
    today: str | None
    recomputed: float | None
    query: str
    key: dict[str, str]
    analysis: AnalysisState | None
    runs: pl.DataFrame
    missing: tuple[str, ...]


def parsed_cell(text: str) -> Cell:
    """Cell from ``ROW:COLUMN`` or ``name=value,name=value:COLUMN``; rows count from 1.

    Raises
    ------
    WarehouseError
        If the text is neither.

    Examples
    --------
    >>> parsed_cell("3:estimate").row
    3
    >>> parsed_cell("dataset=knee,fold=1:value").where
    {'dataset': 'knee', 'fold': '1'}
    """
    place, colon, column = text.rpartition(":")
    if colon and column and re.fullmatch(r"[1-9]\d*", place):
        return Cell(int(place), {}, column)
    pairs = [part.partition("=") for part in place.split(",")]
    if not colon or not column or not all(name and equals for name, equals, _ in pairs):
        raise WarehouseError(
            f"{text!r} is no cell: write ROW:COLUMN, or name=value,name=value:COLUMN"
        )
    return Cell(None, {name: value for name, _, value in pairs}, column)


def traced(con: duckdb.DuckDBPyConnection, artefact: Path, cell: Cell) -> Trace:
    """Trace a cell of a table or figure of a report.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        The warehouse, as ``connect`` gives it.
    artefact : Path
        Any file of the table or figure in the folder of the report; the numbers are those of the
        ``.csv`` beside it.
    cell : Cell
        As ``parsed_cell`` gives it.

    Raises
    ------
    WarehouseError
        If the file belongs to no report, or the cell is not in its numbers.
    """
    stem = _numbers_of(artefact)
    query = stem.with_suffix(".sql").read_text(encoding="utf-8").strip().removesuffix(";")
    printed = list(csv.DictReader(io.StringIO(stem.read_text(encoding="utf-8"))))
    row = _row(printed, cell, stem)
    columns = key_in(" ".join(header(query)) or _key_line(query), columns=list(row))
    key = {name: row[name] for name in columns or [name for name in row if name != cell.column]}
    rows_today = query_rows(con, query)
    today = _same_row(rows_today, key)
    current = _texts(today).get(cell.column) if today is not None else None
    run_ids = _run_ids(row)
    runs = provenance(con, run_ids)
    states = {state.analysis_id: state for state in analysis_states(con)}
    analysis = states.get(row.get("analysis_id", ""))
    again = recomputed(con, _table(con, row), today or {}).get(cell.column)
    return Trace(
        printed=row[cell.column],
        today=current,
        recomputed=float(again) if isinstance(again, int | float) else None,
        query=query,
        key=key,
        analysis=analysis,
        runs=runs,
        missing=tuple(sorted(set(run_ids) - set(runs["run_id"]))),
    )


def agrees(trace: Trace) -> bool:
    """Whether printed, current and recomputed value are the same up to the last bits."""
    values = [trace.today] + ([] if trace.recomputed is None else [str(trace.recomputed)])
    return all(_is_close(trace.printed, value, TOLERANCE) for value in values)


def trace_text(trace: Trace) -> str:
    """Trace as a page of text."""
    is_same = _is_close(trace.printed, trace.today, TOLERANCE)
    changed = "the same" if is_same else "NOT what was printed"
    lines = [
        f"printed     {trace.printed}",
        f"today       {trace.today} ({changed})" if trace.today else "today       no such row",
    ]
    if trace.recomputed is not None:
        lines.append(f"recomputed  {trace.recomputed!r} in SQL from the runs below")
    lines += [f"row         {name} = {value}" for name, value in trace.key.items()]
    if trace.analysis is not None:
        state = "STALE: its rows have changed since" if trace.analysis.is_stale else "up to date"
        lines += [
            f"analysis    {trace.analysis.name} ({trace.analysis.analysis_id}), {state}",
            f"            on {trace.analysis.query}",
            f"            with {trace.analysis.parameters}, repdrift {trace.analysis.code_version}",
        ]
    lines += [f"missing     run {run_id} is not in the warehouse" for run_id in trace.missing]
    lines += ["query", *(f"    {line}" for line in trace.query.splitlines())]
    runs = as_table(trace.runs).decode().splitlines()
    return "\n".join([*lines, "runs", *(f"    {line}" for line in runs)]) + "\n"


def _is_close(one: str, other: str | None, tolerance: float) -> bool:
    if one == other:
        return True
    try:
        return other is not None and math.isclose(float(one), float(other), rel_tol=tolerance)
    except ValueError:
        return False


def _numbers_of(artefact: Path) -> Path:
    """CSV with the numbers behind a file of a report, which the manifest must know."""
    for folder in artefact.absolute().parents:
        manifest = folder / "manifest.json"
        if manifest.is_file():
            break
    else:
        raise WarehouseError(f"{artefact} is in no report: no folder above it has a manifest.json")
    name = artefact.absolute().relative_to(folder).as_posix()
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["artefacts"]
        files = next((entry["files"] for entry in entries if name in entry["files"]), None)
    except (ValueError, KeyError, TypeError) as error:
        raise WarehouseError(f"{manifest} is not the manifest of a report") from error
    if files is None:
        raise WarehouseError(f"{manifest} does not know {name}: build the report again")
    own = artefact.with_suffix(".csv")
    stem = own if own.is_file() else folder / min((f for f in files if f.endswith(".csv")), key=len)
    if not stem.is_file():
        raise WarehouseError(f"{stem} is missing: build the report again")
    return stem


def _row(rows: list[dict[str, str]], cell: Cell, source: Path) -> dict[str, str]:
    if not rows:
        raise WarehouseError(f"{source} has no rows")
    if cell.column not in rows[0]:
        raise WarehouseError(f"{source} has no column {cell.column!r}, but {', '.join(rows[0])}")
    unknown = sorted(cell.where.keys() - rows[0].keys())
    if unknown:
        raise WarehouseError(f"{source} has no column {unknown[0]!r}, but {', '.join(rows[0])}")
    if cell.row is not None:
        if cell.row > len(rows):
            raise WarehouseError(f"{source} has {len(rows)} rows, and no row {cell.row}")
        return rows[cell.row - 1]
    found = [row for row in rows if all(row[name] == value for name, value in cell.where.items())]
    if len(found) != 1:
        raise WarehouseError(
            f"{len(found)} rows of {source} fit {dict(cell.where)}: one is expected"
        )
    return found[0]


def _key_line(query: str) -> str:
    return next((line for line in query.splitlines() if line.startswith("-- key:")), "")


def _same_row(rows: pl.DataFrame, key: Mapping[str, str]) -> dict[str, object] | None:
    for row in rows.iter_rows(named=True):
        texts = _texts(row)
        if all(texts.get(name, "") == value for name, value in key.items()):
            return row
    return None


def _texts(row: Mapping[str, object]) -> dict[str, str]:
    """Row as a CSV shows it: lists joined by spaces, null as nothing."""
    flat = {
        name: " ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in row.items()
    }
    text = pl.DataFrame([flat]).write_csv()
    return next(csv.DictReader(io.StringIO(text)))


def _run_ids(row: Mapping[str, str]) -> list[str]:
    return (row.get("run_ids") or row.get("run_id") or "").split()


def _table(con: duckdb.DuckDBPyConnection, row: Mapping[str, str]) -> str:
    """Table of ``results`` that has rows of the analysis of the row; empty when there is none."""
    tables = con.execute(
        "select table_name from duckdb_tables() "
        "where schema_name = 'results' and table_name <> 'analyses'"
    ).fetchall()
    for (name,) in tables:
        query = f"select 1 from results.{name} where analysis_id = $1 limit 1"  # noqa: S608
        if con.execute(query, [row.get("analysis_id")]).fetchall():
            return str(name)
    return ""
