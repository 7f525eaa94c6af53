"""What every importer gives: runs, their tables, and what it could not map."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.progress import OnProgress, unseen
from warehouse.shard import is_complete
from warehouse.spool import RunWriter
from warehouse.tables import table, table_of_run

WRITERS = 16
# What makes two imported runs the same run.
IDENTITY = (
    "origin",
    "study",
    "backbone",
    "pretraining",
    "adaptation",
    "n_blocks",
    "pooling",
    "head",
    "dataset",
    "fold",
    "n_folds",
    "seed",
    "image_size",
    "config_hash",
)


@dataclass(frozen=True)
class ImportedRuns:
    """Runs from elsewhere.

    Attributes
    ----------
    runs : polars.DataFrame
        Columns of ``raw.runs``, one row per ``run_id``.
    tables : dict of str to polars.DataFrame
        ``scores``, ``similarities`` ... with the column ``run_id``.
    unmapped : tuple of str
        One line per thing that has no place here.
    """

    runs: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    unmapped: tuple[str, ...]


@dataclass(frozen=True)
class ImportReport:
    """What an import did: runs written, runs that were there with the same rows, what is wrong."""

    n_new: int
    n_known: int
    problems: tuple[str, ...]
    unmapped: tuple[str, ...]


@dataclass(frozen=True)
class Landing:
    """What became of one run."""

    is_new: bool
    problem: str | None = None


def with_run_id(rows: pl.DataFrame, *, name: str = "run_id") -> pl.DataFrame:
    """Add the run id that follows from the identity of the run.

    Parameters
    ----------
    rows : polars.DataFrame
        With the columns of ``IDENTITY``; a missing one counts as null.
    name : str, default "run_id"
        Name of the new column.
    """
    types = table("raw.runs").types
    identity = rows.select(
        (pl.col(column) if column in rows.columns else pl.lit(None))
        .cast(types[column])
        .alias(column)
        for column in IDENTITY
    )
    run_ids = [_digest(row) for row in identity.iter_rows()]
    return rows.with_columns(pl.Series(name, run_ids, dtype=pl.String))


def land(
    layout: Layout, imported: ImportedRuns, *, on_progress: OnProgress = unseen
) -> ImportReport:
    """Write imported runs into ``runs/``; those that are there already stay as they are.

    Parameters
    ----------
    layout : Layout
        The warehouse; its directories are made when they are missing.
    imported : ImportedRuns
        What an importer read.
    on_progress : callable, optional
        Called with a stage, and how many of how many runs it is through with.

    Returns
    -------
    ImportReport
        A run that is there with other rows is a problem: nothing is replaced silently.
    """
    parts = {
        name: rows.partition_by("run_id", as_dict=True) for name, rows in imported.tables.items()
    }

    def land_run(run: dict[str, object]) -> Landing:
        key = (run["run_id"],)
        return _land_run(
            layout, run, {name: part[key] for name, part in parts.items() if key in part}
        )

    with ThreadPoolExecutor(WRITERS) as writers:  # most of the time goes into waiting for the disk
        landings = []
        for landing in writers.map(land_run, imported.runs.iter_rows(named=True)):
            landings.append(landing)
            on_progress("writing runs", len(landings), len(imported.runs))
    return ImportReport(
        n_new=sum(landing.is_new for landing in landings),
        n_known=sum(not landing.is_new and not landing.problem for landing in landings),
        problems=tuple(landing.problem for landing in landings if landing.problem),
        unmapped=imported.unmapped,
    )


def _land_run(layout: Layout, run: dict[str, object], tables: dict[str, pl.DataFrame]) -> Landing:
    run_id = str(run["run_id"])
    if not is_complete(layout, run_id):
        _write(layout, run, tables)
        return Landing(is_new=True)
    try:
        is_same = _is_same(layout.run(run_id), tables)
    except ValueError as error:
        raise WarehouseError(f"run {run_id}, which is in the warehouse: {error}") from error
    if is_same:
        return Landing(is_new=False)
    return Landing(
        is_new=False,
        problem=f"run {run_id} is in the warehouse with other rows: "
        f"remove {layout.run(run_id)} to import it anew",
    )


def _write(layout: Layout, run: dict[str, object], tables: dict[str, pl.DataFrame]) -> None:
    with RunWriter(layout, str(run["run_id"])) as writer:
        for name, rows in tables.items():
            try:
                writer.append(name, rows)
            except pl.exceptions.InvalidOperationError as error:
                raise WarehouseError(f"a value for {name} is not of its type: {error}") from error
            except ValueError as error:
                raise WarehouseError(str(error)) from error
        try:
            writer.finish(run)
        except ValueError as error:
            raise WarehouseError(str(error)) from error


def _is_same(directory: Path, tables: dict[str, pl.DataFrame]) -> bool:
    stored = {path.stem for path in directory.glob("*.parquet")}
    return stored == set(tables) and all(
        declared.conform(pl.read_parquet(directory / f"{name}.parquet")).equals(
            declared.conform(rows)
        )
        for name, rows in tables.items()
        for declared in [table_of_run(name)]
    )


def _digest(identity: tuple[object, ...]) -> str:
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
