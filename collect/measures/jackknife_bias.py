"""By how much squared influences miss the variance of a value, from Gaussian layers like the given.

The infinitesimal jackknife is right to first order. Where features are many for the images, what a
value hangs on is pairs of them, and its own bias; then it may say half of the variance, or twice as
much. How much of that there is hangs on the numbers of features and images and on how alike layers
are, which drawn layers have in common with the given ones, and little on how images are
distributed, which the influences of the given images see themselves.
"""

from statistics import fmean, variance

import numpy as np

from collect.measures.cca import WhitenedLayer
from collect.measures.gaussian_layers import GaussianLayers, gaussian_layers
from collect.measures.intervals import Correction
from collect.measures.measured_layer import MeasuredLayer, value_of
from collect.measures.resampling import influences_of_units

N_STEPS, N_PER_STEP = 6, 8  # a 64th of the way from independent to equal, from 8 draws
N_INFLUENCED = 12  # draws whose influences are looked at; squares of these vary little
ROUNDING = 1e-12


def correction(
    x: MeasuredLayer, y: MeasuredLayer, *, n_simulations: int, seed: int = 0
) -> Correction | None:
    """Give the mean square of the standard error over the variance, of Gaussian layers.

    The layers that are drawn have the means and covariances of the given ones and as many
    independent rows as theirs are worth; the correlations between them are made weaker or stronger
    until the value is that of the given ones on average.

    Parameters
    ----------
    x, y : MeasuredLayer
        Two layers with a value that depends on which rows belong together, of a measure that knows
        its influences.
    n_simulations : int
        Draws for the variance, which has as many degrees of freedom less 1. About
        n_simulations + 60 values are computed, of measures blind to linear maps on as many rows as
        both layers have dimensions.
    seed : int
        Of the draws.

    Returns
    -------
    Correction or None
        None where features are too many for the images, where a draw has no value, and where no
        draw is as alike as the given layers.

    References
    ----------
    .. [1] Efron and Stein (1981), "The jackknife estimate of variance", Annals of Statistics 9.
    .. [2] Loh (1987), "Calibrating confidence coefficients", Journal of the American Statistical
       Association 82.
    """
    rng = np.random.default_rng([seed, 1])
    try:
        value, layers = value_of(x, y), gaussian_layers(x, y)
        strength = _strength(layers, value, seed)
        values = [_drawn_value(layers, strength, rng) for _ in range(n_simulations)]
        influenced = [influences_of_units(*layers.draw(strength, rng)) for _ in range(N_INFLUENCED)]
    except ValueError:  # the value exists, but not for layers like these
        return None
    squares = [drawn.std_error**2 for drawn in influenced if drawn]
    spread = variance(values)
    if len(squares) < len(influenced) or not min(values) < value < max(values):
        return None
    if spread <= (ROUNDING * value) ** 2:  # the same layer twice
        return None
    return Correction(fmean(squares) / spread, n_simulations - 1)


def _drawn_value(layers: GaussianLayers, strength: float, rng: np.random.Generator) -> float:
    measure, is_whitened = layers.x.measure, isinstance(layers.x.prepared, WhitenedLayer)
    if is_whitened and "linear" in measure.invariant_to:
        return measure.combine(*layers.draw_whitened(strength, rng))
    return value_of(*layers.draw(strength, rng))


def _strength(layers: GaussianLayers, value: float, seed: int) -> float:
    """Strength at which drawn layers are as alike as the given ones, by halving the interval."""
    is_distance = layers.x.measure.kind == "distance"
    low, high = 0.0, 1.0
    for _ in range(N_STEPS):
        middle = (low + high) / 2
        rng = np.random.default_rng([seed, 0])
        strength = middle / (1 - middle)
        drawn = fmean(_drawn_value(layers, strength, rng) for _ in range(N_PER_STEP))
        if (drawn > value) != is_distance:
            high = middle
        else:
            low = middle
    return (low + high) / (2 - low - high)
