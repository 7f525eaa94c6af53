"""By how much a jackknife misses the variance of a value, from Gaussian layers like the given ones.

The jackknife sees the part of a variance that hangs on single images rightly, and the part that
hangs on pairs of them twice or more. Where layers have many features for their images, the second
is as large as the first. Intervals of CKA, which leave out an image or a block at a time, hold as
often as they say nonetheless; those that leave out halves or thirds hold too often.
"""

from collections.abc import Callable
from statistics import fmean, median, variance

import torch

from collect.measures.gaussian_layers import GaussianLayers, gaussian_layers
from collect.measures.intervals import BalancedJackknife, Jackknife
from collect.measures.measured_layer import MeasuredLayer, value_of

N_STEPS, N_PER_STEP = 8, 12  # a 256th of the way from independent to equal, from 12 draws
RESAMPLED_SHARE, N_RESAMPLED = 0.05, 12  # resampling takes as long as 30 values and varies less

Resampling = Callable[[MeasuredLayer, MeasuredLayer], BalancedJackknife | Jackknife | None]


def variance_ratio(
    x: MeasuredLayer,
    y: MeasuredLayer,
    resampled: Resampling,
    *,
    n_simulations: int,
    seed: int = 0,
) -> float | None:
    """Give the usual square of a standard error over the variance, of Gaussian layers.

    The layers that are drawn have as many rows and features as the given ones, their means and
    covariances; the correlations between them are made weaker or stronger until the value is that
    of the given ones on average. The square is the median of all draws: now and then a third has a
    component more or less, and its error is enormous. As images become more, the ratio goes to 1
    whatever the distribution is; at few images it is right for Gaussian layers.

    Parameters
    ----------
    x, y : MeasuredLayer
        Two layers with a value that depends on which rows belong together.
    resampled : callable
        What gives the standard error; blocks, or None, where halves or thirds say nothing.
    n_simulations : int
        Draws for the variance; resampling takes a twentieth of them, at least 12.
    seed : int
        Of the draws.

    Returns
    -------
    float or None
        None where units have different numbers of rows or are fewer than 10, where too many draws
        have no value or no standard error from halves or thirds, and where no draw is as alike as
        the given layers.

    References
    ----------
    .. [1] Efron and Stein (1981), "The jackknife estimate of variance", Annals of Statistics 9.
    .. [2] Loh (1987), "Calibrating confidence coefficients", Journal of the American Statistical
       Association 82.
    """
    try:
        layers = gaussian_layers(x, y)
        value = value_of(x, y)
        strength = _strength(layers, value, seed)
        generator = torch.Generator().manual_seed(seed + 1)
        values = [value_of(*layers.draw(strength, generator)) for _ in range(n_simulations)]
        n_resampled = max(N_RESAMPLED, round(RESAMPLED_SHARE * n_simulations))
        draws = [resampled(*layers.draw(strength, generator)) for _ in range(n_resampled)]
    except ValueError:  # the value exists, but not for layers like these
        return None
    squares = [drawn.std_error**2 for drawn in draws if isinstance(drawn, BalancedJackknife)]
    if len(squares) < N_RESAMPLED or not min(values) < value < max(values):
        return None
    return median(squares) / variance(values)


def _strength(layers: GaussianLayers, value: float, seed: int) -> float:
    """Strength at which drawn layers are as alike as the given ones, by halving the interval."""
    is_distance = layers.x.measure.kind == "distance"
    low, high = 0.0, 1.0
    for _ in range(N_STEPS):
        middle = (low + high) / 2
        generator = torch.Generator().manual_seed(seed)
        strength = middle / (1 - middle)
        drawn = fmean(value_of(*layers.draw(strength, generator)) for _ in range(N_PER_STEP))
        if (drawn > value) != is_distance:
            high = middle
        else:
            low = middle
    return (low + high) / (2 - low - high)
