"""Writes one run: in a directory of its own, renamed into place when it is whole."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.lock import RunLock
from warehouse.parquet import ParquetStream, activation_table
from warehouse.shard import MANIFEST, RUN, is_complete, manifest_text
from warehouse.tables import IN_PARQUET, table, table_of_run

__all__ = ["RunWriter", "is_complete"]


class RunWriter:
    """One run being written under ``spool/``; ``finish`` moves it into ``runs/`` in one rename.

    Used as a context manager. When the block is left without ``finish``, or by an exception, the
    partial run is removed; when the process is killed, it stays in ``spool/`` and the next writer
    of the same run starts afresh. Nothing in ``runs/`` is ever half a run.

    Parameters
    ----------
    layout : Layout
        The warehouse; its directories are made when they are missing.
    run_id : str
        The run.

    Attributes
    ----------
    directory : Path
        Where the run may put more files (checkpoints, logs); they are part of its manifest.

    Raises
    ------
    WarehouseError
        If the run is complete already, if another process is writing it, or if the directory
        cannot be written.
    """

    def __init__(self, layout: Layout, run_id: str) -> None:
        _refuse_complete(layout, run_id)
        self.run_id = run_id
        self.directory = layout.partial(run_id)
        self._layout = layout
        self._frames: dict[str, list[pl.DataFrame]] = {}
        self._streams: dict[str, ParquetStream] = {}
        self._finished = False
        try:
            layout.runs.mkdir(parents=True, exist_ok=True)
            layout.spool.mkdir(parents=True, exist_ok=True)
            self._lock = self._locked(layout, run_id)
            shutil.rmtree(self.directory, ignore_errors=True)  # left by a killed process
            self.directory.mkdir()
        except OSError as error:
            raise WarehouseError(
                f"cannot write run {run_id} in {layout.root}: {error.strerror}"
            ) from error

    @staticmethod
    def _locked(layout: Layout, run_id: str) -> RunLock:
        """Take the lock, and look again: its last holder may have completed the run meanwhile."""
        lock = RunLock(layout.lock(run_id))
        try:
            _refuse_complete(layout, run_id)
        except WarehouseError:
            lock.release()
            raise
        return lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stream in self._streams.values():
            stream.abandon()
        if not self._finished:
            shutil.rmtree(self.directory, ignore_errors=True)
        self._lock.release()
        if isinstance(error, OSError) and error.errno is not None:
            raise WarehouseError(
                f"run {self.run_id} was not written to {self._layout.root}: "
                f"{os.strerror(error.errno)}"
            ) from error

    def append(self, name: str, rows: pl.DataFrame) -> None:
        """Add rows to one of the tables of the run.

        Parameters
        ----------
        name : str
            The table: one of `IN_DATABASE` or `IN_PARQUET`.
        rows : polars.DataFrame
            Its columns as the schema declares them; ``run_id`` is filled in, and columns that may
            be null can be left out.

        Raises
        ------
        ValueError
            If the table is unknown, or the rows do not fit it.
        """
        declared = table_of_run(name)
        rows = declared.conform(rows.with_columns(run_id=pl.lit(self.run_id)))
        if name in IN_PARQUET:
            self._stream(name).write(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
        else:
            self._frames.setdefault(name, []).append(rows)

    def append_activations(
        self,
        *,
        epoch: int,
        layer: str,
        token: str,
        probe: str,
        sample_ids: Sequence[str],
        activations: npt.NDArray[np.float32],
    ) -> None:
        """Add the activations of one layer, as one row group.

        Parameters
        ----------
        epoch, layer, token, probe
            What they are, as the table ``activations`` declares it.
        sample_ids : sequence of str of length n_samples
            The images, in the order of the rows.
        activations : ndarray of shape (n_samples, n_features), float32
            One row per image.

        Raises
        ------
        ValueError
            If the array is not 2-D float32, or the lengths differ.
        """
        dimensions = {"epoch": epoch, "layer": layer, "token": token, "probe": probe}
        self._stream("activations").write(
            activation_table({"run_id": self.run_id, **dimensions}, sample_ids, activations)
        )

    def finish(self, run: Mapping[str, object]) -> Path:
        """Write what is left, make it durable, and rename the run into ``runs/``.

        Parameters
        ----------
        run : mapping
            The columns of ``raw.runs``; ``run_id`` and ``shard_hash`` are filled in, columns that
            may be null can be left out, and those of type JSON may be mappings.

        Returns
        -------
        Path
            The directory of the complete run.

        Raises
        ------
        ValueError
            If the columns do not fit, or two rows of a table have the same key.
        """
        for name, frames in self._frames.items():
            rows = pl.concat(frames)
            table(f"raw.{name}").require_unique(rows)
            self._stream(name).write(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
        for stream in self._streams.values():
            stream.close()
        text = json.dumps(_run_record(self.run_id, run), indent=1, default=str, allow_nan=False)
        (self.directory / RUN).write_text(text + "\n", encoding="utf-8")
        (self.directory / MANIFEST).write_text(manifest_text(self.directory), encoding="utf-8")
        for path in [*self.directory.rglob("*"), self.directory]:
            _sync(path)
        destination = self._layout.run(self.run_id)
        self.directory.rename(destination)
        self._finished = True
        _sync(self._layout.runs)
        return destination

    def _stream(self, name: str) -> ParquetStream:
        if name not in self._streams:
            self._streams[name] = ParquetStream(self.directory / f"{name}.parquet")
        return self._streams[name]


def _refuse_complete(layout: Layout, run_id: str) -> None:
    if is_complete(layout, run_id):
        raise WarehouseError(f"run {run_id} is complete already: {layout.run(run_id)}")


def _run_record(run_id: str, run: Mapping[str, object]) -> dict[str, object]:
    """Columns of ``raw.runs`` but ``shard_hash``, which only the manifest can tell."""
    declared = table("raw.runs")
    given = {**run, "run_id": run_id}
    unknown = given.keys() - declared.types.keys() | given.keys() & {"shard_hash"}
    if unknown:
        raise ValueError(f"a run has no column {', '.join(sorted(unknown))}")
    missing = [
        name for name in declared.required if given.get(name) is None and name != "shard_hash"
    ]
    if missing:
        raise ValueError(f"a run needs the column {', '.join(sorted(missing))}")
    return {
        name: value.isoformat() if isinstance(value := given.get(name), datetime) else value
        for name in declared.types
        if name != "shard_hash"
    }


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
