"""Before and after: a mark for each, joined by a line, every run beside them."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_below, panel_grid
from reports.formatting import number, typographic
from reports.style import Appearance

SERIES_MM = 4.2
GAP_MM = 3.0
NOTE_MM = 26.0


def dumbbells(
    panels: Sequence[tuple[str, pl.DataFrame]], styles: Mapping[str, Appearance], *, x_label: str
) -> Figure:
    """Draw a pair of marks per row and series, a panel each, with both means in words beside it.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``row, series, before, after, mean_before, mean_after, low_before, high_before,
        low_after, high_after``: one row per run; ends may be null.
    styles : mapping of str to Appearance
        Of every series.
    x_label : str
        With unit.

    Returns
    -------
    Figure
        Before is hollow, after is filled; lines through the marks are the intervals that the ends
        give. Panels share the x axis.
    """
    rows = sorted({name for _, frame in panels for name in frame["row"].to_list()})
    names = sorted({name for _, frame in panels for name in frame["series"].to_list()})
    across = min(len(panels), 2)
    down = -(-len(panels) // across)
    spacing = Spacing(
        height=len(rows) * (SERIES_MM * len(names) + GAP_MM),
        above=5.0,
        below=5.0,
        left=5.0 + 1.35 * max(len(name) for name in rows),
        between=NOTE_MM + 2.0,
        right=NOTE_MM,
        foot=4.0,
    )
    figure, axes = panel_grid(down, across, spacing, Legend(names, styles))
    flat = [axis for line in axes for axis in line]
    ends = pl.concat([frame for _, frame in panels]).select("before", "after").to_numpy()
    margin = 0.06 * float(np.ptp(ends)) or 0.1
    for axis, (title, frame) in zip(flat, panels, strict=False):
        for row, series in ((row, name) for row in rows for name in names):
            own = frame.filter(row=row, series=series)
            if len(own):
                _draw(
                    axis,
                    own,
                    styles[series],
                    _place(rows.index(row), names.index(series), len(names)),
                )
        axis.set_xlim(ends.min() - margin, ends.max() + margin)
        axis.set_ylim(len(rows) - 0.5, -0.5)
        axis.set_yticks(
            range(len(rows)), rows if axis in {line[0] for line in axes} else [""] * len(rows)
        )
        axis.tick_params(axis="y", length=0)
        axis.grid(visible=False, axis="y")
        axis.set_title(title, loc="left")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    label_below(figure, x_label)
    return figure


def _place(row: int, series: int, n_series: int) -> float:
    """Return the height of a series within its row, of which a gap stays free."""
    share = SERIES_MM / (SERIES_MM * n_series + GAP_MM)
    return row + (series - (n_series - 1) / 2) * share


def _draw(axis: Axes, runs: pl.DataFrame, style: Appearance, y: float) -> None:
    first = runs.row(0, named=True)
    before, after = first["mean_before"], first["mean_after"]
    axis.plot(
        runs["after"],
        np.full(len(runs), y),
        style.marker,
        color=style.colour,
        alpha=0.35,
        markersize=2.2,
        markeredgewidth=0,
        label="run",
    )
    for stage in ("before", "after"):
        ends = first[f"low_{stage}"], first[f"high_{stage}"]
        if None not in ends:
            axis.hlines(y, *ends, color=style.colour, lw=2.2, alpha=0.4, label=stage)
    axis.annotate(
        "",
        xy=(after, y),
        xytext=(before, y),
        arrowprops={"arrowstyle": "-", "color": style.colour, "lw": 0.8},
    )
    axis.plot(
        [before],
        [y],
        style.marker,
        color=style.colour,
        markerfacecolor="white",
        markersize=4.4,
        label="before",
    )
    axis.plot([after], [y], style.marker, color=style.colour, markersize=4.4, label="after")
    axis.annotate(
        typographic(f"{number(before, 2)} → {number(after, 2)}, n {len(runs)}"),
        xy=(1, y),
        xycoords=("axes fraction", "data"),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        fontsize=5.4,
        color="#333333",
    )
