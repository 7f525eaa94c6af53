"""Specification curves: every defensible slope in rising order, and the choices behind each."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Spacing, panel_grid
from reports.figures.limits import cut_ends, interval_limits
from reports.style import COLOURS, GREY, MM_PER_INCH

CHOICE_MM = 2.7


def specification_curve(
    rows: pl.DataFrame, choices: Mapping[str, Sequence[str]], *, y_label: str
) -> Figure:
    """Draw slopes with intervals above, and below a mark per choice of each specification.

    Parameters
    ----------
    rows : DataFrame
        ``estimate, ci_low, ci_high`` and a column per choice: one row per specification.
    choices : mapping of str to sequence of str
        Column of a choice, and its values in the order they are listed.
    y_label : str
        Of the slopes.

    Returns
    -------
    Figure
        Intervals that leave 0 out are coloured. Long ones are cut at the edge of the panel, and run
        to it where an end is null or infinite.
    """
    rows = rows.sort("estimate")
    labels = [f"{column}: {value}" for column, values in choices.items() for value in values]
    lower_mm = CHOICE_MM * len(labels)
    left = 6.0 + 1.12 * max(len(label) for label in labels)
    spacing = Spacing(height=38.0, above=3.0, below=3.0, left=left, foot=lower_mm + 10, widest=170)
    figure, ((axis,),) = panel_grid(1, 1, spacing)
    height_mm = figure.get_size_inches()[1] * MM_PER_INCH
    box = axis.get_position()
    below = figure.add_axes((box.x0, 8.0 / height_mm, box.width, lower_mm / height_mm), sharex=axis)
    _draw_slopes(axis, rows)
    axis.tick_params(labelbottom=False)
    axis.set_ylabel(y_label)
    _draw_choices(below, rows, choices)
    below.set_ylim(len(labels) - 0.4, -0.6)
    below.set_yticks(range(len(labels)), labels)
    below.tick_params(length=0, labelsize=5.6)
    below.grid(visible=False)
    below.set_xlabel("specification, by slope")
    below.set_xlim(0, len(rows) + 1)
    return figure


def _draw_slopes(axis: Axes, rows: pl.DataFrame) -> None:
    """Draw a slope and its interval per row, from left to right."""
    limits = interval_limits(rows)
    low, high = cut_ends(rows, limits)
    slopes = pl.DataFrame(
        {"x": range(1, len(rows) + 1), "estimate": rows["estimate"], "low": low, "high": high}
    ).with_columns(is_clear=(pl.col("low") > 0) | (pl.col("high") < 0))
    for is_clear, colour in ((False, GREY), (True, COLOURS[1])):
        own = slopes.filter(is_clear=is_clear)
        axis.vlines(own["x"], own["low"], own["high"], color=colour, lw=0.6, alpha=0.7)
        label = "clear" if is_clear else "open"
        axis.plot(own["x"], own["estimate"], "o", color=colour, markersize=2, label=label)
    axis.axhline(0, color="black", lw=0.6)
    axis.set_ylim(*limits)


def _draw_choices(axis: Axes, rows: pl.DataFrame, choices: Mapping[str, Sequence[str]]) -> None:
    """Mark under each slope, a line per choice, how it was made."""
    lines = [(column, value) for column, values in choices.items() for value in values]
    for place, (column, value) in enumerate(lines):
        chosen = [x for x, found in enumerate(rows[column], start=1) if found == value]
        axis.plot(
            chosen,
            [place] * len(chosen),
            "|",
            color="black",
            markersize=3.6,
            markeredgewidth=0.6,
            label=f"{column}: {value}",
        )
