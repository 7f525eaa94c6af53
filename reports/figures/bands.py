"""Mean trajectories with a band that covers the whole curve."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_below, label_row, panel_grid, share_y
from reports.style import Appearance


def mean_bands(
    panels: Sequence[tuple[str, pl.DataFrame]], styles: Mapping[str, Appearance], *, y_label: str
) -> Figure:
    """Draw one panel per cell, a mean and its simultaneous band per series.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``series, epoch, mean, band_low, band_high``; the band may be null.
    styles : mapping of str to Appearance
        Of every series.
    y_label : str
        Measure.
    """
    names = sorted({name for _, frame in panels for name in frame["series"].to_list()})
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    spacing = Spacing(height=30.0, above=9.0, foot=4.0)
    legend = Legend(names, styles, are_lines=True)
    figure, axes = panel_grid(down, across, spacing, legend)
    flat = [axis for row in axes for axis in row]
    for axis, (title, frame) in zip(flat, panels, strict=False):
        for name in names:
            own = frame.filter(series=name).sort("epoch")
            style = styles[name]
            axis.fill_between(
                own["epoch"], own["band_low"], own["band_high"], color=style.colour, alpha=0.2, lw=0
            )
            axis.plot(own["epoch"], own["mean"], color=style.colour, ls=style.line, label=name)
        axis.xaxis.get_major_locator().set_params(integer=True, nbins=6)  # type: ignore[call-arg]
        axis.set_title(title, loc="left")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    share_y(flat[: len(panels)])
    for row in axes:
        row[0].tick_params(labelleft=True)
        label_row(row, y_label, spacing)
    label_below(figure, "completed epochs")
    return figure
