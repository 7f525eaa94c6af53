"""Finds what is wrong in a warehouse."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb

from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.lineage import analysis_states
from warehouse.lock import is_locked
from warehouse.shard import MANIFEST, damages, read_shard
from warehouse.tables import statements
from warehouse.view_comments import header


@dataclass(frozen=True)
class Finding:
    """Something wrong: what it is about, and what to do."""

    about: str
    message: str
    remedy: str


def findings(layout: Layout, *, on_wait: Callable[[str], None] | None = None) -> list[Finding]:
    """Everything that is wrong in a warehouse; reads every file of every run.

    Parameters
    ----------
    layout : Layout
        The warehouse.
    on_wait : callable, optional
        Called with a line of text when another process holds the database.

    Returns
    -------
    list of Finding
        Empty when the warehouse is sound: files as written, database and runs agree, and no query
        of ``sql/checks`` returns a row.

    Raises
    ------
    WarehouseError
        If another process holds the database for too long.
    """
    found = [*_damaged_runs(layout), *_left_over_writes(layout)]
    try:
        with connect(layout.root, on_wait=on_wait) as con:
            found += [*_disagreements(con, layout), *_offending_rows(con), *_stale_results(con)]
    except WarehouseError as error:
        if "has been held by" in str(error):
            raise
        found.append(Finding(layout.database.name, str(error), "repair"))
    return found


def left_over_writes(layout: Layout) -> list[str]:
    """Ids of the runs that are half written and whose writer is dead."""
    return [
        path.name.removesuffix(".partial")
        for path in sorted(layout.spool.glob("*.partial"))
        if not is_locked(layout.lock(path.name.removesuffix(".partial")))
    ]


def damaged_runs(layout: Layout) -> dict[str, list[str]]:
    """Damaged runs of ``runs/``, and what is wrong with the files of each."""
    found = {}
    for directory in sorted(layout.runs.glob("*")):
        try:
            lines = damages(read_shard(directory))
        except WarehouseError as error:
            lines = [str(error)]
        if lines:
            found[directory.name] = lines
    return found


def _damaged_runs(layout: Layout) -> Iterator[Finding]:
    for run_id, lines in damaged_runs(layout).items():
        for line in lines:
            yield Finding(run_id, line, "repair, then collect or import the run again")


def _left_over_writes(layout: Layout) -> Iterator[Finding]:
    for run_id in left_over_writes(layout):
        yield Finding(run_id, f"run {run_id}: its writer was killed", "collect it again, or repair")


def _disagreements(con: duckdb.DuckDBPyConnection, layout: Layout) -> Iterator[Finding]:
    known = dict(con.execute("select run_id, shard_hash from raw.runs").fetchall())
    there = {path.parent.name for path in layout.runs.glob(f"*/{MANIFEST}")}
    for run_id in sorted(there - known.keys()):
        yield Finding(run_id, f"run {run_id} is not in the database", "ingest")
    for run_id in sorted(known.keys() - there):
        yield Finding(run_id, f"run {run_id} is in the database, but not in runs/", "repair")
    for run_id in sorted(there & known.keys()):
        try:
            has_changed = read_shard(layout.run(run_id)).shard_hash != known[run_id]
        except WarehouseError:
            continue  # reported among the damaged runs
        if has_changed:
            yield Finding(run_id, f"run {run_id} has changed since it was ingested", "ingest")


def _stale_results(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    for analysis in analysis_states(con):
        if analysis.is_stale:
            message = f"results of {analysis.name} ({analysis.analysis_id}) are stale"
            yield Finding(analysis.name, f"{message}: their runs have changed", "analysis run")


def _offending_rows(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    for name, text in statements("checks"):
        rows = con.sql(text).pl()
        if len(rows):
            first = ", ".join(f"{key} = {value}" for key, value in rows.row(0, named=True).items())
            about = name.removesuffix(".sql")
            message = f"{' '.join(header(text))} {len(rows)} rows, the first: {first}"
            yield Finding(about, message, "look at the run, then collect or import it again")
