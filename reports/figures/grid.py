"""A grid of panels of equal size, with one legend for all of them above."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reports.style import TEXT_WIDTH_MM, Appearance, inches


def panel_grid(
    n_rows: int, n_columns: int, *, panel_height_mm: float, extra_mm: float = 14.0
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure as wide as the text and its panels, row by row.

    Parameters
    ----------
    n_rows, n_columns : int
        Panels.
    panel_height_mm : float
        Height of one row of panels with its title, in mm.
    extra_mm : float, default 14
        Height for axis label and legend, in mm.

    Returns
    -------
    Figure
        At most 170 mm wide; up to three panels are 62 mm wide each.
    list of list of Axes
        Indexed by row, then column.
    """
    width = min(TEXT_WIDTH_MM, max(85.0, n_columns * 62.0))
    height = n_rows * panel_height_mm + extra_mm
    figure = Figure(figsize=inches(width, height), layout="constrained")  # type: ignore[arg-type]
    axes = np.asarray(figure.subplots(n_rows, n_columns, squeeze=False))
    return figure, [list(row) for row in axes]


def add_legend(
    figure: Figure, styles: Mapping[str, Appearance], names: Sequence[str], *, lines: bool = False
) -> None:
    """Put the names and their appearances above the panels, in as many columns as fit.

    Parameters
    ----------
    figure : Figure
        With constrained layout, so that the legend takes its own room.
    styles : mapping of str to Appearance
        Of at least ``names``.
    names : sequence of str
        In the order they are printed; a single one needs no legend and gets none.
    lines : bool, default False
        Whether the series are lines; markers otherwise.
    """
    if len(names) < 2:
        return
    handles = [
        Line2D(
            [],
            [],
            color=styles[name].colour,
            marker=styles[name].marker,
            linestyle=styles[name].line if lines else "none",
            label=name,
        )
        for name in names
    ]
    longest = max(len(name) for name in names)
    fits = int(figure.get_size_inches()[0] * 25.4 / (9 + 1.35 * longest))
    figure.legend(handles=handles, loc="outside upper center", ncols=max(1, min(len(names), fits)))
