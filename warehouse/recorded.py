"""A study as a few small Parquet files, and the runs that they give back."""

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq

from warehouse.errors import WarehouseError
from warehouse.importers.imported import ImportedRuns
from warehouse.parquet import leaves
from warehouse.tables import IN_DATABASE, PICTURES, table, table_of_run
from warehouse.views import read_view

RUNS = "runs"
CELL = ("dataset", "backbone", "pretraining", "adaptation", "n_blocks", "pooling", "head")
# float32 there, half the size
IN_SINGLE = ("similarities", "parameter_distances", "attention", "filter_shapes", "timings")
# Most rows are similarities: rounded further, by far less than their intervals, they take a third
# less room.
VALUE_BITS, BESIDE_VALUE_BITS = 18, 14
SCORE_BITS = 32  # a third less room than 53, for less than a billionth


def write_recorded(con: duckdb.DuckDBPyConnection, study: str, directory: Path) -> list[Path]:
    """Write the rows of a study as ``runs.parquet`` and one file per table that has rows.

    Made to be committed: columns that are null in every row are left out, rows that are alike
    stand together, and the numbers of ``IN_SINGLE`` are rounded to float32 (24 bits), similarities
    to 18 bits (2 in a million), what stands beside them to 14 (3 in 100,000), and scores to 32 (1
    in 8,000,000,000). Attention maps, their images and filters are those of one run in each cell of
    the grid: of the lowest seed and fold that has them. Predictions and activations are not
    written.

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
        if len(rows):
            smaller = _with_fewer_bits(rows, name)
            frames[name] = _neighbours_alike(smaller, runs, table(f"raw.{name}").key)
    frames |= _pictures(con, runs)
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
        for name in IN_DATABASE + PICTURES
        if (path := directory / f"{name}.parquet").is_file()
    }
    if similarities and "similarities" in tables:
        tables["similarities"] = tables["similarities"].filter(**similarities)
    return ImportedRuns(runs=runs, tables=tables, unmapped=())


def _pictures(con: duckdb.DuckDBPyConnection, runs: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Tables of `PICTURES` of the first run of each cell that has some."""
    run_ids = runs["run_id"].to_list()
    rows = {name: read_view(con, name, where={"run_id": run_ids}) for name in PICTURES}
    pictured = pl.concat(frame.select("run_id") for frame in rows.values()).unique()
    first = (
        runs.join(pictured, on="run_id", how="semi")
        .sort("seed", "fold", "run_id")
        .unique(CELL, keep="first", maintain_order=True)
    )
    kept = {name: frame.join(first, on="run_id", how="semi") for name, frame in rows.items()}
    return {name: frame.sort(table_of_run(name).key) for name, frame in kept.items() if len(frame)}


def _with_fewer_bits(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows of a table with their numbers rounded, as `write_recorded` says."""
    if name in IN_SINGLE:
        rows = rows.with_columns(pl.col(pl.Float64).cast(pl.Float32))
    if name == "similarities":
        return rows.with_columns(
            _rounded(column, VALUE_BITS if column.name == "value" else BESIDE_VALUE_BITS)
            for column in rows.select(pl.col(pl.Float32))
        )
    if name == "scores":
        return rows.with_columns(_rounded(rows["value"], SCORE_BITS))
    return rows


def _neighbours_alike(rows: pl.DataFrame, runs: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Sort rows so that those of a cell, a place and an epoch, which compress well, come together.

    Runs of one cell follow their seed and fold.
    """
    kind = [name for name in key if name not in ("run_id", "epoch")]
    cells = runs.sort(*CELL, "seed", "fold", "run_id", nulls_last=True).with_row_index("place")
    first = cells.select("run_id", "place", pl.struct(CELL).rank("dense").alias("cell"))
    placed = rows.join(first, on="run_id", how="left")
    epoch = ["epoch"] if "epoch" in key else []
    order = ["cell", *kind, *epoch, "place", *key]
    return placed.sort(list(dict.fromkeys(order)), nulls_last=True).select(rows.columns)


def _without_empty_columns(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(column for column in rows if column.null_count() < len(rows))


def _rounded(column: pl.Series, n_bits: int) -> pl.Series:
    """Round to so many significant bits; null stays null."""
    mantissa, exponent = np.frexp(column.to_numpy())
    rounded = np.ldexp(np.round(np.ldexp(mantissa, n_bits)), exponent - n_bits)
    kept = pl.Series(column.name, rounded, dtype=column.dtype)
    return pl.select(pl.when(column.is_not_null()).then(kept).alias(column.name)).to_series()


def _write(rows: pl.DataFrame, path: Path) -> None:
    stored = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    pq.write_table(
        stored,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=leaves(stored.schema, is_float=False),
        column_encoding=dict.fromkeys(leaves(stored.schema, is_float=True), "BYTE_STREAM_SPLIT"),
        row_group_size=len(rows),
    )


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except FileNotFoundError as error:
        raise WarehouseError(f"{path} is missing: no recorded study is there") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise WarehouseError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
