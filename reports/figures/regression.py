"""Scatter panels: points, the fitted line, its band, and the statistics above the panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
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
from reports.style import GREY, Appearance

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A fitted line as the result rows have it.

    Attributes
    ----------
    intercept, slope : float
        Coefficients.
    intercept_error, slope_error : float
        Their classical standard errors.
    quantile : float
        Quantile of t that the interval used: half its length over the standard error.
    mean_x : float
        Mean of the predictor over the points of the fit.
    """

    intercept: float
    slope: float
    intercept_error: float
    slope_error: float
    quantile: float
    mean_x: float

    def at(self, x: Floats) -> Floats:
        """Height of the line, shape of ``x``."""
        return self.intercept + self.slope * x

    def half_width(self, x: Floats) -> Floats:
        """Half the width of the pointwise band for the mean, shape of ``x``.

        In least squares the two coefficients covary by minus ``mean_x * slope_error**2``, so the
        result rows hold all that the band needs.
        """
        variance = self.intercept_error**2 + (x**2 - 2 * x * self.mean_x) * self.slope_error**2
        return self.quantile * np.sqrt(np.maximum(variance, 0.0))


@dataclass(frozen=True)
class Panel:
    """One panel: the points it draws, the rows of its fit, and its title.

    Attributes
    ----------
    title : str
        Printed bold.
    points : DataFrame
        ``x, y, series``, and columns that name the run: one row per run.
    fit : DataFrame
        Rows of ``results.regressions`` of this panel; may be empty.
    """

    title: str
    points: pl.DataFrame
    fit: pl.DataFrame


def regression_panels(
    rows: Sequence[tuple[str, Sequence[Panel]]],
    styles: Mapping[str, Appearance],
    *,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draw rows of panels that share the y axis within a row.

    Parameters
    ----------
    rows : sequence of (str, sequence of Panel)
        A heading and its panels; the same number in each row.
    styles : mapping of str to Appearance
        Of every series in the points.
    x_label, y_label : str
        With unit.

    Returns
    -------
    Figure
        Lines and bands only where a fit is defined; the reason is printed where not.
    """
    n_columns = max(len(panels) for _, panels in rows)
    every = [panel for _, panels in rows for panel in panels]
    names = sorted({name for panel in every for name in panel.points["series"].to_list()})
    n_lines = max(len(panel_statistics(panel)) for panel in every)
    spacing = Spacing(height=27.0, above=9.5 + 2.3 * n_lines, foot=4.0)
    figure, axes = panel_grid(len(rows), n_columns, spacing, Legend(names, styles))
    groups = point_groups(rows)
    for (heading, panels), row in zip(rows, axes, strict=True):
        for panel, axis in zip(panels, row, strict=False):
            _draw(axis, panel, styles, groups)
        for axis in row[len(panels) :]:
            axis.set_axis_off()
        share_y(row[: len(panels)])
        label_row(row, y_label, spacing, heading=heading)
    label_below(figure, x_label)
    return figure


@dataclass(frozen=True)
class PointGroup:
    """Points of one series in one panel, and the id of their group in the SVG."""

    gid: str
    panel: Panel
    series: str
    points: pl.DataFrame


def point_groups(rows: Sequence[tuple[str, Sequence[Panel]]]) -> list[PointGroup]:
    """Return the groups of points in the order they are drawn."""
    panels = [panel for _, row in rows for panel in row]
    return [
        PointGroup(f"points-{index}-{place}", panel, str(series), points)
        for index, panel in enumerate(panels)
        for place, ((series,), points) in enumerate(
            panel.points.sort("series").group_by("series", maintain_order=True)
        )
    ]


def _draw(
    axis: Axes, panel: Panel, styles: Mapping[str, Appearance], groups: Sequence[PointGroup]
) -> None:
    is_many = sum(len(group.points) for group in groups) > MOST_VECTOR_POINTS
    for group in groups:
        if group.panel is not panel:
            continue
        style, points = styles[group.series], group.points
        axis.plot(
            points["x"],
            points["y"],
            linestyle="none",
            marker=style.marker,
            color=style.colour,
            markeredgewidth=0.3,
            markeredgecolor="white",
            label=group.series,
            gid=group.gid,
            rasterized=is_many,
        )
    line = fitted_line(panel)
    if line is not None:
        low, high = panel.points["x"].min(), panel.points["x"].max()
        x = np.linspace(low, high, 101)  # type: ignore[arg-type]
        half = line.half_width(x)
        axis.fill_between(x, line.at(x) - half, line.at(x) + half, color=GREY, alpha=0.22, lw=0)
        axis.plot(x, line.at(x), color="black", linewidth=1.0, label="fit")
    axis.margins(x=0.06)
    fit_ticks(axis, most=4)
    axis.locator_params(axis="y", nbins=6)
    print_lines_above(axis, panel.title, panel_statistics(panel))


def fitted_line(panel: Panel) -> Line | None:
    """Return the least-squares line of a panel, or None where there is none."""
    ols = {row["term"]: row for row in panel.fit.filter(method="ols").iter_rows(named=True)}
    slope, intercept = ols.get("similarity"), ols.get("intercept")
    if not slope or not intercept or not slope["std_error"] or slope["estimate"] is None:
        return None
    return Line(
        intercept=intercept["estimate"],
        slope=slope["estimate"],
        intercept_error=intercept["std_error"],
        slope_error=slope["std_error"],
        quantile=(slope["ci_high"] - slope["estimate"]) / slope["std_error"],
        mean_x=float(np.mean(panel.points["x"].to_numpy())),
    )


def panel_statistics(panel: Panel) -> list[str]:
    """Return the lines printed above a panel: slope, R², p naive and clustered, n and clusters."""
    slopes = {row["method"]: row for row in panel.fit.iter_rows(named=True) if _is_slope(row)}
    ols = slopes.get("ols")
    if ols is None:
        return [f"n {len(panel.points)}", "no fit"]
    size = f"n {ols['n_runs']}, {ols['n_clusters']} cluster{'s' * (ols['n_clusters'] != 1)}"
    if ols["estimate"] is None:
        return [size, "no fit: " + (ols["reason"] or "undefined")[:34]]
    lines = [
        f"slope {significant(ols['estimate'])}, R² {number(ols['r_squared'], 2)}",
        f"{p_value(ols['p_value'])} naive",
    ]
    lines += [
        f"{p_value(slopes[method]['p_value'])} {label}"
        for method, label in (("cluster_cr1", "clustered"), ("wild_cluster", "wild"))
        if method in slopes and slopes[method]["p_value"] is not None
    ]
    return [typographic(line) for line in (*lines, size)]


def _is_slope(row: Mapping[str, object]) -> bool:
    return row["term"] == "similarity"
