"""Do networks differ over datasets, and by how much must ranks: Friedman and Nemenyi."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

from analysis.regression.least_squares import Floats


@dataclass(frozen=True)
class Friedman:
    """Friedman test of one table of datasets by networks.

    Attributes
    ----------
    statistic, p_value : float
        Chi-squared with ties corrected; of no difference between networks.
    critical_difference : float
        Mean ranks further apart than this differ (Nemenyi).
    """

    statistic: float
    p_value: float
    critical_difference: float


def friedman(values: Floats, *, level: float = 0.95) -> Friedman:
    """Test whether networks differ over datasets, and by how much ranks must.

    Parameters
    ----------
    values : float array of shape (n_datasets, n_networks)
        One score per dataset and network; at least two datasets and three networks, which do not
        tie on all of them.
    level : float, default 0.95
        One minus it is the level of the Nemenyi test.

    Returns
    -------
    Friedman
        The test and the critical difference.

    Raises
    ------
    ValueError
        If there are fewer, or all networks tie on every dataset: ranks that never differ have no
        distribution.

    References
    ----------
    .. [1] Demsar (2006), JMLR 7, https://jmlr.org/papers/v7/demsar06a.html

    Examples
    --------
    >>> round(friedman(np.arange(30.0).reshape(10, 3)).critical_difference, 3)
    1.048
    """
    n, k = values.shape
    if n < 2 or k < 3:
        raise ValueError(f"{n} datasets and {k} networks: needs at least 2 and 3")
    if (values == values[:, :1]).all():
        raise ValueError(f"{k} networks tie on all {n} datasets: no ranks to compare")
    test = stats.friedmanchisquare(*values.T)
    difference = _nemenyi_quantile(level, k) * np.sqrt(k * (k + 1) / (6 * n))
    return Friedman(float(test.statistic), float(test.pvalue), float(difference))


@lru_cache(maxsize=128)
def _nemenyi_quantile(level: float, n_networks: int) -> float:
    """Quantile of the studentized range, which takes scipy milliseconds to integrate."""
    return float(stats.studentized_range.ppf(level, n_networks, np.inf) / np.sqrt(2))
