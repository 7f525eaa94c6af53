"""Layer-wise similarity: one thin line per run, a thick one through their means."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_row, panel_grid, share_y
from reports.figures.runs import MOST_VECTOR_POINTS, separate_runs
from reports.style import Appearance


def layer_profiles(
    panels: Sequence[tuple[str, pl.DataFrame]],
    styles: Mapping[str, Appearance],
    *,
    layers: Sequence[str],
    y_label: str,
) -> Figure:
    """Draw similarity against layer, a panel each.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        Title of one or two lines, and ``series, run_id, layer, value, mean, null_mean``: a row per
        run and layer.
    styles : mapping of str to Appearance
        Of every series.
    layers : sequence of str
        From input to output; the x axis.
    y_label : str
        Measure with its unit or range.

    Returns
    -------
    Figure
        Panels share the y axis; a dotted line is the noise floor, where it was computed.
    """
    columns = min(len(panels), 4)
    n_rows = -(-len(panels) // columns)
    names = sorted({str(name) for _, rows in panels for name in rows["series"].to_list()})
    longest = max(len(layer) for layer in layers)
    spacing = Spacing(height=30.0, above=9.0, below=4.5 + 0.85 * longest)
    figure, axes = panel_grid(n_rows, columns, spacing, Legend(names, styles, are_lines=True))
    flat = [axis for row in axes for axis in row]
    position = {layer: index for index, layer in enumerate(layers)}
    for axis, (title, rows) in zip(flat, panels, strict=False):
        rows = rows.with_columns(position=pl.col("layer").replace_strict(position)).sort("position")
        for (series,), lines in rows.group_by("series", maintain_order=True):
            style = styles[str(series)]
            x, y = separate_runs(lines, "position")
            axis.plot(
                x,
                y,
                color=style.colour,
                alpha=0.35,
                linewidth=0.6,
                rasterized=len(x) > MOST_VECTOR_POINTS,
            )
            mean = lines.unique("position", maintain_order=True)
            axis.plot(
                mean["position"],
                mean["mean"],
                color=style.colour,
                marker=style.marker,
                linestyle=style.line,
                label=str(series),
            )
        floor = rows.filter(pl.col("null_mean").is_not_null()).unique(
            "position", maintain_order=True
        )
        if len(floor):
            axis.plot(
                floor["position"], floor["null_mean"], color="black", ls=":", lw=0.8, label="floor"
            )
        axis.set_title(title, loc="left")
        axis.set_xticks(range(len(layers)), layers, rotation=45, ha="right", rotation_mode="anchor")
    for axis in flat[len(panels) :]:
        axis.set_axis_off()
    share_y(flat[: len(panels)])
    for row in axes:
        row[0].tick_params(labelleft=True)
        label_row(row, y_label, spacing)
    return figure
