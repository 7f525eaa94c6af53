"""Differences of similarity layer by layer: estimate, interval, and which survive their family."""

from collections.abc import Sequence

import polars as pl
from matplotlib.figure import Figure

from reports.figures.grid import Spacing, label_row, panel_grid, share_y
from reports.style import GREY

LINE_MM = 3.1


def difference_profiles(
    panels: Sequence[tuple[str, pl.DataFrame]], *, layers: Sequence[str], y_label: str
) -> Figure:
    """Draw differences against layer, a panel each.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``layer, estimate, ci_low, ci_high, is_marked``: a row per layer; ends and mark
        may be null.
    layers : sequence of str
        From input to output; the x axis.
    y_label : str
        Difference with its unit or range.

    Returns
    -------
    Figure
        Panels share the y axis; filled markers are differences that are marked.
    """
    columns = min(len(panels), 3)
    down = -(-len(panels) // columns)
    above = 2.0 + LINE_MM * max(title.count("\n") + 1 for title, _ in panels)
    below = 4.5 + 0.85 * max(len(layer) for layer in layers)
    spacing = Spacing(height=28.0, above=above, below=below)
    figure, axes = panel_grid(down, columns, spacing)
    flat = [axis for row in axes for axis in row]
    position = {layer: index for index, layer in enumerate(layers)}
    for axis, (title, rows) in zip(flat, panels, strict=False):
        own = rows.with_columns(x=pl.col("layer").replace_strict(position)).sort("x")
        axis.axhline(0.0, color="black", lw=0.6, label="none")
        axis.vlines(own["x"], own["ci_low"], own["ci_high"], color=GREY, lw=0.9)
        for is_marked, fill in ((True, GREY), (False, "white")):
            those = own.filter(pl.col("is_marked").fill_null(value=False) == is_marked)
            axis.plot(
                those["x"],
                those["estimate"],
                "o",
                color=GREY,
                markerfacecolor=fill,
                label="marked" if is_marked else "not marked",
            )
        axis.set_title(title, loc="left")
        axis.set_xlim(-0.5, len(layers) - 0.5)
        axis.set_xticks(range(len(layers)), layers, rotation=45, ha="right", rotation_mode="anchor")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    share_y(flat[: len(panels)])
    for row in axes:
        row[0].tick_params(labelleft=True)
        label_row(row, y_label, spacing)
    return figure
