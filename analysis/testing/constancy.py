"""What counts as constant: numbers that differ by no more than rounding makes them differ.

The similarity of a frozen network to itself is 1 give or take 1e-16, and a distance that is a root
of such a number is 0 give or take 1e-8. A slope on that is a slope on noise.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.regression.least_squares import Floats

CONSTANT = 1e-6


def is_constant(low: Floats | float, high: Floats | float) -> npt.NDArray[np.bool_]:
    """Whether values from low to high differ by at most a millionth of their size, or of 1.

    Similarities and scores are of the order of 1, so values smaller than that are judged against 1.

    Examples
    --------
    >>> is_constant(1 - 1e-16, 1.0).item(), is_constant(0.0, 2e-8).item()
    (True, True)
    >>> is_constant(0.9, 0.901).item(), is_constant(5e6, 5e6 + 1).item()
    (False, True)
    """
    size = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1.0)
    constant: npt.NDArray[np.bool_] = np.asarray(np.subtract(high, low) <= CONSTANT * size)
    return constant


def constant_over(column: str, by: Sequence[str]) -> pl.Expr:
    """Whether a column is constant, as `is_constant` has it, among the rows that share ``by``."""
    low, high = pl.col(column).min().over(by), pl.col(column).max().over(by)
    return high - low <= CONSTANT * pl.max_horizontal(low.abs(), high.abs(), 1.0)


def centred_over(column: str, by: Sequence[str]) -> pl.Expr:
    """Deviations of a column from its mean among the rows that share ``by``; 0 where constant."""
    deviation = pl.col(column) - pl.col(column).mean().over(by)
    return pl.when(constant_over(column, by)).then(0.0).otherwise(deviation).alias(column)
