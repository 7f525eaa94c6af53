"""A grid of panels of equal size laid out in millimetres, with one legend above all of them.

Sizes are given, not fitted: the same rows give the same layout, and a figure is drawn once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reports.style import MM_PER_INCH, TEXT_WIDTH_MM, Appearance, inches

LEGEND_ROW_MM = 4.2
CHARACTER_MM = 1.35
TITLE_CHARACTER_MM = 1.6  # bold
TICK_CHARACTER_MM = 1.35  # a digit of 6 points
HANDLE_MM = 9.0
TALLEST_MM = 225.0  # of the panels of a figure: legend and caption need the rest of a page


@dataclass(frozen=True)
class Spacing:
    """Room around panels, in mm.

    Attributes
    ----------
    height : float
        Of a panel.
    above : float
        Over each panel, for its title and statistics.
    below : float
        Under each panel, for its tick labels and axis label.
    left : float
        For tick labels and label of the y axis of the first column.
    right : float
        For what is printed beside the last column.
    between : float
        Between columns; more where every panel has its own y axis.
    foot : float
        At the bottom, for a label that all panels share.
    widest : float
        Greatest width of a panel.
    head : float
        Above all panels, for titles of columns.
    """

    height: float = 30.0
    above: float = 6.0
    below: float = 6.0
    left: float = 18.0
    right: float = 3.0
    between: float = 4.0
    foot: float = 1.0
    widest: float = 48.0
    head: float = 0.0


@dataclass(frozen=True)
class Legend:
    """Names in the order they are printed, their appearances, and whether they are lines."""

    names: Sequence[str]
    styles: Mapping[str, Appearance]
    are_lines: bool = False


def panel_grid(
    n_rows: int, n_columns: int, spacing: Spacing, legend: Legend | None = None
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure, at most as wide as the text, and its panels.

    Parameters
    ----------
    n_rows, n_columns : int
        Panels.
    spacing : Spacing
        Sizes in mm.
    legend : Legend, optional
        Drawn above the panels; a single name needs none and gets none.

    Returns
    -------
    Figure
        170 mm wide at most.
    list of list of Axes
        Indexed by row, then column.
    """
    gaps = spacing.left + spacing.right + (n_columns - 1) * spacing.between
    panel = min(spacing.widest, (TEXT_WIDTH_MM - gaps) / n_columns)
    width = gaps + n_columns * panel
    n_lines = _legend_rows(legend, width)
    head = n_lines * LEGEND_ROW_MM + spacing.head
    row_height = spacing.above + spacing.height + spacing.below
    height = head + n_rows * row_height + spacing.foot
    figure = Figure(figsize=inches(width, height))  # type: ignore[arg-type]
    if legend is not None and n_lines:
        _draw_legend(figure, legend, n_columns=-(-len(legend.names) // n_lines))

    def place(row: int, column: int) -> Axes:
        left = spacing.left + column * (panel + spacing.between)
        bottom = height - head - row * row_height - spacing.above - spacing.height
        box = (left / width, bottom / height, panel / width, spacing.height / height)
        axis = figure.add_axes(box)
        axis.yaxis.set_label_coords(-(spacing.left - 7.5) / panel, 0.5)
        return axis

    return figure, [[place(row, column) for column in range(n_columns)] for row in range(n_rows)]


def rows_on_a_page(spacing: Spacing) -> int:
    """Return how many rows of panels leave room for a caption of ten lines."""
    row_height = spacing.above + spacing.height + spacing.below
    return max(1, int((TALLEST_MM - spacing.head - spacing.foot) // row_height))


def share_y(row: Sequence[Axes]) -> None:
    """Give the panels of a row one y axis, labelled at the first."""
    for axis in row[1:]:
        axis.sharey(row[0])
        axis.tick_params(labelleft=False)
    row[0].autoscale(axis="y")


def fit_ticks(axis: Axes, most: int) -> None:
    """Set as many ticks on the x axis as its labels have room for, once everything is drawn."""
    figure = axis.get_figure(root=True)
    width_mm = axis.get_position().width * figure.get_figwidth() * MM_PER_INCH  # type: ignore[union-attr]
    low, high = axis.get_xlim()
    for n_bins in range(most, 0, -1):
        axis.locator_params(axis="x", nbins=n_bins)
        ticks = [tick for tick in axis.xaxis.get_majorticklocs() if low <= tick <= high]
        labels = axis.xaxis.get_major_formatter().format_ticks(ticks)
        longest_mm = TICK_CHARACTER_MM * (1 + max(map(len, labels), default=0))
        if len(ticks) < 2 or longest_mm <= width_mm * (ticks[1] - ticks[0]) / (high - low):
            return


def label_row(row: Sequence[Axes], label: str, spacing: Spacing, *, heading: str = "") -> None:
    """Label the y axis of a row in lines no longer than the panel is high, and head the row."""
    longest = int(spacing.height / CHARACTER_MM)
    lines = [part for line in label.split("\n") for part in wrap(line, longest)]
    row[0].set_ylabel("\n".join(lines))
    figure = row[0].get_figure(root=True)
    if heading and figure is not None:
        box, height_mm = row[0].get_position(), figure.get_size_inches()[1] * MM_PER_INCH
        above = box.y1 + (spacing.above - 3.2) / height_mm
        figure.text(box.x0, above, heading, fontsize=7.5, fontweight="bold")


def label_below(figure: Figure, label: str) -> None:
    """Print a label that all panels share at the foot of the figure."""
    height_mm = figure.get_size_inches()[1] * MM_PER_INCH
    boxes = [axis.get_position() for axis in figure.axes]
    middle = (min(box.x0 for box in boxes) + max(box.x1 for box in boxes)) / 2
    figure.text(middle, 1.2 / height_mm, label, ha="center", va="bottom", fontsize=7)


def _legend_rows(legend: Legend | None, width: float) -> int:
    if legend is None or len(legend.names) < 2:
        return 0
    entry = HANDLE_MM + CHARACTER_MM * max(len(name) for name in legend.names)
    per_row = max(1, int(width / entry))
    return -(-len(legend.names) // per_row)


def _draw_legend(figure: Figure, legend: Legend, *, n_columns: int) -> None:
    handles = [
        Line2D(
            [],
            [],
            color=legend.styles[name].colour,
            marker=legend.styles[name].marker,
            linestyle=legend.styles[name].line if legend.are_lines else "none",
            label=name,
        )
        for name in legend.names
    ]
    figure.legend(
        handles=handles,
        loc="upper center",
        ncols=n_columns,
        borderaxespad=0.1,
        columnspacing=1.6,
        handletextpad=0.5,
        handlelength=2.0 if legend.are_lines else 1.0,
    )
