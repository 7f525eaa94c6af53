"""The log that a run leaves in its directory."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path


class RunLog:
    """Lines with the time, written as they come.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def text(self) -> str:
        """Everything so far."""
        return self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    def restore(self, text: str) -> None:
        """Go on after what an interrupted run had written."""
        self.path.write_text(text, encoding="utf-8")

    def write(self, line: str, scores: Mapping[str, float] | None = None) -> None:
        """Add a line, with scores if there are some."""
        words = [line, *(f"{name} {value:.6g}" for name, value in (scores or {}).items())]
        with self.path.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {' '.join(words)}\n")
