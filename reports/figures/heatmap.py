"""Maps of similarity: every layer against every layer, or every network against every network."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Spacing, panel_grid
from reports.formatting import number
from reports.style import MM_PER_INCH

COLOURS = "viridis"
MOST_PRINTED = 8


def similarity_maps(
    panels: Sequence[tuple[str, pl.DataFrame]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    labels: tuple[str, str, str],
) -> Figure:
    """Draw square maps with one colour scale; a cross marks what is not above the noise floor.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``row, column, value, floor``: one row per cell; floor null where unknown.
    rows, columns : sequence of str
        In order, rows from bottom to top.
    labels : tuple of str
        Of the y axis, the x axis and the colour scale.

    Returns
    -------
    Figure
        Values are printed in the cells of maps of up to eight rows.
    """
    y_label, x_label, scale = labels
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    longest = max(len(name) for name in (*rows, *columns))
    side = 40.0 if across == 3 else 46.0
    spacing = Spacing(
        height=side,
        above=9.0,
        below=6.0 + 0.9 * longest,
        left=12.5 + 1.15 * longest,
        between=4.0,
        foot=18.0,
    )
    figure, axes = panel_grid(down, across, spacing)
    flat = [axis for row in axes for axis in row]
    every = np.concatenate([frame["value"].to_numpy() for _, frame in panels])
    low, high = min(0.0, float(every.min())), max(1.0, float(every.max()))
    image = None
    for index, (axis, (title, frame)) in enumerate(zip(flat, panels, strict=False)):
        values, floors = (_grid(frame, rows, columns, name) for name in ("value", "floor"))
        image = axis.imshow(
            values, origin="lower", aspect="auto", cmap=COLOURS, vmin=low, vmax=high
        )
        y, x = np.nonzero(values <= floors)
        axis.plot(x, y, "x", color="white", markersize=2.6, markeredgewidth=0.6, label="floor")
        if len(rows) <= MOST_PRINTED:
            _print_values(axis, values, (low + high) / 2)
        axis.set_xticks(
            range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor"
        )
        axis.set_yticks(range(len(rows)), rows if index % across == 0 else [""] * len(rows))
        axis.grid(visible=False)
        axis.tick_params(length=0)
        axis.set_title(title, loc="left")
        axis.set_xlabel(x_label)
        if index % across == 0:
            axis.set_ylabel(y_label)
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    width_mm, height_mm = (size * MM_PER_INCH for size in figure.get_size_inches())
    left = spacing.left / width_mm
    bar = figure.add_axes((left, 10.0 / height_mm, 45.0 / width_mm, 2.5 / height_mm))
    if image is not None:
        figure.colorbar(image, cax=bar, orientation="horizontal", label=scale)
    return figure


def _grid(
    frame: pl.DataFrame, rows: Sequence[str], columns: Sequence[str], value: str
) -> np.ndarray:
    grid = np.full((len(rows), len(columns)), np.nan)
    place = {name: i for i, name in enumerate(rows)}, {name: i for i, name in enumerate(columns)}
    for cell in frame.iter_rows(named=True):
        if cell[value] is not None:
            grid[place[0][cell["row"]], place[1][cell["column"]]] = cell[value]
    return grid


def _print_values(axis: Axes, values: np.ndarray, middle: float) -> None:
    for (y, x), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "black" if value > middle else "white"
            axis.text(
                x, y, number(float(value), 2), ha="center", va="center", fontsize=5, color=colour
            )
