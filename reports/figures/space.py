"""The similarity space: runs by similarity and score, and who belongs (Zu et al., Fig. 4b)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_below, label_row, panel_grid, rows_on_a_page
from reports.figures.statistics import print_above, room_above
from reports.style import GREY, Appearance

MOST_COLUMNS, MOST_ROWS = 3, 4


@dataclass(frozen=True)
class SpacePanel:
    """One panel.

    Attributes
    ----------
    title : str
        Of one or two lines.
    runs : DataFrame
        ``series, x, y``: similarity and score of every run.
    least_similarity : float
        Left edge of the space: 1 - eta.
    scores : tuple of float, or None
        Lower and upper edge of the space: the reference score and epsilon to either side; None
        where the reference is not one number.
    statistics : mapping of str to str
        Line printed over the panel for each series.
    """

    title: str
    runs: pl.DataFrame
    least_similarity: float
    scores: tuple[float, float] | None
    statistics: Mapping[str, str]


def space_panels(
    panels: Sequence[SpacePanel], styles: Mapping[str, Appearance], *, x_label: str, y_label: str
) -> Figure:
    """Draw runs as points and the similarity space as a grey box, a panel each.

    Parameters
    ----------
    panels : sequence of SpacePanel
        At least one.
    styles : mapping of str to Appearance
        Of every series.
    x_label, y_label : str
        Similarity and score, with unit.

    Returns
    -------
    Figure
        Panels share the x axis; scores of one dataset are not those of another.
    """
    names = sorted({name for panel in panels for name in panel.statistics})
    across = 2 if len(panels) == 4 else min(len(panels), MOST_COLUMNS)
    down = -(-len(panels) // across)
    spacing = _spacing(panels)
    figure, axes = panel_grid(down, across, spacing, Legend(names, styles))
    flat = [axis for row in axes for axis in row]
    lowest = min(panel.runs["x"].min() for panel in panels)  # type: ignore[type-var]
    for axis, panel in zip(flat, panels, strict=False):
        _draw(axis, panel, styles)
        axis.set_xlim(min(0.0, float(lowest)) - 0.03, 1.03)  # type: ignore[arg-type]
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    for row in axes:
        label_row(row, y_label, spacing)
    label_below(figure, x_label)
    return figure


def panels_on_a_page(panels: Sequence[SpacePanel]) -> int:
    """Return how many of the panels fit into one figure."""
    return MOST_COLUMNS * min(MOST_ROWS, rows_on_a_page(_spacing(panels)))


def _spacing(panels: Sequence[SpacePanel]) -> Spacing:
    above = max(room_above(panel.title, panel.statistics) for panel in panels)
    return Spacing(height=34.0, above=above, below=5.0, foot=4.0, between=9.0)


def _draw(axis: Axes, panel: SpacePanel, styles: Mapping[str, Appearance]) -> None:
    if panel.scores is None:
        axis.axvspan(panel.least_similarity, 1.03, color=GREY, alpha=0.15, lw=0)
    else:
        low, high = panel.scores
        axis.fill_between(
            [panel.least_similarity, 1.03], low, high, color=GREY, alpha=0.18, lw=0, label="space"
        )
    for (name,), own in panel.runs.sort("series").group_by("series", maintain_order=True):
        style = styles[str(name)]
        axis.plot(
            own["x"],
            own["y"],
            linestyle="none",
            marker=style.marker,
            color=style.colour,
            markeredgewidth=0.3,
            markeredgecolor="white",
            label=str(name),
        )
    print_above(axis, panel.title, panel.statistics, styles)
