"""Box plots from quartiles that analysis computed, with every run as a point."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import CHARACTER_MM, Legend, Spacing, label_row, panel_grid, share_y
from reports.style import Appearance


def quartile_boxes(
    panels: Sequence[tuple[str, pl.DataFrame, pl.DataFrame]],
    styles: Mapping[str, Appearance],
    *,
    y_label: str,
) -> Figure:
    """Draw a box per group and series: quartiles, median, whiskers to the extremes; runs beside it.

    Parameters
    ----------
    panels : sequence of (str, DataFrame, DataFrame)
        Title; ``group, series, minimum, low_quartile, median, high_quartile, maximum``, a row per
        box; ``group, series, value``, a row per run.
    styles : mapping of str to Appearance
        Of every series.
    y_label : str
        With unit.
    """
    groups = sorted({name for _, frame, _ in panels for name in frame["group"].to_list()})
    names = sorted({name for _, frame, _ in panels for name in frame["series"].to_list()})
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    is_long = max(map(len, groups)) * CHARACTER_MM * len(groups) > 40
    below = 6.0 + 0.9 * max(map(len, groups)) if is_long else 6.0
    spacing = Spacing(height=36.0, above=6.0, below=below, foot=1.0, widest=62.0)
    figure, axes = panel_grid(down, across, spacing, Legend(names, styles))
    flat = [axis for row in axes for axis in row]
    width = 0.8 / len(names)
    for axis, (title, frame, runs) in zip(flat, panels, strict=False):
        for place, name in enumerate(names):
            shift = place - (len(names) - 1) / 2
            _boxes(axis, frame.filter(series=name), groups, shift, width, styles[name])
            _points(axis, runs.filter(series=name), groups, shift, width, styles[name])
        axis.set_xticks(range(len(groups)), groups)
        if is_long:
            axis.tick_params(axis="x", labelrotation=35)
            for label in axis.get_xticklabels():
                label.set(ha="right", rotation_mode="anchor")
        axis.set_xlim(-0.6, len(groups) - 0.4)
        axis.grid(visible=False, axis="x")
        axis.set_title(title, loc="left")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    share_y(flat[: len(panels)])
    for row in axes:
        row[0].tick_params(labelleft=True)
        label_row(row, y_label, spacing)
    return figure


def _boxes(
    axis: Axes,
    rows: pl.DataFrame,
    groups: Sequence[str],
    shift: float,
    width: float,
    style: Appearance,
) -> None:
    """Draw the box of a series in every group, to the left of its runs."""
    names = {
        "whislo": "minimum",
        "q1": "low_quartile",
        "med": "median",
        "q3": "high_quartile",
        "whishi": "maximum",
    }
    line = {"color": style.colour, "linewidth": 0.9}
    axis.bxp(
        [
            {name: row[column] for name, column in names.items()} | {"fliers": []}
            for row in rows.iter_rows(named=True)
        ],
        positions=[groups.index(group) + (shift - 0.18) * width for group in rows["group"]],
        widths=0.42 * width,
        showfliers=False,
        manage_ticks=False,
        boxprops=line,
        whiskerprops=line,
        capprops=line,
        medianprops=line | {"linewidth": 1.8},
    )


def _points(
    axis: Axes,
    runs: pl.DataFrame,
    groups: Sequence[str],
    shift: float,
    width: float,
    style: Appearance,
) -> None:
    """Draw every run to the right of its box, spread in the order of the rows."""
    for index, group in enumerate(groups):
        own = runs.filter(group=group)
        spread = np.linspace(-0.1, 0.1, len(own)) if len(own) > 1 else np.zeros(len(own))
        axis.plot(
            index + (shift + 0.28 + spread) * width,
            own["value"],
            style.marker,
            color=style.colour,
            markersize=2.0,
            markeredgewidth=0,
            alpha=0.7,
            label="run",
        )
