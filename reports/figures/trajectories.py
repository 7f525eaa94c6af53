"""Trajectories: a quantity per epoch, one line per run, a panel per setting."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_below, label_row, panel_grid, share_y
from reports.figures.runs import MOST_VECTOR_POINTS, separate_runs
from reports.style import Appearance


def epoch_trajectories(
    quantities: Sequence[tuple[str, pl.DataFrame]], styles: Mapping[str, Appearance]
) -> Figure:
    """Draw one row of panels per quantity and one column per setting.

    Parameters
    ----------
    quantities : sequence of (str, DataFrame)
        Label of the y axis and rows ``setting, series, run_id, epoch, value``.
    styles : mapping of str to Appearance
        Of every series.

    Returns
    -------
    Figure
        Panels of a row share the y axis.
    """
    settings = sorted({name for _, rows in quantities for name in rows["setting"].to_list()})
    names = sorted({name for _, rows in quantities for name in rows["series"].to_list()})
    spacing = Spacing(height=26.0, above=5.0, below=5.0, foot=4.0)
    legend = Legend(names, styles, are_lines=True)
    figure, axes = panel_grid(len(quantities), len(settings), spacing, legend)
    for (label, rows), row in zip(quantities, axes, strict=True):
        for setting, axis in zip(settings, row, strict=True):
            _draw(axis, rows.filter(setting=setting), styles)
            if row is axes[0]:
                axis.set_title(setting, loc="left")
        share_y(row)
        label_row(row, label, spacing)
    label_below(figure, "completed epochs")
    return figure


def _draw(axis: Axes, rows: pl.DataFrame, styles: Mapping[str, Appearance]) -> None:
    for (series,), runs in rows.sort("series", "run_id", "epoch").group_by(
        "series", maintain_order=True
    ):
        style = styles[str(series)]
        x, y = separate_runs(runs, "epoch")
        axis.plot(
            x,
            y,
            color=style.colour,
            linestyle=style.line,
            lw=0.8,
            alpha=0.75,
            rasterized=len(x) > MOST_VECTOR_POINTS,
        )
    axis.xaxis.get_major_locator().set_params(integer=True, nbins=6)  # type: ignore[call-arg]
