"""What a comparison finds, over the number of datasets, folds or seeds that it has."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from reports.figures.grid import Legend, Spacing, panel_grid
from reports.figures.statistics import print_above, room_above
from reports.style import GREY, Appearance


def power_curves(
    panels: Sequence[tuple[str, pl.DataFrame]],
    styles: Mapping[str, Appearance],
    statistics: Sequence[Mapping[str, str]],
) -> Figure:
    """Draw, per kind of unit, the smallest effect found and the power for the wanted one.

    Parameters
    ----------
    panels : sequence of (str, DataFrame)
        What is counted, and ``series, n_units, minimal_effect, wanted_power, is_current,
        wanted_effect, power``.
    styles : mapping of str to Appearance
        Of every series.
    statistics : sequence of mapping of str to str
        Line printed over each panel for each series.

    Returns
    -------
    Figure
        A row per kind of unit: effects × 100 on a log axis, then power. A large mark is the
        design at hand, the dashed line the wanted effect and the wanted power.
    """
    above = max(room_above("", own) for own in statistics)
    spacing = Spacing(height=33.0, above=above, below=9.0, between=17.0, left=17.0, widest=62.0)
    legend = Legend(list(styles), styles, are_lines=True)
    figure, axes = panel_grid(len(panels), 2, spacing, legend)
    for (unit, rows), (effect, power), needed in zip(panels, axes, statistics, strict=True):
        first = rows.row(0, named=True)
        wanted = 100 * first["wanted_effect"]
        _draw(effect, rows, "minimal_effect", styles, scale=100)
        effect.set_yscale("log")
        effect.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        effect.yaxis.set_minor_formatter(NullFormatter())
        effect.axhline(wanted, color=GREY, ls="--", lw=0.8)
        print_above(effect, "", needed, styles)
        _draw(power, rows, "wanted_power", styles, scale=1)
        power.axhline(first["power"], color=GREY, ls="--", lw=0.8)
        power.set_ylim(0, 1.02)
        labels = ("smallest difference\nfound, × 100", f"power for a\ndifference of {wanted:.1f}")
        for axis, label in zip((effect, power), labels, strict=True):
            axis.set_xlabel(unit)
            axis.set_ylabel(label)
            axis.xaxis.get_major_locator().set_params(integer=True, nbins=6)  # type: ignore[call-arg]
    return figure


def _draw(
    axis: Axes, rows: pl.DataFrame, value: str, styles: Mapping[str, Appearance], *, scale: float
) -> None:
    for name, style in styles.items():
        own = rows.filter(series=name).sort("n_units")
        axis.plot(own["n_units"], own[value] * scale, color=style.colour, ls=style.line, label=name)
        now = own.filter(pl.col("is_current"))
        axis.plot(
            now["n_units"],
            now[value] * scale,
            style.marker,
            color=style.colour,
            markersize=4.5,
            label="now",
        )
