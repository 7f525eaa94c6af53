"""Tables of simulated rates as docs/analysis.md prints them, for the tests that repeat them."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "analysis.md"


def documented_rates(heading: str) -> dict[str, list[list[float]]]:
    """Return the rows of the table whose first line begins so: name to the numbers of each cell."""
    _, _, after = DOCUMENT.read_text(encoding="utf-8").partition(heading)
    lines = [line.strip().strip("|").split("|") for line in after.split("\n\n")[0].splitlines()]
    return {
        name.strip(): [[float(n) for n in re.findall(r"[\d.]+", cell)] for cell in cells]
        for name, *cells in lines[2:]
    }
