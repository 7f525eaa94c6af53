"""Files that a reader has looked at, and that come out again byte by byte."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare with the committed file; REPDRIFT_GOLDEN=write makes it anew, to be looked at."""
    path = GOLDEN / name
    if os.environ.get("REPDRIFT_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{name} is new: REPDRIFT_GOLDEN=write makes it, to be looked at"
    assert text == path.read_text(encoding="utf-8"), f"{name} is not as it was looked at"
