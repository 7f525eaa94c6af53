"""Maps: every layer against every layer, or every network against every network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from reports.figures.grid import Spacing, panel_grid
from reports.formatting import number
from reports.style import MM_PER_INCH

MOST_PRINTED = 8
LINE_MM = 3.1


@dataclass(frozen=True)
class _Look:
    """Colour map with its limits, which numbers are printed dark, and the mark with its name."""

    colours: str
    low: float
    high: float
    is_light: Callable[[float], bool]
    mark: tuple[str, str, str]


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
    every = pl.concat([frame["value"] for _, frame in panels])
    low, high = min(0.0, float(every.min())), max(1.0, float(every.max()))  # type: ignore[arg-type]
    look = _Look("viridis", low, high, lambda v: v > (low + high) / 2, ("x", "white", "floor"))
    marked = [
        (title, frame.with_columns(is_marked=pl.col("value") <= pl.col("floor")))
        for title, frame in panels
    ]
    return _maps(marked, look, rows=rows, columns=columns, labels=labels)


def difference_maps(
    panels: Sequence[tuple[str, pl.DataFrame]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    labels: tuple[str, str, str],
) -> Figure:
    """Draw square maps of differences, white at none; a dot marks what is marked.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``row, column, value, is_marked``: one row per cell; the mark may be null.
    rows, columns : sequence of str
        In order, rows from bottom to top.
    labels : tuple of str
        Of the y axis, the x axis and the colour scale.

    Returns
    -------
    Figure
        Values are printed in the cells of maps of up to eight rows.
    """
    widest = max(float(frame["value"].abs().max()) for _, frame in panels)  # type: ignore[arg-type]
    end = widest or 1.0
    look = _Look("PuOr", -end, end, lambda v: abs(v) < 0.6 * end, (".", "black", "marked"))
    return _maps(panels, look, rows=rows, columns=columns, labels=labels)


def _maps(
    panels: Sequence[tuple[str, pl.DataFrame]],
    look: _Look,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    labels: tuple[str, str, str],
) -> Figure:
    y_label, x_label, scale = labels
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    longest = max(len(name) for name in (*rows, *columns))
    n_lines = max(title.count("\n") + 1 for title, _ in panels)
    spacing = Spacing(
        height=40.0 if across == 3 else 46.0,
        above=2.8 + LINE_MM * n_lines,
        below=6.0 + 0.9 * longest,
        left=12.5 + 1.15 * longest,
        between=4.0,
        foot=18.0,
    )
    figure, axes = panel_grid(down, across, spacing)
    flat = [axis for row in axes for axis in row]
    image = None
    for index, (axis, (title, frame)) in enumerate(zip(flat, panels, strict=False)):
        values, marks = (_grid(frame, rows, columns, name) for name in ("value", "is_marked"))
        image = axis.imshow(
            values,
            origin="lower",
            aspect="auto",
            cmap=look.colours,
            vmin=look.low,
            vmax=look.high,
        )
        y, x = np.nonzero(marks == 1)
        marker, colour, name = look.mark
        axis.plot(x, y, marker, color=colour, markersize=2.6, markeredgewidth=0.6, label=name)
        if len(rows) <= MOST_PRINTED:
            _print_values(axis, values, look.is_light)
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
    _colour_scale(figure, image, spacing, scale)
    return figure


def _colour_scale(figure: Figure, image: AxesImage | None, spacing: Spacing, label: str) -> None:
    width_mm, height_mm = (size * MM_PER_INCH for size in figure.get_size_inches())
    left = spacing.left / width_mm
    bar = figure.add_axes((left, 10.0 / height_mm, 45.0 / width_mm, 2.5 / height_mm))
    if image is not None:
        figure.colorbar(image, cax=bar, orientation="horizontal", label=label)


def _grid(
    frame: pl.DataFrame, rows: Sequence[str], columns: Sequence[str], value: str
) -> np.ndarray:
    grid = np.full((len(rows), len(columns)), np.nan)
    place = {name: i for i, name in enumerate(rows)}, {name: i for i, name in enumerate(columns)}
    for cell in frame.iter_rows(named=True):
        if cell[value] is not None:
            grid[place[0][cell["row"]], place[1][cell["column"]]] = cell[value]
    return grid


def _print_values(axis: Axes, values: np.ndarray, is_light: Callable[[float], bool]) -> None:
    for (y, x), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "black" if is_light(float(value)) else "white"
            text = number(float(value), 2)
            axis.text(x, y, text, ha="center", va="center", fontsize=5, color=colour)
