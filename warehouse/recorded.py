"""A study as a few small Parquet files, and the runs that they give back."""

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq

from warehouse.errors import WarehouseError
from warehouse.importers.imported import ImportedRuns
from warehouse.tables import IN_DATABASE, table
from warehouse.views import read_view

RUNS = "runs"
# float32 there, half the size
IN_SINGLE = ("similarities", "parameter_distances", "attention", "timings")


def write_recorded(con: duckdb.DuckDBPyConnection, study: str, directory: Path) -> list[Path]:
    """Write the rows of a study as ``runs.parquet`` and one file per table that has rows.

    Made to be committed: columns that are null in every row are left out, rows are sorted by their
    key, and the numbers of ``IN_SINGLE`` are rounded to float32 (24 bits). Scores stay as they are.
    Predictions and activations are not written.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        As ``connect`` gives it.
    study : str
        Which runs, by the column ``study``.
    directory : Path
        Made when it is missing; files of the same names are replaced.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    WarehouseError
        If the study has no run, or the directory cannot be written.
    """
    runs = read_view(con, "raw.runs", where={"study": study}).drop("shard_hash")
    if runs.is_empty():
        raise WarehouseError(f"no run of the study {study!r} is in the warehouse")
    frames = {RUNS: runs.sort("run_id")}
    for name in IN_DATABASE:
        rows = read_view(con, f"raw.{name}").join(runs, on="run_id", how="semi")
        if name in IN_SINGLE:
            rows = rows.with_columns(pl.col(pl.Float64).cast(pl.Float32))
        if len(rows):
            key = [key for key in table(f"raw.{name}").key if key != "epoch"]
            frames[name] = rows.sort([*key, "epoch"], nulls_last=True)
    paths = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, rows in frames.items():
            paths.append(directory / f"{name}.parquet")
            _write(_without_empty_columns(rows), paths[-1])
    except OSError as error:
        raise WarehouseError(f"cannot write {directory}: {error.strerror}") from error
    return paths


def read_recorded(
    directory: Path, *, similarities: Mapping[str, str] | None = None
) -> ImportedRuns:
    """Read what ``write_recorded`` wrote; ``land`` brings it into a warehouse.

    Parameters
    ----------
    directory : Path
        With ``runs.parquet`` and files of the tables.
    similarities : mapping of str to str, optional
        Columns of ``similarities`` and the value that each must have; every row by default.

    Returns
    -------
    ImportedRuns
        The runs under their own ids, with the device, versions and dates of their training.

    Raises
    ------
    WarehouseError
        If ``runs.parquet`` is missing, or a file cannot be read.
    """
    types = table("raw.runs").sql_types
    runs = _read(directory / f"{RUNS}.parquet")
    documents = [name for name in runs.columns if types.get(name) == "JSON"]
    runs = runs.with_columns(
        pl.Series(name, [json.loads(text) for text in runs[name]], dtype=pl.Object)
        for name in documents
    )
    tables = {
        name: _read(path)
        for name in IN_DATABASE
        if (path := directory / f"{name}.parquet").is_file()
    }
    if similarities and "similarities" in tables:
        tables["similarities"] = tables["similarities"].filter(**similarities)
    return ImportedRuns(runs=runs, tables=tables, unmapped=())


def _without_empty_columns(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(column for column in rows if column.null_count() < len(rows))


def _write(rows: pl.DataFrame, path: Path) -> None:
    floats = rows.select(pl.col(pl.Float32, pl.Float64)).columns
    pq.write_table(
        rows.to_arrow(compat_level=pl.CompatLevel.oldest()),
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in rows.columns if name not in floats],
        column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
        row_group_size=len(rows),
    )


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except FileNotFoundError as error:
        raise WarehouseError(f"{path} is missing: no recorded study is there") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise WarehouseError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
