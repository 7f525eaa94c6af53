"""A score against the number of blocks that were frozen or kept, with its interval."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_below, label_row, panel_grid
from reports.style import Appearance


def depth_curves(
    panels: Sequence[tuple[str, pl.DataFrame]],
    styles: Mapping[str, Appearance],
    *,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draw one curve per network, a panel each, every panel with its own y axis.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``series, n_blocks, estimate, ci_low, ci_high``; ends may be null.
    styles : mapping of str to Appearance
        Of every series.
    x_label, y_label : str
        With unit.
    """
    names = sorted({name for _, frame in panels for name in frame["series"].to_list()})
    columns = min(len(panels), 3)
    down = -(-len(panels) // columns)
    spacing = Spacing(height=32.0, between=11.0, foot=4.0)
    legend = Legend(names, styles, are_lines=True)
    figure, axes = panel_grid(down, columns, spacing, legend)
    flat = [axis for row in axes for axis in row]
    for axis, (title, frame) in zip(flat, panels, strict=False):
        for name in names:
            own = frame.filter(series=name).sort("n_blocks")
            style = styles[name]
            axis.vlines(own["n_blocks"], own["ci_low"], own["ci_high"], color=style.colour, lw=0.8)
            axis.plot(
                own["n_blocks"],
                own["estimate"],
                color=style.colour,
                marker=style.marker,
                linestyle=style.line,
                label=name,
            )
        axis.set_xticks(sorted(set(frame["n_blocks"].to_list())))
        axis.set_title(title, loc="left")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    for row in axes:
        label_row(row, y_label, spacing)
    label_below(figure, x_label)
    return figure
