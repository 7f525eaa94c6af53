"""What is printed over a panel for each of its series, in the colour and with the marker of it."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from reports.formatting import typographic
from reports.style import GLYPHS, MM_PER_INCH, Appearance

LINE_MM = 2.35
TITLE_LINE_MM = 3.4
SMALL_LINE = 6.3  # points
POINTS_PER_MM = 72 / MM_PER_INCH


def room_above(title: str, statistics: Mapping[str, str]) -> float:
    """Return the room that title and statistics take over a panel, in mm."""
    title_lines = title.count("\n") + 1 if title else 0
    return 2.0 + TITLE_LINE_MM * title_lines + LINE_MM * _n_lines(statistics)


def print_above(
    axis: Axes, title: str, statistics: Mapping[str, str], styles: Mapping[str, Appearance]
) -> None:
    """Print a title and, below it, the lines of each series; a single series needs no marker.

    Parameters
    ----------
    axis : Axes
        Panel with :func:`room_above` over it.
    title : str
        Of one or two lines.
    statistics : mapping of str to str
        Lines of each series.
    styles : mapping of str to Appearance
        Of every series.
    """
    left, several = _n_lines(statistics), len(statistics) > 1
    axis.set_title(title, loc="left", pad=3 + LINE_MM * POINTS_PER_MM * left)
    for name, text in statistics.items():
        left -= text.count("\n") + 1
        axis.annotate(
            typographic(f"{GLYPHS[styles[name].marker]} {text}" if several else text),
            xy=(0, 1),
            xycoords="axes fraction",
            xytext=(0, 2 + left * LINE_MM * POINTS_PER_MM),
            textcoords="offset points",
            fontsize=5.4,
            linespacing=1.12,
            color=styles[name].colour if several else "#333333",
        )


def print_lines_above(axis: Axes, title: str, lines: Sequence[str]) -> None:
    """Print a plain title and, below it, small lines over a panel that leaves room for them."""
    axis.set_title(title, loc="left", fontweight="normal", pad=3 + SMALL_LINE * len(lines))
    axis.annotate(
        "\n".join(lines),
        xy=(0, 1),
        xycoords="axes fraction",
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=5.4,
        va="bottom",
        linespacing=1.12,
        color="#333333",
    )


def _n_lines(statistics: Mapping[str, str]) -> int:
    return sum(text.count("\n") + 1 for text in statistics.values())
