"""Runs drawn anew within datasets, so that a handful of them is enough: the bootknife.

The plain bootstrap of n values has a variance that is too small by ``(n - 1) / n``: with five folds
in each dataset a fifth is missing, however many datasets there are.
"""

import numpy as np

from analysis.regression.least_squares import Floats, Ints
from analysis.testing.student import t_quantile


def bootknife_draws(n: int, *, n_resamples: int, rng: np.random.Generator) -> Ints:
    """Draw resamples of n values that each leave one of them out.

    Parameters
    ----------
    n : int
        Values; at least two.
    n_resamples : int
        Resamples.
    rng : Generator
        Source of the draws.

    Returns
    -------
    int array of shape (n_resamples, n)
        Positions in 0 .. n - 1. The variance of the mean over resamples is that without bias,
        ``s**2 / n``.

    Raises
    ------
    ValueError
        If there are fewer than two values.

    References
    ----------
    .. [1] Hesterberg (2004), "Unbiasing the bootstrap: bootknife sampling vs. smoothing", Proc.
       Section on Statistics and the Environment, American Statistical Association, 2924-2930.
    """
    if n < 2:
        raise ValueError(f"{n} value cannot be drawn anew; at least 2")
    left_out = rng.integers(0, n, size=(n_resamples, 1))
    drawn = rng.integers(0, n - 1, size=(n_resamples, n))
    return np.asarray(drawn + (drawn >= left_out), dtype=np.int64)


def t_interval(
    estimate: float, variances: Floats, df: Floats, *, std_error: float, level: float
) -> tuple[float, float]:
    """Interval of a statistic to which every dataset contributes a variance of its own.

    Parameters
    ----------
    estimate : float
        The statistic.
    variances : float array of shape (n_datasets,)
        What each dataset contributes to its variance, up to a common factor; not all 0.
    df : float array of shape (n_datasets,)
        Degrees of freedom of each.
    std_error : float
        Standard error of the statistic.
    level : float
        Coverage.

    Returns
    -------
    tuple of float
        Lower and upper end: t with the degrees of freedom of Satterthwaite.

    References
    ----------
    .. [1] Satterthwaite (1946), Biometrics Bulletin 2, https://doi.org/10.2307/3002019

    Examples
    --------
    >>> equal = t_interval(0.5, np.ones(2), np.full(2, 3.0), std_error=0.1, level=0.95)
    >>> [round(end, 3) for end in equal]  # t with six degrees of freedom
    [0.255, 0.745]
    """
    total = float(variances.sum() ** 2 / (variances**2 / df).sum())
    half = t_quantile((1 + level) / 2, total) * std_error
    return estimate - half, estimate + half
