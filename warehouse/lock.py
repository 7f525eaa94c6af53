"""A lock that the kernel gives back when its holder dies."""

import fcntl
import os
from pathlib import Path

from warehouse.errors import WarehouseError


class RunLock:
    """An exclusive lock on a file that exists as long as somebody holds it.

    Parameters
    ----------
    path : Path
        The file; its directory must exist.

    Raises
    ------
    WarehouseError
        If a living process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        while True:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._descriptor)
                raise WarehouseError(
                    f"another process is writing run {path.stem}: wait for it, or end it"
                ) from error
            if self._is_current():
                return
            os.close(self._descriptor)  # its last holder removed the file between open and lock

    def release(self) -> None:
        """Give the lock back and remove its file."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _is_current(self) -> bool:
        try:
            return os.fstat(self._descriptor).st_ino == self._path.stat().st_ino
        except FileNotFoundError:
            return False


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock of that file."""
    try:
        with path.open() as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
