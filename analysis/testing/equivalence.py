"""Showing that something is small: equivalence tests and regions of practical equivalence.

A difference that is not significant is not shown to be absent. To say that two things are the same
one must say how much would count as different, and then reject that they differ by that much.
"""

import numpy as np
import polars as pl
from scipy import stats

from analysis.testing.student import t_upper_tail


def equivalence_p_value(estimate: float, std_error: float, df: float, *, margin: float) -> float:
    """Test that an effect lies within a margin, by two one-sided t tests (TOST).

    Parameters
    ----------
    estimate, std_error : float
        Effect (a difference, a slope) and its standard error, clustered or corrected as its design
        needs.
    df : float
        Degrees of freedom; infinite for a normal distribution.
    margin : float
        Effects within plus or minus the margin count as none; positive.

    Returns
    -------
    float
        The larger of the two one-sided p-values. Below the level, the effect is shown to lie
        inside.

    References
    ----------
    .. [1] Schuirmann (1987), J. Pharmacokinet. Biopharm. 15, https://doi.org/10.1007/BF01068419

    Examples
    --------
    >>> round(equivalence_p_value(0.0, 1.0, 20, margin=2.0), 4)
    0.0296
    """
    if margin <= 0 or std_error <= 0 or df <= 0:
        raise ValueError(f"margin {margin}, std_error {std_error} and df {df} must be positive")
    above = t_upper_tail((estimate + margin) / std_error, df)
    below = t_upper_tail((margin - estimate) / std_error, df)
    return max(above, below)


def correlation_equivalence_p_value(correlation: float, n: int, *, margin: float) -> float:
    """Test that a correlation lies within a margin, by Fisher's z.

    Parameters
    ----------
    correlation : float
        Pearson correlation of independent pairs, in (-1, 1). For runs in clusters take the slope of
        `standardised` columns and its clustered standard error to `equivalence_p_value`.
    n : int
        Pairs, at least 4.
    margin : float
        In (0, 1).

    Returns
    -------
    float
        The larger of the two one-sided p-values.
    """
    if not (0 < margin < 1 and -1 < correlation < 1 and n >= 4):
        raise ValueError(f"margin {margin} or correlation {correlation} of {n} pairs out of range")
    scale = np.sqrt(n - 3)
    z, bound = np.arctanh(correlation), np.arctanh(margin)
    return float(max(stats.norm.sf((z + bound) * scale), stats.norm.cdf((z - bound) * scale)))


def rope_probabilities(
    estimate: float, std_error: float, df: float, *, margin: float
) -> tuple[float, float, float]:
    """Posterior probabilities that an effect lies below, inside and above a margin.

    Parameters
    ----------
    estimate, std_error, df : float
        Centre, scale and degrees of freedom of the t posterior. With the Nadeau-Bengio standard
        error over folds this is the Bayesian correlated t test.
    margin : float
        Half-width of the region of practical equivalence (ROPE).

    Returns
    -------
    tuple of float
        Summing to 1.

    References
    ----------
    .. [1] Benavoli et al. (2017), JMLR 18, https://jmlr.org/papers/v18/16-305.html

    Examples
    --------
    >>> [round(p, 3) for p in rope_probabilities(0.0, 1.0, 1e9, margin=1.959964)]
    [0.025, 0.95, 0.025]
    """
    below = t_upper_tail((margin + estimate) / std_error, df)
    above = t_upper_tail((margin - estimate) / std_error, df)
    return below, 1.0 - below - above, above


def standardised(points: pl.DataFrame, columns: list[str], *, by: list[str]) -> pl.DataFrame:
    """Columns centred and scaled to unit standard deviation in each group.

    A least-squares slope between two such columns is their correlation, so that its standard error,
    clustered by dataset, serves a test of the correlation.
    """
    return points.with_columns(
        ((pl.col(name) - pl.col(name).mean().over(by)) / pl.col(name).std().over(by)).alias(name)
        for name in columns
    )
