"""Share of members over the thresholds of a similarity space, with the frontier of one half."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from reports.figures.grid import Spacing, panel_grid
from reports.style import COLOURS, MM_PER_INCH


def membership_surfaces(panels: Sequence[tuple[str, pl.DataFrame]]) -> Figure:
    """Draw one map per set of runs.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title of one or two lines, and ``eta, epsilon, fraction, is_frontier``: a row per point of
        a full grid.

    Returns
    -------
    Figure
        Dark is none, light is all; the line joins the smallest eta of each epsilon at which half
        of the runs belong.
    """
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    spacing = Spacing(height=36.0, above=9.0, below=10.0, between=5.0, left=18.0, foot=16.0)
    figure, axes = panel_grid(down, across, spacing)
    flat = [axis for row in axes for axis in row]
    image = None
    for axis, (title, frame) in zip(flat, panels, strict=False):
        grid = frame.sort("epsilon", "eta")
        eta = np.unique(grid["eta"].to_numpy())
        epsilon = np.unique(grid["epsilon"].to_numpy())
        values = grid["fraction"].to_numpy().reshape(len(epsilon), len(eta))
        image = axis.pcolormesh(
            eta, epsilon, values, vmin=0, vmax=1, cmap="cividis", shading="nearest", rasterized=True
        )
        frontier = grid.filter(pl.col("is_frontier")).sort("epsilon")
        axis.plot(
            frontier["eta"], frontier["epsilon"], color=COLOURS[1], lw=1.2, label="half belong"
        )
        axis.set_title(title, loc="left")
        axis.grid(visible=False)
        axis.set_xlabel("η: similarity ≥ 1 − η")
        if axis in [row[0] for row in axes]:
            axis.set_ylabel("ε: room for the score")
        else:
            axis.tick_params(labelleft=False)
            axis.sharey(flat[0])
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    width_mm, height_mm = (size * MM_PER_INCH for size in figure.get_size_inches())
    bar = figure.add_axes((18.0 / width_mm, 9.5 / height_mm, 45.0 / width_mm, 2.5 / height_mm))
    if image is not None:
        figure.colorbar(image, cax=bar, orientation="horizontal", label="share of members")
    return figure
