"""Mends a warehouse: sets damaged runs aside and makes the database anew from the others."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from warehouse.check import damaged_runs, left_over_writes
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.ingest import IngestReport, ingest
from warehouse.layout import Layout


@dataclass(frozen=True)
class RepairReport:
    """What a repair did.

    Attributes
    ----------
    set_aside : tuple of str
        Damaged runs, now in ``damaged/``; collecting or importing makes them again.
    removed : tuple of str
        Runs that a killed process left half written.
    old_database : Path or None
        Where the old database went; None when there was none.
    ingested : IngestReport
        What came into the new one.
    """

    set_aside: tuple[str, ...]
    removed: tuple[str, ...]
    old_database: Path | None
    ingested: IngestReport


def repair(layout: Layout, *, on_wait: Callable[[str], None] | None = None) -> RepairReport:
    """Set damaged runs aside, remove half-written ones, make the database anew from ``runs/``.

    Nothing is thrown away but half-written runs: damaged ones go to ``damaged/``, the old database
    stays beside the new one. Results are not in ``runs/``: `repdrift analysis run` computes them.

    Parameters
    ----------
    layout : Layout
        The warehouse.
    on_wait : callable, optional
        Called with a line of text when another process holds the database.

    Raises
    ------
    WarehouseError
        If another process holds the database, or a directory cannot be written.
    """
    _require_not_held(layout, on_wait)
    try:
        set_aside = _set_aside(layout)
        removed = tuple(left_over_writes(layout))
        for run_id in removed:
            shutil.rmtree(layout.partial(run_id))
        old_database = _moved_database(layout)
    except OSError as error:
        raise WarehouseError(f"{error.filename} cannot be changed: {error.strerror}") from error
    return RepairReport(set_aside, removed, old_database, ingest(layout, on_wait=on_wait))


def _require_not_held(layout: Layout, on_wait: Callable[[str], None] | None) -> None:
    if not layout.database.is_file():
        return
    try:
        with connect(layout.root, on_wait=on_wait):
            pass
    except WarehouseError as error:
        if "has been held by" in str(error):
            raise


def _set_aside(layout: Layout) -> tuple[str, ...]:
    damaged = tuple(damaged_runs(layout))
    for run_id in damaged:
        destination = layout.root / "damaged" / run_id
        destination.parent.mkdir(exist_ok=True)
        if destination.exists():
            shutil.rmtree(destination)
        (layout.runs / run_id).rename(destination)
    return damaged


def _moved_database(layout: Layout) -> Path | None:
    if not layout.database.exists():
        return None
    number = 1
    while (old := layout.root / f"warehouse.{number}.old.duckdb").exists():
        number += 1
    wal = layout.database.with_name(f"{layout.database.name}.wal")
    if wal.exists():
        wal.rename(old.with_name(f"{old.name}.wal"))
    return layout.database.rename(old)
