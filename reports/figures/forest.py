"""Forest plots: an estimate with its interval per row, several methods side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_below, panel_grid
from reports.figures.limits import cut_ends, interval_limits
from reports.style import Appearance

ROW_MM = 2.6


def forest(
    panels: Sequence[tuple[str, pl.DataFrame]],
    styles: Mapping[str, Appearance],
    *,
    rows: Sequence[str],
    x_label: str,
) -> Figure:
    """Draw estimates and intervals, a panel each, rows from top to bottom.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``row, series, estimate, ci_low, ci_high``; an interval whose end is null
        or infinite runs to the edge of the panel.
    styles : mapping of str to Appearance
        Of every series, in the order they are stacked within a row.
    rows : sequence of str
        Labels of the y axis, the first on top.
    x_label : str
        With unit.

    Returns
    -------
    Figure
        Panels share the x axis, which covers every estimate and all but the longest intervals.
    """
    names = list(styles)
    columns = min(len(panels), 3)
    n_rows = -(-len(panels) // columns)
    longest = max(len(row) for row in rows)
    spacing = Spacing(
        height=5.0 + ROW_MM * len(rows) * len(names) / 2,
        above=8.0,
        below=6.5,
        left=8.0 + 1.15 * longest,
        foot=4.0,
    )
    figure, axes = panel_grid(n_rows, columns, spacing, Legend(names, styles, are_lines=True))
    flat = [axis for line in axes for axis in line]
    limits = interval_limits(pl.concat([frame for _, frame in panels]))
    place = {row: index for index, row in enumerate(rows)}
    offsets = np.linspace(-0.3, 0.3, len(names)) if len(names) > 1 else np.zeros(1)
    for axis, (title, frame) in zip(flat, panels, strict=False):
        axis.axvline(0, color="black", linewidth=0.6)
        for name, offset in zip(names, offsets, strict=True):
            own = frame.filter(pl.col("series") == name, pl.col("estimate").is_not_null())
            y = np.array([place[row] + offset for row in own["row"]])
            x = own["estimate"].to_numpy()
            style = styles[name]
            axis.hlines(y, *cut_ends(own, limits), color=style.colour, linewidth=0.9)
            axis.plot(x, y, linestyle="none", marker=style.marker, color=style.colour, label=name)
        axis.set_xlim(*limits)
        axis.set_ylim(len(rows) - 0.5, -0.5)
        axis.set_yticks(range(len(rows)), rows)
        axis.tick_params(axis="y", length=0, labelleft=axis in {line[0] for line in axes})
        axis.set_title(title, loc="left")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    label_below(figure, x_label)
    return figure
