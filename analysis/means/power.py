"""What a comparison could have found, and how many datasets, folds or seeds an effect needs."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import optimize, stats

from analysis.regression.least_squares import Floats

MAX_UNITS = 100_000


class Plan(NamedTuple):
    """What tests could have found; ``_high`` with the spread as large as it may be.

    Attributes
    ----------
    df : float array
        Degrees of freedom.
    minimal_effect, minimal_effect_high : float array
        Smallest true effect that is found.
    n_needed, n_needed_high : float array
        Units that the wanted effect needs; NaN where 100,000 are not enough.
    """

    df: Floats
    minimal_effect: Floats
    minimal_effect_high: Floats
    n_needed: Floats
    n_needed_high: Floats


def power_of_t(
    effect: npt.ArrayLike, std_error: npt.ArrayLike, df: npt.ArrayLike, *, level: float = 0.95
) -> Floats:
    """Probability that a two-sided t test finds an effect.

    Parameters
    ----------
    effect : array_like
        True effect; all arguments are broadcast against each other.
    std_error : array_like
        Standard error of its estimate, positive.
    df : array_like
        Degrees of freedom.
    level : float, default 0.95
        One minus the level of the test.

    Returns
    -------
    float array of the common shape
        In [1 - level, 1].

    Examples
    --------
    >>> power_of_t(0.5, 0.2, [24, 4]).round(3).tolist()
    [0.67, 0.477]
    """
    size, error, freedom = (np.asarray(a, dtype=np.float64) for a in (effect, std_error, df))
    critical = stats.t.ppf((1 + level) / 2, freedom)
    shift = np.abs(size) / error
    # The lower tail by its mirror image: scipy's cdf is not a number far below the shift.
    found = stats.nct.sf(critical, freedom, shift) + stats.nct.sf(critical, freedom, -shift)
    return np.asarray(found, dtype=np.float64)


def minimal_detectable_effect(
    std_error: npt.ArrayLike, df: npt.ArrayLike, *, power: float = 0.8, level: float = 0.95
) -> Floats:
    """Smallest true effect that a two-sided t test finds with the wanted probability.

    Parameters
    ----------
    std_error, df : array_like
        Of the comparisons at hand, broadcast against each other.
    power : float, default 0.8
        Wanted probability.
    level : float, default 0.95
        One minus the level of the test.

    Returns
    -------
    float array of the common shape
        In units of the effect.
    """
    error, freedom = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (std_error, df)))
    if not (np.all(error > 0) and np.all(freedom > 0)):
        raise ValueError(f"std_error {std_error!r} and df {df!r} must be positive")
    distinct, which = np.unique(freedom, return_inverse=True)
    shifts = np.array([_detectable_shift(float(d), power, level) for d in distinct])
    return np.asarray(shifts[which].reshape(error.shape) * error, dtype=np.float64)


def spread_limit(df: npt.ArrayLike, *, level: float = 0.95) -> Floats:
    """Factor by which a standard deviation is at most larger than the one that runs at hand show.

    A design that is planned with the spread of few runs has on average less power than it promises,
    as that spread is as often too small as too large. With the spread times this factor it has at
    least the power promised, in a share ``level`` of all plans.

    Parameters
    ----------
    df : array_like
        Degrees of freedom of the spread at hand, positive.
    level : float, default 0.95
        Share of plans.

    Returns
    -------
    float array of the shape of ``df``
        Above 1 for a level above one half.

    References
    ----------
    .. [1] Browne (1995), "On the use of a pilot sample for sample size determination", Statistics
       in Medicine 14, https://doi.org/10.1002/sim.4780141709

    Examples
    --------
    >>> spread_limit([4, 19]).round(2).tolist()
    [2.37, 1.37]
    """
    freedom = np.asarray(df, dtype=np.float64)
    return np.asarray(np.sqrt(freedom / stats.chi2.ppf(1 - level, freedom)), dtype=np.float64)


@lru_cache(maxsize=4096)
def _detectable_shift(df: float, power: float, level: float) -> float:
    """Smallest effect in units of its standard error."""
    upper = 2.0
    while float(power_of_t(upper, 1.0, df, level=level)) < power:
        upper *= 2

    def missing(shift: float) -> float:
        return float(power_of_t(shift, 1.0, df, level=level)) - power

    return float(optimize.brentq(missing, 1e-9, upper))


def units_needed(
    effect: float,
    sd: npt.ArrayLike,
    *,
    power: float = 0.8,
    level: float = 0.95,
    shared: npt.ArrayLike = 0.0,
    df: npt.ArrayLike = np.nan,
) -> Floats:
    """Units (datasets, seeds or folds) that a wanted effect needs.

    Parameters
    ----------
    effect : float
        Effect to be found, not 0.
    sd : array_like
        Standard deviation of the difference over units, from runs at hand.
    power : float, default 0.8
        Wanted probability.
    level : float, default 0.95
        One minus the level of the test.
    shared : array_like, default 0
        What more units do not average out, as a ratio of variances: 0 for datasets and seeds; folds
        of one repeated cross-validation share ``n_test / n_train``.
    df : array_like, default NaN
        Degrees of freedom where the units are not those that the test counts, as seeds in a test
        over datasets; NaN where they are.

    Returns
    -------
    float array of the common shape of ``sd``, ``shared`` and ``df``
        Whole numbers, of at least 2 where the test counts the units; NaN where 100,000 are not
        enough.

    Notes
    -----
    Standard error ``sd * sqrt(1 / n + shared)``; ``n - 1`` degrees of freedom unless given.

    Examples
    --------
    >>> units_needed(1.0, [1.0, 0.5]).tolist()
    [10.0, 5.0]
    """
    spread, common, given = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (sd, shared, df))
    )
    if effect == 0 or not np.all(spread > 0):
        raise ValueError(f"effect {effect} must not be 0 and sd {sd!r} be positive")
    least = np.where(np.isnan(given), 2.0, 1.0)

    def suffices(n: Floats) -> npt.NDArray[np.bool_]:
        error = spread * np.sqrt(1 / n + common)
        freedom = np.where(np.isnan(given), n - 1, given)
        enough: npt.NDArray[np.bool_] = power_of_t(effect, error, freedom, level=level) >= power
        return enough

    low, high = least - 1, np.full(spread.shape, float(MAX_UNITS))
    reachable = suffices(high)
    while np.any(high - low > 1):
        middle = np.maximum((low + high) // 2, least)
        enough = suffices(middle)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(reachable, high, np.nan)


def planned(
    effect: float,
    sd: npt.ArrayLike,
    std_error: npt.ArrayLike,
    n_units: npt.ArrayLike,
    *,
    power: float,
    level: float,
) -> Plan:
    """Say of tests at hand what they could have found, and how many units a wanted effect needs.

    Parameters
    ----------
    effect : float
        Effect to be found, not 0.
    sd, std_error, n_units : array_like of one length
        Of the tests at hand; their t has ``n_units - 1`` degrees of freedom. What the standard
        error holds beyond ``sd / sqrt(n_units)`` is shared by units (folds): more of them do not
        average it out.
    power, level
        As `units_needed` takes them.
    """
    error, n = np.asarray(std_error, dtype=np.float64), np.asarray(n_units, dtype=np.float64)
    spread, df = np.asarray(sd, dtype=np.float64), n - 1.0
    shared = np.maximum((error / spread) ** 2 - 1 / n, 0.0)
    limit = spread_limit(df, level=level)
    minimal = minimal_detectable_effect(error, df, power=power, level=level)
    needed, surely_needed = (
        units_needed(effect, each, power=power, level=level, shared=shared)
        for each in (spread, spread * limit)
    )
    return Plan(df, minimal, minimal * limit, needed, surely_needed)


def whole(n_units: Floats) -> pl.Series:
    """Numbers of units as a column of whole numbers, null for NaN."""
    return pl.Series(n_units, nan_to_null=True).cast(pl.Int64)
