"""Filters of the first layer as small pictures (Juodelyte et al., Fig. 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from reports.figures.grid import Spacing, panel_grid
from reports.figures.statistics import print_above, room_above

SIDE = 6  # filters to a side
GAP = 1  # pixels between filters


@dataclass(frozen=True)
class FilterPanel:
    """One network at one stage.

    Attributes
    ----------
    title : str
        Of one or two lines.
    filters : float array of shape (n_filters, height, width)
        First channel of each.
    note : str
        Printed over the panel; '' for nothing.
    """

    title: str
    filters: npt.NDArray[np.float64]
    note: str = ""


def filter_panels(panels: Sequence[FilterPanel], *, columns: int) -> Figure:
    """Draw 36 filters a panel, each from its smallest weight (black) to its largest (white).

    Parameters
    ----------
    panels : sequence of FilterPanel
        Row by row.
    columns : int
        Panels in a row.
    """
    above = max(room_above(one.title, {"": one.note} if one.note else {}) for one in panels)
    spacing = Spacing(height=36.0, above=above, below=2.0, left=3.0, between=5.0, widest=36.0)
    figure, axes = panel_grid(-(-len(panels) // columns), columns, spacing)
    flat = [axis for row in axes for axis in row]
    for axis, one in zip(flat, panels, strict=False):
        axis.imshow(
            mosaic(one.filters),
            cmap="gray",
            vmin=0,
            vmax=1,
            interpolation="nearest",
            label="filters",
        )
        print_above(axis, one.title, {"": one.note} if one.note else {}, {})
    for axis in flat:
        axis.set_axis_off()
    return figure


def mosaic(filters: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the first 36 filters in a square, each scaled to [0, 1], white between them.

    Parameters
    ----------
    filters : float array of shape (n_filters, height, width)
        Weights; a constant filter is drawn in mid-gray.

    Returns
    -------
    float array
        Six filters to a side, rows first.
    """
    shown = filters[: SIDE * SIDE]
    low = shown.min(axis=(1, 2), keepdims=True)
    span = shown.max(axis=(1, 2), keepdims=True) - low
    scaled = np.where(span > 0, (shown - low) / np.where(span > 0, span, 1.0), 0.5)
    height, width = (size + GAP for size in filters.shape[1:])
    square = np.ones((SIDE * height - GAP, SIDE * width - GAP))
    for index, values in enumerate(scaled):
        y, x = index // SIDE * height, index % SIDE * width
        square[y : y + height - GAP, x : x + width - GAP] = values
    return square
