"""Networks from best to worst: mean ranks with what the test cannot tell apart, and means."""

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Spacing, label_below, panel_grid
from reports.style import COLOURS, GREY

ROW_MM = 5.0
TALLEST_MM = 190.0  # of a page


def critical_difference(ranks: pl.DataFrame, *, critical: float | None) -> Figure:
    """Draw one row per network, best on top.

    Parameters
    ----------
    ranks : DataFrame
        ``network, mean_rank, rank_low, rank_high``: one row per network.
    critical : float or None
        Mean ranks further apart than this differ; None where the test is undefined.

    Returns
    -------
    Figure
        Bars on the right join networks that are not told apart; the bar at the top is as long as
        the critical difference.
    """
    ranks = ranks.sort("mean_rank", "network")
    names = ranks["network"].to_list()
    columns = ("mean_rank", "rank_low", "rank_high")
    figure, axis = _rows(ranks.select("network", *columns), "mean rank", extra_rows=1.2)
    axis.set_ylim(len(names) - 0.5, -1.7)
    worst = max(len(names), float(ranks["rank_high"].max() or 1))  # type: ignore[arg-type]
    groups = cliques(ranks["mean_rank"].to_list(), critical)
    axis.set_xlim(0.8, worst + 0.4 + 0.22 * len(groups))
    axis.set_xticks(range(1, len(names) + 1))
    if critical is not None:
        axis.plot([1, 1 + critical], [-1.0, -1.0], color="black", lw=1.2, label="critical")
        axis.annotate(f"critical difference {critical:.2f}", (1, -1.12), fontsize=5.6, va="bottom")
    for index, (first, last) in enumerate(groups):
        x = worst + 0.25 + 0.22 * index
        axis.plot([x, x], [first - 0.2, last + 0.2], color=GREY, lw=2.4, label="not told apart")
    label_below(figure, "mean rank over datasets (1 is best)")
    return figure


def mean_intervals(means: pl.DataFrame, *, x_label: str) -> Figure:
    """Draw one row per network, best on top: a mean and its interval.

    Parameters
    ----------
    means : DataFrame
        ``network, mean, low, high``: one row per network; ends may be null.
    x_label : str
        With unit.
    """
    means = means.sort("mean", "network", descending=[True, False])
    figure, axis = _rows(means.select("network", "mean", "low", "high"), "mean")
    axis.set_ylim(len(means) - 0.5, -0.5)
    label_below(figure, x_label)
    return figure


def _rows(rows: pl.DataFrame, label: str, *, extra_rows: float = 0.4) -> tuple[Figure, Axes]:
    """Draw a point and an interval per row of: name, value, low, high."""
    names = rows["network"].to_list()
    n_rows = len(names) + extra_rows
    spacing = Spacing(
        height=min(ROW_MM, TALLEST_MM / n_rows) * n_rows,
        above=3.0,
        left=7.0 + 1.1 * max(map(len, names)),
        foot=4,
    )
    figure, ((axis,),) = panel_grid(1, 1, spacing)
    _, value, low, high = rows.columns
    y = range(len(names))
    known = rows.with_row_index("y").drop_nulls([low, high])
    axis.hlines(known["y"], known[low], known[high], color=COLOURS[0], label="interval")
    axis.plot(rows[value], y, "o", color=COLOURS[0], markersize=4, label=label)
    axis.set_yticks(list(y), names)
    axis.tick_params(axis="y", length=0)
    return figure, axis


def cliques(ranks: Sequence[float], critical: float | None) -> list[tuple[int, int]]:
    """Return the largest groups of neighbours in rising ranks within the critical difference.

    Examples
    --------
    >>> cliques([1.0, 1.5, 2.6, 4.0], 1.6)
    [(0, 2), (2, 3)]
    """
    if critical is None:
        return []
    found: list[tuple[int, int]] = []
    for first, rank in enumerate(ranks):
        last = max(i for i, other in enumerate(ranks) if other - rank <= critical)
        if last > first and not (found and found[-1][1] >= last):
            found.append((first, last))
    return found
