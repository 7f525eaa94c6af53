"""Opens the database of a warehouse: one process that writes, or many that read."""

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.interruption import interruptible
from warehouse.layout import Layout
from warehouse.schema import migrate, require_current
from warehouse.shard_views import create_shard_views

PAUSE_S = (0.02, 0.1)  # between two attempts to open a locked database, drawn at random
PATIENCE_S = 60.0
# What a connection throws when the disk, the memory or the file fails it, and not the query.
BROKEN = (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException)


@contextmanager
def connect(
    root: Path,
    *,
    read_only: bool = True,
    on_wait: Callable[[str], None] | None = None,
    timeout_s: float = PATIENCE_S,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to the database of a warehouse, close it at the end of the block.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    read_only : bool, default True
        Reading needs an up-to-date database; writing makes a missing one and migrates an older one.
    on_wait : callable, optional
        Called once with a line of text when another process holds the database.
    timeout_s : float, default 60
        Seconds to wait for the other process.

    Yields
    ------
    duckdb.DuckDBPyConnection
        With the temporary views ``predictions``, ``activations`` ... over the Parquet files.

    Raises
    ------
    WarehouseError
        If the warehouse is missing, newer, damaged, cannot be written, or stays locked.
    """
    layout = Layout(Path(root))
    if not layout.database.is_file():
        if read_only:
            raise no_warehouse(layout.root)
        _make(layout)
    con = _open(layout.database, read_only=read_only, on_wait=on_wait, timeout_s=timeout_s)
    try:
        if read_only:
            require_current(con, layout.database)
        else:
            migrate(con, layout.database)
        create_shard_views(con, layout)
        with interruptible(con):
            yield con
    except duckdb.Error as error:
        if is_corrupt(error):
            raise _unreadable(layout.database, error) from error
        if isinstance(error, BROKEN):
            raise WarehouseError(f"{layout.database}: {first_line(error)}") from error
        raise
    finally:
        con.close()


def no_warehouse(root: Path) -> WarehouseError:
    """Error for a directory without a database, or one that is not there, with what makes one."""
    if root.is_dir():
        makes = f"`repdrift warehouse ingest -w {root}` makes one from its runs"
    else:
        makes = (
            "no such directory; -w names another, `repdrift collect run` and `repdrift warehouse "
            "import` make one"
        )
    return WarehouseError(f"no warehouse in {root}: {makes}")


def is_corrupt(error: duckdb.Error) -> bool:
    """Whether a block of the database is not what was written; the query cannot help it."""
    return "Corrupt database file" in str(error)


def first_line(error: duckdb.Error) -> str:
    """Text of an error of DuckDB, without its advice."""
    return str(error).splitlines()[0]


def _make(layout: Layout) -> None:
    """Make an empty database beside its place and link it there: whole, or not at all."""
    new = layout.root / f"warehouse.{os.getpid()}.new"
    try:
        layout.runs.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(new)) as con:
            migrate(con, layout.database)
        with suppress(FileExistsError):  # another process was faster
            os.link(new, layout.database)
    except OSError as error:
        raise WarehouseError(f"cannot make {layout.database}: {error.strerror}") from error
    except BROKEN as error:
        raise _unreadable(layout.database, error) from error
    finally:
        for left in layout.root.glob(f"{new.name}*"):
            left.unlink()


def _open(
    database: Path, *, read_only: bool, on_wait: Callable[[str], None] | None, timeout_s: float
) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + timeout_s
    waiting = False
    while True:
        try:
            con = duckdb.connect(str(database), read_only=read_only)
            con.execute("set python_enable_replacements = false; set enable_progress_bar = false")
        except duckdb.Error as error:
            holder = _holder(error)
            if holder is None:
                raise _unreadable(database, error) from error
            if time.monotonic() > deadline:
                raise WarehouseError(
                    f"{database} has been held by {holder} for {timeout_s:.0f} s: "
                    "try again when it is done"
                ) from error
            if not waiting and on_wait is not None:
                on_wait(f"waiting for {holder} to finish with {database}")
            waiting = True
            time.sleep(random.uniform(*PAUSE_S))
        else:
            return con


def _holder(error: duckdb.Error) -> str | None:
    """Name the process that holds the lock; None when the error is another one."""
    if "Could not set lock on file" not in str(error):
        return None
    found = re.search(r"\(PID (\d+)\)", str(error))
    return f"process {found[1]}" if found else "another process"


def _unreadable(database: Path, error: duckdb.Error) -> WarehouseError:
    reason = first_line(error)
    of_system = re.search("No space left on device|Permission denied|Read-only file system", reason)
    if of_system:
        return WarehouseError(f"{database} cannot be opened: {of_system[0]}")
    return WarehouseError(
        f"{database} cannot be read ({reason}): "
        f"`repdrift warehouse repair -w {database.parent}` makes it anew from runs/"
    )
