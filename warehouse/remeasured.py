"""Similarities that were taken of a complete run later, from the activations that it kept."""

import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

import polars as pl

from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.lock import RunLock
from warehouse.shard import MANIFEST, read_shard
from warehouse.tables import table

PREFIX = "remeasured."
SIMILARITIES = "similarities.parquet"
INFERRED = (
    "null_mean",
    "null_sd",
    "null_p_value",
    "ci_low",
    "ci_high",
    "ci_variance_ratio",
    "top_image_influence",
    "trimmed_value",
)


class Added(NamedTuple):
    """Rows that stand beside those of the run, and rows that stand in place of some of them."""

    n_new: int
    n_again: int


def add_similarities(
    layout: Layout, run_id: str, rows: pl.DataFrame, *, again: bool = False
) -> Added:
    """Add similarities to a complete run; taken twice, the later value counts.

    What is known of chance already and not taken again (null distribution, interval) is kept with
    an equal value of the same units. The file that the run wrote is never changed: a row that is
    taken again stands in its place in the database only. The new file is written first, then the
    manifest is replaced in one rename: a process that is killed in between leaves the run as it
    was.

    Parameters
    ----------
    layout : Layout
        The warehouse; the next ``ingest`` brings the rows into the database.
    run_id : str
        The run.
    rows : polars.DataFrame
        As ``raw.similarities`` declares them; ``run_id`` and ``is_remeasured`` are filled in.
    again : bool, default False
        Take also what the run itself recorded; otherwise those rows are left out.

    Returns
    -------
    Added
        How many rows the run has from here on, those of earlier times included.

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
        own = _read(directory, [SIMILARITIES] if SIMILARITIES in files else [])
        earlier = _read(directory, [name for name in files if name.startswith(PREFIX)])
        fresh = declared.conform(
            rows.with_columns(run_id=pl.lit(run_id), is_remeasured=pl.lit(True))
        )
        if not again:
            fresh = _without(fresh, own)
        fresh = _completed(_completed(fresh, earlier), own)
        later = pl.concat([fresh, _without(earlier, fresh)])
        declared.require_unique(later)
        _replace(directory, files, later.sort(declared.key, nulls_last=True))
    finally:
        lock.release()
    n_new = len(_without(later, own))
    return Added(n_new, len(later) - n_new)


def _read(directory: Path, names: list[str]) -> pl.DataFrame:
    """Rows of files, with the columns that their version did not know yet."""
    declared = table("raw.similarities")
    frames = [declared.conform(pl.read_parquet(directory / name)) for name in names]
    return pl.concat([pl.DataFrame(schema=declared.types), *frames])


def _without(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    key = list(table("raw.similarities").key)
    return rows.join(known, on=key, how="anti", nulls_equal=True)


def _completed(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Rows with what is known of an equal value and was not taken now."""
    key = list(table("raw.similarities").key)
    known = known.select(*key, "value", "n_images", *INFERRED)
    both = rows.join(known, on=key, how="left", nulls_equal=True, suffix="_known")
    alike = pl.col("n_images") == pl.col("n_images_known")
    equal = (pl.col("value") - pl.col("value_known")).abs() <= 1e-9 * pl.col("value").abs()
    return both.with_columns(
        pl.coalesce(name, pl.when(alike & equal).then(f"{name}_known")) for name in INFERRED
    ).select(rows.columns)


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
