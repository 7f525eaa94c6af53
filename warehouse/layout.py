"""Where things are in a warehouse directory."""

import re
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import WarehouseError

RUN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


@dataclass(frozen=True)
class Layout:
    """The paths of one warehouse.

    ```
    warehouse.duckdb            tables and views
    runs/<run_id>/              what one complete run left
    spool/<run_id>.partial/     a run that is being written, or was killed
    ```

    Examples
    --------
    >>> Layout(Path("w")).run("0123456789abcdef").as_posix()
    'w/runs/0123456789abcdef'
    """

    root: Path

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.root / "warehouse.duckdb"

    @property
    def runs(self) -> Path:
        """Directory of the complete runs."""
        return self.root / "runs"

    @property
    def spool(self) -> Path:
        """Directory of the runs that are being written."""
        return self.root / "spool"

    def run(self, run_id: str) -> Path:
        """Directory of one complete run."""
        return self.runs / _checked(run_id)

    def partial(self, run_id: str) -> Path:
        """Directory of one run that is being written."""
        return self.spool / f"{_checked(run_id)}.partial"

    def lock(self, run_id: str) -> Path:
        """File that the process writing a run holds locked."""
        return self.spool / f"{_checked(run_id)}.lock"


def _checked(run_id: str) -> str:
    if not RUN_ID.fullmatch(run_id):
        raise WarehouseError(
            f"{run_id!r} is no run id: up to 64 letters, digits, '_' and '-' are expected"
        )
    return run_id
