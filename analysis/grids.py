"""The grid of choices that is shipped, and grids of users."""

from importlib.resources import files
from pathlib import Path

from analysis.regression.grid import Grid, read_grid
from warehouse.errors import ChoiceError, reason


def load_grid(path: Path | None = None) -> Grid:
    """Load the grid of a file, or the one that is shipped.

    Raises
    ------
    ChoiceError
        If the file cannot be read or is no grid.
    """
    source = files("analysis") / "multiverse.toml" if path is None else path
    try:
        return read_grid(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ChoiceError(f"{source}: {reason(error)}") from error


DEFAULT_GRID = load_grid()
