"""Files that a reader has looked at: they come out again, but for last digits of numbers."""

import os
import re
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
LONG_NUMBER = re.compile(r"-?\d+\.\d{9,}(?:e[-+]?\d+)?")


def check_golden(name: str, text: str) -> None:
    """Compare with the committed file; REPDRIFT_GOLDEN=write makes it anew, to be looked at."""
    path = GOLDEN / name
    if os.environ.get("REPDRIFT_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{name} is new: REPDRIFT_GOLDEN=write makes it, to be looked at"
    kept = path.read_text(encoding="utf-8")
    assert _without_last_digits(text) == _without_last_digits(kept), (
        f"{name} is not as it was looked at"
    )


def _without_last_digits(text: str) -> str:
    """Round what is printed with nine decimals or more: processors add up in different ways."""
    return LONG_NUMBER.sub(lambda found: f"{float(found[0]):.9g}", text)
