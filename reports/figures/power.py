"""What a comparison finds, over the number of datasets, folds or seeds that it has."""

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Legend, Spacing, label_row, panel_grid
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
        Effects × 100 above, power below; a large mark is the design at hand, the dashed line the
        wanted effect and the wanted power.
    """
    names = list(styles)
    above = max(room_above("", own) for own in statistics)
    spacing = Spacing(height=33.0, above=above, below=9.0, between=6.0, left=17.0)
    legend = Legend(names, styles, are_lines=True)
    figure, (effects, powers) = panel_grid(2, len(panels), spacing, legend)
    for place, (unit, rows) in enumerate(panels):
        _draw(effects[place], rows, "minimal_effect", styles, scale=100)
        _draw(powers[place], rows, "wanted_power", styles, scale=1)
        effects[place].axhline(100 * rows["wanted_effect"][0], color=GREY, ls="--", lw=0.8)
        powers[place].axhline(rows["power"][0], color=GREY, ls="--", lw=0.8)
        effects[place].set_ylim(bottom=0)
        powers[place].set_ylim(0, 1.02)
        print_above(effects[place], "", statistics[place], styles)
        for axis in (effects[place], powers[place]):
            axis.set_xlabel(unit)
            axis.xaxis.get_major_locator().set_params(integer=True, nbins=6)  # type: ignore[call-arg]
    label_row(effects, "smallest difference found, × 100", spacing)
    wanted = 100 * float(panels[0][1]["wanted_effect"][0])
    label_row(powers, f"power for a difference of {wanted:.1f}", spacing)
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
