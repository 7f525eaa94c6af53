"""From a number of a report to the row, the analysis and the runs behind it, computed again."""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from warehouse.errors import WarehouseError
from warehouse.lineage import AnalysisState, Recompute, analysis_states, provenance, recomputed
from warehouse.output import as_table
from warehouse.report_cell import ReportCell, report_cell
from warehouse.sandbox import query_rows
from warehouse.tables import Table, declared_tables, key_in, table
from warehouse.view_comments import header

TOLERANCE = 1e-9  # sums in another order differ in the last bits
NO_ROW = "no such row"


@dataclass(frozen=True)
class Trace:
    """What stands behind a number.

    Attributes
    ----------
    cell : ReportCell
        The number in the report.
    today : str or None
        What its query gives now; None when it gives no such row any more.
    recomputed : dict of str to (str or None)
        The value computed again, by how it was: by the analysis from the rows that go in, in SQL
        from the rows of the runs. None where that way gives no such row any more.
    key : dict
        Key of the row.
    analysis : AnalysisState or None
        The analysis that computed the row; None when the query reads the runs themselves.
    runs : polars.DataFrame
        Provenance of each run behind the row.
    missing : tuple of str
        Runs that the report used and that are not in the warehouse any more.
    """

    cell: ReportCell
    today: str | None
    recomputed: dict[str, str | None]
    key: dict[str, str]
    analysis: AnalysisState | None
    runs: pl.DataFrame
    missing: tuple[str, ...]


def traced(
    con: duckdb.DuckDBPyConnection,
    artefact: Path,
    place: str,
    *,
    recompute: Recompute | None = None,
) -> Trace:
    """Trace a number of a report.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        The warehouse, as ``connect`` gives it.
    artefact, place
        As ``report_cell`` takes them.
    recompute : callable, optional
        Computes an analysis again; without it only what SQL can compute is computed again.

    Raises
    ------
    WarehouseError
        If the file belongs to no report, or the number is not in it.
    """
    cell = report_cell(artefact, place)
    key = {name: cell.row[name] for name in _key(cell)}
    today = _row_of(query_rows(con, cell.query), key)
    run_ids = _run_ids(cell.row) or _run_ids({} if today is None else _texts(today))
    runs = provenance(con, run_ids)
    analysis_id = (today or cell.row).get("analysis_id")
    analysis = next(iter(analysis_states(con, str(analysis_id))), None)
    return Trace(
        cell=cell,
        today=None if today is None else _texts(today)[cell.column],
        recomputed={} if today is None else _recomputed(con, cell, today, analysis, recompute),
        key=key,
        analysis=analysis,
        runs=runs,
        missing=tuple(sorted(set(run_ids) - set(runs["run_id"]))),
    )


def agrees(trace: Trace) -> bool:
    """Whether printed, current and recomputed values are the same up to the last bits."""
    values = [trace.today, *trace.recomputed.values()]
    is_rounded = not trace.cell.rounded or _is_rounded(trace.cell.rounded, trace.cell.printed)
    return is_rounded and all(_is_same(trace.cell.printed, value) for value in values)


def trace_text(trace: Trace) -> str:
    """Trace as a page of text."""
    cell = trace.cell
    lines = []
    if cell.rounded:
        note = "" if _is_rounded(cell.rounded, cell.printed) else " (NOT the number below, rounded)"
        lines.append(f"rounded     {cell.rounded}{note}")
    lines += [
        f"printed     {cell.printed} ({cell.column} in {cell.source})",
        f"today       {_verdict(cell, trace.today)}",
        *(f"recomputed  {_verdict(cell, value)} {how}" for how, value in trace.recomputed.items()),
        *([] if trace.recomputed else ["recomputed  no: its query derives it from the results"]),
        *(f"row         {name} = {value}" for name, value in trace.key.items()),
    ]
    if trace.analysis is not None:
        state = "STALE: its rows have changed since" if trace.analysis.is_stale else "up to date"
        lines += [
            f"analysis    {trace.analysis.name} ({trace.analysis.analysis_id}), {state}",
            f"            on {trace.analysis.query}",
            f"            with {trace.analysis.parameters}, repdrift {trace.analysis.code_version}",
        ]
    lines += [f"missing     run {run_id} is not in the warehouse" for run_id in trace.missing]
    lines += ["query", *(f"    {line}" for line in cell.query.splitlines())]
    runs = as_table(trace.runs).decode().splitlines()
    return "\n".join([*lines, "runs", *(f"    {line}" for line in runs)]) + "\n"


def _key(cell: ReportCell) -> list[str]:
    """Columns that name the row: those of the header of its query, or all others."""
    stated = " ".join(line for line in cell.query.splitlines() if line.startswith("-- key:"))
    named = key_in(f"{' '.join(header(cell.query))} {stated}", columns=list(cell.row))
    return list(named) or [name for name in cell.row if name != cell.column]


def _recomputed(
    con: duckdb.DuckDBPyConnection,
    cell: ReportCell,
    today: Mapping[str, object],
    analysis: AnalysisState | None,
    recompute: Recompute | None,
) -> dict[str, str | None]:
    if analysis is None:
        return {"by its query, which reads the runs": _texts(today)[cell.column]}
    found: dict[str, str | None] = {}
    name = _table(con, cell, analysis.analysis_id)
    in_sql = recomputed(con, name, today)
    if cell.column in in_sql:
        found["in SQL from the runs below"] = str(in_sql[cell.column])
    declared = table(f"results.{name}")
    if recompute is not None and cell.column in declared.types:
        rows = recompute(analysis, lambda query: query_rows(con, query)).get(name, pl.DataFrame())
        row = _row_of(rows, {column: cell.row[column] for column in _own_key(declared)})
        value = None if row is None else _texts(dict.fromkeys(declared.types) | row)[cell.column]
        found[f"by {analysis.name} from the rows of its query"] = value
    return found


def _verdict(cell: ReportCell, value: str | None) -> str:
    if value is None:
        return NO_ROW
    return f"{value} ({'the same' if _is_same(cell.printed, value) else 'NOT what was printed'})"


def _is_same(one: str, other: str | None) -> bool:
    if one == other:
        return True
    try:
        return other is not None and math.isclose(
            float(one), float(other), rel_tol=TOLERANCE, abs_tol=TOLERANCE**2
        )
    except ValueError:
        return False


def _is_rounded(rounded: str, printed: str) -> bool:
    """Whether a rounded number is another one, or its percentage, to its last digit."""
    try:
        digits = len(rounded.partition(".")[2])
        values = (float(printed), 100 * float(printed))
    except ValueError:
        return False
    return rounded in {f"{value:z.{digits}f}" for value in values}


def _row_of(rows: pl.DataFrame, key: Mapping[str, str]) -> dict[str, object] | None:
    """Row whose key a CSV shows as given; None when there is none, or more than one."""
    if any(name not in rows.columns for name in key) or rows.is_empty():
        return None
    shown = _as_shown(rows.select(list(key)))
    is_row = pl.all_horizontal(pl.col(name) == value for name, value in key.items())
    places = shown.select(pl.arg_where(is_row)).to_series()
    return rows.row(int(places[0]), named=True) if len(places) == 1 else None


def _as_shown(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as the CSV of a report shows them: lists joined by spaces, null as nothing."""
    lists = [name for name, kind in rows.schema.items() if kind == pl.List]
    flat = rows.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join(" "))
    shown = list(csv.reader(io.StringIO(flat.write_csv())))
    return pl.DataFrame(shown[1:], schema=dict.fromkeys(shown[0], pl.String), orient="row")


def _run_ids(row: Mapping[str, str]) -> list[str]:
    """Ids of the runs behind a row; none where a report left a long list to its SQL."""
    return (row.get("run_ids") or row.get("run_id") or "").split()


def _texts(row: Mapping[str, object]) -> dict[str, str]:
    return _as_shown(pl.DataFrame([row])).row(0, named=True)


def _table(con: duckdb.DuckDBPyConnection, cell: ReportCell, analysis_id: str) -> str:
    """Table of ``results`` that the row is of: it holds the analysis, and the row has its key.

    An analysis may fill several tables; the row is of that with which it shares most columns.

    Raises
    ------
    WarehouseError
        If the row has the key of none of them.
    """
    fitting: list[tuple[int, str]] = []
    for name in declared_tables():
        key = _own_key(table(name))
        if not name.startswith("results.") or not key or not set(key) <= cell.row.keys():
            continue
        query = f"select 1 from {name} where analysis_id = $1 limit 1"  # noqa: S608
        if con.execute(query, [analysis_id]).fetchall():
            n_shared = len(cell.row.keys() & table(name).types.keys())
            fitting.append((n_shared, name.removeprefix("results.")))
    if not fitting:
        raise WarehouseError(
            f"{cell.source} has not all columns that name a result: build the report again"
        )
    return max(fitting)[1]


def _own_key(declared: Table) -> list[str]:
    """Key of a table of results within one analysis."""
    return [name for name in declared.key if name != "analysis_id"]
