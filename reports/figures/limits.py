"""How far an axis reaches that shows estimates with their intervals."""

import numpy as np
import polars as pl


def interval_limits(rows: pl.DataFrame) -> tuple[float, float]:
    """Return limits that hold 0, every estimate, and intervals of three times the median width.

    Parameters
    ----------
    rows : DataFrame
        ``estimate, ci_low, ci_high``, at least one row with an estimate; ends may be null or
        infinite.
    """
    estimates = rows["estimate"].drop_nulls().to_numpy()
    widths = (rows["ci_high"] - rows["ci_low"]).drop_nulls().to_numpy()
    widths = widths[np.isfinite(widths)]
    reach = 1.5 * float(np.median(widths)) if len(widths) else 1.0
    low, high = min(0.0, float(estimates.min()) - reach), max(0.0, float(estimates.max()) + reach)
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def cut_ends(rows: pl.DataFrame, limits: tuple[float, float]) -> tuple[pl.Series, pl.Series]:
    """Return lower and upper ends of intervals, cut at the limits; there too where one is null."""
    low, high = (
        rows[end].fill_null(edge).clip(*limits)
        for end, edge in zip(("ci_low", "ci_high"), limits, strict=True)
    )
    return low, high
