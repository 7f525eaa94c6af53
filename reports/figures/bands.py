"""Mean trajectories with a band, one quantity below the other."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_below, label_row, panel_grid, share_y
from reports.style import Appearance

Panels = Sequence[tuple[str, pl.DataFrame]]
ACROSS = 3


def mean_bands(
    quantities: Sequence[tuple[str, Panels]], styles: Mapping[str, Appearance]
) -> Figure:
    """Draw one panel per cell and quantity, a mean and its band per series.

    Parameters
    ----------
    quantities : sequence of (str, panels)
        Label of the y axis; per cell its title and ``series, epoch, mean, band_low, band_high``,
        the band null where there is none. Every quantity has the same cells in the same order.
    styles : mapping of str to Appearance
        Of every series.

    Returns
    -------
    Figure
        Quantities of one cell stand below each other; panels of a row share the y axis.
    """
    panels = quantities[0][1]
    frames = [frame for _, own in quantities for _, frame in own]
    names = sorted({name for frame in frames for name in frame["series"].to_list()})
    across = min(len(panels), ACROSS)
    starts = range(0, len(panels), across)
    spacing = Spacing(height=28.0, above=8.5, below=4.5, foot=4.0)
    legend = Legend(names, styles, are_lines=True)
    figure, axes = panel_grid(len(starts) * len(quantities), across, spacing, legend)
    rows = iter(axes)
    for start in starts:
        for place, (label, own) in enumerate(quantities):
            row, shown = next(rows), own[start : start + across]
            for axis, (title, frame) in zip(row, shown, strict=False):
                _draw(axis, frame, styles)
                if place == 0:
                    axis.set_title(title, loc="left")
            for axis in row[len(shown) :]:
                axis.set_axis_off()
            share_y(row[: len(shown)])
            label_row(row, label, spacing)
    label_below(figure, "completed epochs")
    return figure


def _draw(axis: Axes, frame: pl.DataFrame, styles: Mapping[str, Appearance]) -> None:
    for (name,), own in frame.sort("series", "epoch").group_by("series", maintain_order=True):
        style = styles[str(name)]
        axis.fill_between(
            own["epoch"], own["band_low"], own["band_high"], color=style.colour, alpha=0.2, lw=0
        )
        axis.plot(own["epoch"], own["mean"], color=style.colour, ls=style.line, label=str(name))
    axis.xaxis.get_major_locator().set_params(integer=True, nbins=6)  # type: ignore[call-arg]
