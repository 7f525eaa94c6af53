"""What a comparison could have found, and how many datasets, folds or seeds an effect needs."""

import numpy as np
from scipy import optimize, stats

MAX_UNITS = 100_000


def power_of_t(effect: float, std_error: float, df: float, *, level: float = 0.95) -> float:
    """Probability that a two-sided t test finds an effect.

    Parameters
    ----------
    effect : float
        True effect.
    std_error : float
        Standard error of its estimate, positive.
    df : float
        Degrees of freedom.
    level : float, default 0.95
        One minus the level of the test.

    Returns
    -------
    float
        In [1 - level, 1].

    Examples
    --------
    >>> round(power_of_t(0.5, 0.2, 24), 3)
    0.67
    """
    critical = stats.t.ppf((1 + level) / 2, df)
    shift = abs(effect) / std_error
    # The lower tail by its mirror image: scipy's cdf is not a number far below the shift.
    return float(stats.nct.sf(critical, df, shift) + stats.nct.sf(critical, df, -shift))


def minimal_detectable_effect(
    std_error: float, df: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Smallest true effect that a two-sided t test finds with the wanted probability.

    Parameters
    ----------
    std_error, df : float
        Of the comparison at hand.
    power : float, default 0.8
        Wanted probability.
    level : float, default 0.95
        One minus the level of the test.

    Returns
    -------
    float
        In units of the effect.
    """
    if std_error <= 0 or df <= 0:
        raise ValueError(f"std_error {std_error} and df {df} must be positive")
    upper = 2.0
    while power_of_t(upper, 1.0, df, level=level) < power:
        upper *= 2
    root = optimize.brentq(lambda e: power_of_t(e, 1.0, df, level=level) - power, 1e-9, upper)
    return float(root) * std_error


def units_needed(
    effect: float,
    sd: float,
    *,
    power: float = 0.8,
    level: float = 0.95,
    shared: float = 0.0,
) -> int | None:
    """Units (datasets, seeds or folds) that a wanted effect needs.

    Parameters
    ----------
    effect : float
        Effect to be found, not 0.
    sd : float
        Standard deviation of the difference over units, from runs at hand.
    power : float, default 0.8
        Wanted probability.
    level : float, default 0.95
        One minus the level of the test.
    shared : float, default 0
        What more units do not average out, as a ratio of variances: 0 for datasets and seeds; for
        folds
        ``n_test / n_train`` with the number of folds growing would change, so folds of one repeated
        cross-validation keep theirs.

    Returns
    -------
    int or None
        At least 2; None when no number is enough (or more than 100,000 are).

    Notes
    -----
    Standard error ``sd * sqrt(1 / n + shared)``, ``n - 1`` degrees of freedom.

    Examples
    --------
    >>> units_needed(1.0, 1.0)
    10
    """
    if effect == 0 or sd <= 0:
        raise ValueError(f"effect {effect} must not be 0 and sd {sd} be positive")

    def suffices(n: int) -> bool:
        return power_of_t(effect, sd * np.sqrt(1 / n + shared), n - 1, level=level) >= power

    high = 2
    while not suffices(high):
        high *= 2
        if high > MAX_UNITS:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return max(high, 2)
