"""Similarities that were taken of a complete run later, from the activations that it kept."""

import hashlib
import json
import os
from pathlib import Path

import polars as pl

from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.lock import RunLock
from warehouse.shard import MANIFEST, read_shard
from warehouse.tables import table

PREFIX = "remeasured."
SIMILARITIES = "similarities.parquet"


def add_similarities(layout: Layout, run_id: str, rows: pl.DataFrame) -> int:
    """Add similarities to a complete run; taken twice, the later value counts.

    What the run itself recorded is never changed. The new file is written first, then the manifest
    is replaced in one rename: a process that is killed in between leaves the run as it was.

    Parameters
    ----------
    layout : Layout
        The warehouse; the next ``ingest`` brings the rows into the database.
    run_id : str
        The run.
    rows : polars.DataFrame
        As ``raw.similarities`` declares them; ``run_id`` is filled in.

    Returns
    -------
    int
        Rows that the run itself had not recorded.

    Raises
    ------
    WarehouseError
        If there is no such run, or another process is writing it.
    ValueError
        If the rows do not fit the table.
    """
    declared = table("raw.similarities")
    directory = layout.run(run_id)
    layout.spool.mkdir(parents=True, exist_ok=True)
    lock = RunLock(layout.lock(run_id))
    try:
        files = read_shard(directory).files
        fresh = declared.conform(rows.with_columns(run_id=pl.lit(run_id)))
        for name in files:
            if name.startswith(PREFIX):
                earlier = declared.conform(pl.read_parquet(directory / name))
                fresh = pl.concat([fresh, _without(earlier, fresh)])
        if SIMILARITIES in files:
            fresh = _without(fresh, pl.read_parquet(directory / SIMILARITIES))
        declared.require_unique(fresh)
        _replace(directory, files, fresh.sort(declared.key, nulls_last=True))
    finally:
        lock.release()
    return len(fresh)


def _without(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    key = list(table("raw.similarities").key)
    return rows.join(known, on=key, how="anti", nulls_equal=True)


def _replace(directory: Path, files: dict[str, str], rows: pl.DataFrame) -> None:
    partial = directory / f"{PREFIX}partial"
    rows.write_parquet(partial)
    digest = hashlib.sha256(partial.read_bytes()).hexdigest()
    name = f"{PREFIX}{digest[:12]}.parquet"
    _durable(partial, directory / name)
    kept = {known: value for known, value in files.items() if not known.startswith(PREFIX)}
    manifest = directory / f"{MANIFEST}.partial"
    content = {"files": {**kept, name: digest}}
    manifest.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    _durable(manifest, directory / MANIFEST)
    for old in directory.glob(f"{PREFIX}*.parquet"):
        if old.name != name:
            old.unlink()


def _durable(written: Path, destination: Path) -> None:
    """Rename a file whose content is on the disk."""
    descriptor = os.open(written, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise WarehouseError(f"cannot write {destination}: {error.strerror}") from error
    finally:
        os.close(descriptor)
    written.replace(destination)
