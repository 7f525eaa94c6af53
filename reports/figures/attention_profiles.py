"""Numbers on attention, block by block, before and after fine-tuning."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, panel_grid
from reports.style import MM_PER_INCH, Appearance

STATISTICS = {  # name, unit, decimals and factor
    "entropy": ("entropy", "nats", 2, 1.0),
    "mean_distance": ("distance", "patches", 2, 1.0),
    "artefact_rate": ("artefacts", "%", 2, 100.0),
}


def attention_profiles(
    cells: Sequence[tuple[str, pl.DataFrame]],
    styles: Mapping[str, Appearance],
    *,
    layers: Sequence[str],
) -> Figure:
    """Draw one row of panels per cell, a column per statistic.

    Parameters
    ----------
    cells : sequence of (str, DataFrame)
        Title and ``series, layer, statistic, before, after``.
    styles : mapping of str to Appearance
        Of every series.
    layers : sequence of str
        Blocks from input to output; the x axis.

    Returns
    -------
    Figure
        A thin line without marks is before, one with marks after. Every panel has its own y axis.
    """
    names = sorted({name for _, rows in cells for name in rows["series"].to_list()})
    longest = max(len(layer) for layer in layers)
    spacing = Spacing(height=27.0, above=6.0, below=3.5 + 0.9 * longest, between=16.0, left=17.0)
    legend = Legend(names, styles, are_lines=True)
    figure, axes = panel_grid(len(cells), len(STATISTICS), spacing, legend)
    place = {layer: index for index, layer in enumerate(layers)}
    for (title, rows), line in zip(cells, axes, strict=True):
        for (statistic, (label, unit, _, scale)), axis in zip(
            STATISTICS.items(), line, strict=True
        ):
            own = rows.filter(statistic=statistic).with_columns(
                pl.col("before", "after") * scale,
                place=pl.col("layer").replace_strict(place, return_dtype=pl.Int64),
            )
            _draw(axis, own.sort("series", "place"), styles)
            if statistic == "artefact_rate":
                axis.set_ylim(bottom=0)
            axis.set_xticks(
                range(len(layers)), layers, rotation=45, ha="right", rotation_mode="anchor"
            )
            axis.set_ylabel(f"{label}, {unit}")
            width_mm = axis.get_position().width * figure.get_size_inches()[0] * MM_PER_INCH
            axis.yaxis.set_label_coords(-11.0 / width_mm, 0.5)
        line[0].set_title(title, loc="left")
    return figure


def _draw(axis: Axes, rows: pl.DataFrame, styles: Mapping[str, Appearance]) -> None:
    for (name,), own in rows.group_by("series", maintain_order=True):
        style = styles[str(name)]
        axis.plot(
            own["place"], own["before"], color=style.colour, lw=0.6, alpha=0.7, label="before"
        )
        axis.plot(
            own["place"],
            own["after"],
            color=style.colour,
            marker=style.marker,
            linestyle=style.line,
            label=str(name),
        )
