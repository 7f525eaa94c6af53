"""Reliability diagrams: how often a network is right when it is that confident."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_below, panel_grid
from reports.figures.statistics import print_above, room_above
from reports.style import GREY, MM_PER_INCH, Appearance

SIDE_MM = 42.0
STRIP_MM = 8.0  # the strip with the share of forecasts per bin


@dataclass(frozen=True)
class Diagram:
    """One panel.

    Attributes
    ----------
    title : str
        Of one or two lines.
    bins : DataFrame
        ``series, lower, upper, confidence, accuracy, ci_low, ci_high, n_forecasts``: one row per
        series and bin that holds a forecast.
    statistics : mapping of str to str
        Lines that are printed over the panel for each series, as many for each.
    """

    title: str
    bins: pl.DataFrame
    statistics: Mapping[str, str]


def reliability_diagrams(diagrams: Sequence[Diagram], styles: Mapping[str, Appearance]) -> Figure:
    """Draw accuracy against confidence, a panel each, with the share of forecasts per bin below.

    Parameters
    ----------
    diagrams : sequence of Diagram
        At least one.
    styles : mapping of str to Appearance
        Of every series.

    Returns
    -------
    Figure
        Both axes of all panels have the same limits, so that the dashed line of perfect
        calibration runs from corner to corner.
    """
    names = sorted({name for one in diagrams for name in one.statistics})
    across = min(len(diagrams), 3)
    down = -(-len(diagrams) // across)
    spacing = Spacing(
        height=SIDE_MM,
        above=max(room_above(one.title, one.statistics) for one in diagrams),
        below=STRIP_MM + 8.0,
        foot=4.0,
        widest=SIDE_MM,
        between=9.0,
    )
    figure, axes = panel_grid(down, across, spacing, Legend(names, styles, are_lines=True))
    flat = [axis for row in axes for axis in row]
    lowest = min(
        float(one.bins.select(pl.min_horizontal("lower", "ci_low")).min().item())
        for one in diagrams
    )
    low = np.floor(10 * lowest) / 10
    for index, (axis, one) in enumerate(zip(flat, diagrams, strict=False)):
        _draw(axis, one, styles, low)
        strip = _strip(figure, axis, one.bins, styles)
        if index % across == 0:
            axis.set_ylabel("share that is right")
            strip.set_ylabel("share of\nforecasts", fontsize=5.6)
            strip.yaxis.set_label_coords(-0.25, 0.5)
    for axis in flat[len(diagrams) :]:
        axis.set_axis_off()
    label_below(figure, "confidence")
    return figure


def _draw(axis: Axes, one: Diagram, styles: Mapping[str, Appearance], low: float) -> None:
    axis.plot([low, 1], [low, 1], color=GREY, ls="--", lw=0.8, label="calibrated")
    for name in one.statistics:
        own = one.bins.filter(series=name).sort("lower")
        style = styles[name]
        axis.vlines(own["confidence"], own["ci_low"], own["ci_high"], color=style.colour, lw=0.8)
        axis.plot(
            own["confidence"],
            own["accuracy"],
            color=style.colour,
            marker=style.marker,
            linestyle=style.line,
            label=name,
        )
    axis.set_xlim(low, 1)
    axis.set_ylim(low, 1)
    axis.tick_params(labelbottom=False)
    print_above(axis, one.title, one.statistics, styles)


def _strip(
    figure: Figure, axis: Axes, bins: pl.DataFrame, styles: Mapping[str, Appearance]
) -> Axes:
    height = figure.get_size_inches()[1] * MM_PER_INCH
    box = axis.get_position()
    top = box.y0 - 2.6 / height
    strip = figure.add_axes((box.x0, top - STRIP_MM / height, box.width, STRIP_MM / height))
    strip.set_xlim(axis.get_xlim())
    highest = 0.0
    for (name,), own in bins.sort("lower").group_by("series", maintain_order=True):
        style = styles[str(name)]
        share = (own["n_forecasts"] / own["n_forecasts"].sum()).to_numpy()
        strip.hlines(share, own["lower"], own["upper"], color=style.colour, lw=1.2, label=str(name))
        for edge in ("lower", "upper"):
            strip.vlines(own[edge], 0, share, color=style.colour, lw=0.4)
        highest = max(highest, float(share.max()))
    top = np.ceil(10 * highest) / 10
    strip.set_ylim(0, top)
    strip.set_yticks([0, top], ["0", f"{top:.1f}"])
    return strip
