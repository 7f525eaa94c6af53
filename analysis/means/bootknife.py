"""Runs drawn anew within datasets, so that a handful of them is enough: the bootknife.

The plain bootstrap of n values has a variance that is too small by ``(n - 1) / n``: with five folds
in each dataset a fifth is missing, however many datasets there are.
"""

import numpy as np
from scipy import special

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


def expanded_interval(resampled: Floats, *, level: float, df: float) -> tuple[float, float]:
    """Percentile interval with tails moved out as far as t of ``df`` lies outside the normal.

    Parameters
    ----------
    resampled : float array of shape (n_resamples,)
        Statistic of each resample, drawn with `bootknife_draws` in each dataset.
    level : float
        Coverage.
    df : float
        Values less datasets.

    Returns
    -------
    tuple of float
        Lower and upper end.

    References
    ----------
    .. [1] Hesterberg (2015), "What teachers should know about the bootstrap", The American
       Statistician 69, section 5.2, https://doi.org/10.1080/00031305.2015.1089789
    """
    tail = float(special.ndtr(-t_quantile((1 + level) / 2, df)))
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)
