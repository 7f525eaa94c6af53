"""A fit on bin means over the runs that the bins hide (Zu et al., Figure 5)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import (
    Legend,
    Spacing,
    fit_ticks,
    label_below,
    label_row,
    panel_grid,
    share_y,
)
from reports.figures.runs import MOST_VECTOR_POINTS
from reports.figures.statistics import print_lines_above
from reports.formatting import number, p_value, significant, typographic
from reports.style import Appearance

STYLES = {
    "run": Appearance("#8C8C8C", "o", "-"),
    "mean of a bin": Appearance("#D55E00", "s", (0, (5, 1.5))),
}


@dataclass(frozen=True)
class BinnedPanel:
    """One panel: its title, the runs as ``x, y``, and the row of ``results.binned_fits``."""

    title: str
    runs: pl.DataFrame
    fit: dict[str, float]
    bins: pl.DataFrame


def binned_panels(
    rows: Sequence[tuple[str, Sequence[BinnedPanel]]], *, x_label: str, y_label: str
) -> Figure:
    """Draw rows of panels: runs in grey with their line, bin means in colour with theirs.

    Parameters
    ----------
    rows : sequence of (str, sequence of BinnedPanel)
        A heading and its panels.
    x_label, y_label : str
        With unit.

    Returns
    -------
    Figure
        The size of a square grows with the runs in its bin.
    """
    n_columns = max(len(panels) for _, panels in rows)
    spacing = Spacing(height=27.0, above=20.8, foot=4.0)
    legend = Legend(list(STYLES), STYLES, are_lines=True)
    figure, axes = panel_grid(len(rows), n_columns, spacing, legend)
    is_many = sum(len(panel.runs) for _, panels in rows for panel in panels) > MOST_VECTOR_POINTS
    for (heading, panels), row in zip(rows, axes, strict=True):
        for panel, axis in zip(panels, row, strict=False):
            _draw(axis, panel, is_many=is_many)
        for axis in row[len(panels) :]:
            axis.set_axis_off()
        share_y(row[: len(panels)])
        label_row(row, y_label, spacing, heading=heading)
    label_below(figure, x_label)
    return figure


def _draw(axis: Axes, panel: BinnedPanel, *, is_many: bool) -> None:
    runs, bins, fit = panel.runs, panel.bins, panel.fit
    run, mean = STYLES.values()
    axis.plot(
        runs["x"],
        runs["y"],
        run.marker,
        color=run.colour,
        markersize=2.2,
        label="run",
        rasterized=is_many,
    )
    axis.scatter(
        bins["x"],
        bins["y"],
        s=4 + 1.5 * bins["count"].to_numpy(),
        marker=mean.marker,
        color=mean.colour,
        zorder=3,
        label="bin",
    )
    for points, slope, style in ((runs, fit["slope"], run), (bins, fit["binned_slope"], mean)):
        # Least squares passes through the mean point.
        x, y = points["x"].to_numpy(), points["y"].to_numpy()
        ends = np.array([x.min(), x.max()])
        heights = y.mean() + slope * (ends - x.mean())
        axis.plot(ends, heights, color=style.colour, linestyle=style.line, linewidth=1.3)
    fit_ticks(axis, most=3)
    print_lines_above(axis, panel.title, binned_statistics(fit))


def binned_statistics(fit: dict[str, float]) -> list[str]:
    """Return the lines above a panel: both fits, their ratio, and what chance makes of bins."""
    return [
        typographic(line)
        for line in (
            f"runs: slope {significant(fit['slope'])}, R² {number(fit['r_squared'], 2)}",
            f"bins: slope {significant(fit['binned_slope'])},"
            f" R² {number(fit['binned_r_squared'], 2)}",
            f"inflation: {_factor(fit.get('inflation'))}",
            f"bins, by chance: R² {number(fit['null_r_squared'], 2)}",
            f"{p_value(fit['p_value'])}, n {number(fit['n_runs'], 0)}",
        )
    ]


def _factor(value: float | None) -> str:
    """Return how many times; above a thousand R² of runs is nearly 0, and digits say nothing."""
    return "> 1000 times" if value is not None and value > 1000 else f"{significant(value)} times"
