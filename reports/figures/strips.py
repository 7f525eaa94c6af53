"""Strips: every value as a point, series side by side within a group, a bar at their mean."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import (
    TITLE_CHARACTER_MM,
    Legend,
    Spacing,
    label_row,
    panel_grid,
    share_y,
)
from reports.style import GREY, Appearance


def strips(
    panels: Sequence[tuple[str, pl.DataFrame]],
    styles: Mapping[str, Appearance],
    *,
    groups: Sequence[str],
    series: Sequence[str],
    y_label: str,
    reference: float | None = None,
) -> Figure:
    """Draw values by group and series, a panel each.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``group, series, value, mean``: one row per value.
    styles : mapping of str to Appearance
        Of every series.
    groups, series : sequence of str
        In the order they are drawn, from left to right.
    y_label : str
        With unit.
    reference : float, optional
        Value at which a line is drawn through every panel; each then has its own y axis, which
        they share otherwise.

    Returns
    -------
    Figure
        Points of a strip are spread sideways in the order of the rows.
    """
    columns = min(len(panels), 2 if len(groups) > 4 else 3)
    n_rows = -(-len(panels) // columns)
    longest = max(len(line) for group in groups for line in group.split("\n"))
    shares_y = reference is None
    spacing = Spacing(
        height=34.0,
        above=5.0,
        below=7.0 + 0.9 * longest,
        left=max(18.0, 0.9 * longest),
        between=4.0 if shares_y else 12.0,
        widest=max(16.0 * len(groups), TITLE_CHARACTER_MM * max(len(t) for t, _ in panels)),
    )
    figure, axes = panel_grid(n_rows, columns, spacing, Legend(series, styles))
    flat = [axis for row in axes for axis in row]
    width = 0.8 / len(series)
    for axis, (title, frame) in zip(flat, panels, strict=False):
        for place, name in enumerate(series):
            shift = (place - (len(series) - 1) / 2) * width
            _strip(axis, frame.filter(series=name), groups, shift, width, styles[name])
        axis.set_xticks(range(len(groups)), groups, rotation=35, ha="right", rotation_mode="anchor")
        axis.set_xlim(-0.6, len(groups) - 0.4)
        if reference is not None:
            axis.axhline(reference, color=GREY, lw=0.8)
        axis.grid(visible=False, axis="x")
        axis.set_title(title, loc="left")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    if shares_y:
        share_y(flat[: len(panels)])
    for row in axes:
        row[0].tick_params(labelleft=True)
        label_row(row, y_label, spacing)
    return figure


def _strip(
    axis: Axes,
    rows: pl.DataFrame,
    groups: Sequence[str],
    shift: float,
    width: float,
    style: Appearance,
) -> None:
    """Draw the values of a series in every group, and a bar at their mean."""
    for index, group in enumerate(groups):
        own = rows.filter(group=group)
        centre = index + shift
        spread = np.linspace(-0.28, 0.28, len(own)) if len(own) > 1 else np.zeros(len(own))
        axis.plot(
            centre + spread * width,
            own["value"],
            linestyle="none",
            marker=style.marker,
            color=style.colour,
            markersize=2.4,
            label=f"{own['series'][0]}/{group}" if len(own) else None,
        )
        half = 0.38 * width
        axis.hlines(own["mean"].unique(), centre - half, centre + half, color=style.colour, lw=1.6)
