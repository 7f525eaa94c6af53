"""Box plots from quartiles that analysis computed."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_row, panel_grid, share_y
from reports.style import Appearance


def quartile_boxes(
    panels: Sequence[tuple[str, pl.DataFrame]], styles: Mapping[str, Appearance], *, y_label: str
) -> Figure:
    """Draw a box per group and series: quartiles, median, whiskers to the extremes.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title and ``group, series, minimum, low_quartile, median, high_quartile, maximum``.
    styles : mapping of str to Appearance
        Of every series.
    y_label : str
        With unit.
    """
    groups = sorted({name for _, frame in panels for name in frame["group"].to_list()})
    names = sorted({name for _, frame in panels for name in frame["series"].to_list()})
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    spacing = Spacing(height=32.0, above=5.0, below=6.0 + 0.9 * max(map(len, groups)), widest=62.0)
    figure, axes = panel_grid(down, across, spacing, Legend(names, styles))
    flat = [axis for row in axes for axis in row]
    width = 0.8 / len(names)
    for axis, (title, frame) in zip(flat, panels, strict=False):
        for place, name in enumerate(names):
            own = frame.filter(series=name)
            style = styles[name]
            positions = [
                groups.index(group) + (place - (len(names) - 1) / 2) * width
                for group in own["group"]
            ]
            stats = [
                {
                    "whislo": row["minimum"],
                    "q1": row["low_quartile"],
                    "med": row["median"],
                    "q3": row["high_quartile"],
                    "whishi": row["maximum"],
                    "fliers": [],
                }
                for row in own.iter_rows(named=True)
            ]
            line = {"color": style.colour, "linewidth": 0.9}
            axis.bxp(
                stats,
                positions=positions,
                widths=0.7 * width,
                showfliers=False,
                manage_ticks=False,
                boxprops=line,
                whiskerprops=line,
                capprops=line,
                medianprops=line | {"linewidth": 1.8},
            )
            axis.plot(positions, own["median"], style.marker, color=style.colour, label=name)
        axis.set_xticks(range(len(groups)), groups, rotation=35, ha="right", rotation_mode="anchor")
        axis.set_xlim(-0.6, len(groups) - 0.4)
        axis.grid(visible=False, axis="x")
        axis.set_title(title, loc="left")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    share_y(flat[: len(panels)])
    for row in axes:
        row[0].tick_params(labelleft=True)
        label_row(row, y_label, spacing)
    return figure
