"""Specification curves: every defensible slope in rising order, and the choices behind each."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from reports.figures.grid import Spacing, panel_grid
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
        Intervals that leave 0 out are coloured. Intervals may be null or infinite.
    """
    rows = rows.sort("estimate")
    labels = [f"{column}: {value}" for column, values in choices.items() for value in values]
    longest = max(len(label) for label in labels)
    lower_mm = CHOICE_MM * len(labels)
    left = 6.0 + 1.12 * longest
    spacing = Spacing(height=38.0, above=3.0, below=3.0, left=left, foot=lower_mm + 10, widest=170)
    figure, ((axis,),) = panel_grid(1, 1, spacing)
    height_mm = figure.get_size_inches()[1] * MM_PER_INCH
    box = axis.get_position()
    below = figure.add_axes((box.x0, 8.0 / height_mm, box.width, lower_mm / height_mm), sharex=axis)
    x = list(range(1, len(rows) + 1))
    estimates = rows["estimate"].to_numpy()
    reach = 4 * float(np.ptp(estimates)) + 1e-9
    low = rows["ci_low"].fill_null(-reach).clip(-reach, reach)
    high = rows["ci_high"].fill_null(reach).clip(-reach, reach)
    clear = (low > 0) | (high < 0)
    for is_clear, colour in ((False, GREY), (True, COLOURS[1])):
        own = [i for i, value in enumerate(clear) if value is is_clear]
        axis.vlines(
            [x[i] for i in own],
            [low[i] for i in own],
            [high[i] for i in own],
            color=colour,
            lw=0.6,
            alpha=0.7,
        )
        axis.plot(
            [x[i] for i in own],
            [rows["estimate"][i] for i in own],
            "o",
            color=colour,
            markersize=2,
            label="clear" if is_clear else "open",
        )
    axis.axhline(0, color="black", lw=0.6)
    axis.tick_params(labelbottom=False)
    axis.set_ylabel(y_label)
    for place, (column, value) in enumerate(
        (column, value) for column, values in choices.items() for value in values
    ):
        chosen = [x[i] for i, found in enumerate(rows[column]) if found == value]
        below.plot(
            chosen,
            [place] * len(chosen),
            "|",
            color="black",
            markersize=3.6,
            markeredgewidth=0.6,
            label=f"{column}: {value}",
        )
    below.set_ylim(len(labels) - 0.4, -0.6)
    below.set_yticks(range(len(labels)), labels)
    below.tick_params(length=0, labelsize=5.6)
    below.grid(visible=False)
    below.set_xlabel("specification, by slope")
    below.set_xlim(0, len(rows) + 1)
    return figure
