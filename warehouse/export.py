"""Takes a warehouse elsewhere: as Parquet files, or as one database."""

from contextlib import suppress
from pathlib import Path

import duckdb

from warehouse.connection import BROKEN, connect, first_line
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.tables import IN_PARQUET
from warehouse.view_comments import quoted

SCHEMAS = ("raw", "marts", "results")
STORAGE = "v1.2.0"  # DuckDB 1.2 and later can read it


def export_parquet(con: duckdb.DuckDBPyConnection, directory: Path) -> list[Path]:
    """Write every table of ``raw``, mart and result as ``SCHEMA.NAME.parquet``.

    Empty ones are written too: whoever reads them finds the columns.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        As ``connect`` gives it.
    directory : Path
        Made when it is missing; must be empty.

    Returns
    -------
    list of Path
        The files, in the order of their names; ``predictions`` and its like among them.

    Raises
    ------
    WarehouseError
        If the directory is not empty, or cannot be written.
    """
    _make_empty(directory)
    names = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name in $1 "
        "union all select schema_name || '.' || view_name from duckdb_views() "
        "where schema_name in $1",
        [list(SCHEMAS)],
    ).fetchall()
    paths = []
    for name in sorted([*(name for (name,) in names), *IN_PARQUET]):
        path = directory / f"{name}.parquet"
        try:
            con.execute(f"copy {name} to {quoted(str(path))} (format parquet, compression zstd)")
        except BROKEN as error:
            raise WarehouseError(f"cannot write {path}: {first_line(error)}") from error
        paths.append(path)
    return paths


def export_database(root: Path, path: Path) -> Path:
    """Write tables and views of a warehouse into one DuckDB file that needs no folder beside it.

    What is in Parquet stays in the runs; ``export_parquet`` takes it along.

    Raises
    ------
    WarehouseError
        If there is no warehouse, or the file exists or cannot be written.
    """
    if path.exists():
        raise WarehouseError(f"{path} exists: remove it, or name another file")
    with connect(root):
        pass  # it is there, and of this version
    try:
        with duckdb.connect() as con:
            source = quoted(str(Layout(root).database))
            con.execute(f"attach {source} as warehouse (read_only)")
            con.execute(f"attach {quoted(str(path))} as exported (storage_version '{STORAGE}')")
            con.execute("copy from database warehouse to exported")
    except BROKEN as error:
        with suppress(OSError):  # half of it may be there
            path.unlink(missing_ok=True)
        raise WarehouseError(f"cannot write {path}: {first_line(error)}") from error
    return path


def _make_empty(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise WarehouseError(f"{directory} is not empty: name a new directory")
    except OSError as error:
        raise WarehouseError(f"cannot write {directory}: {error.strerror}") from error
