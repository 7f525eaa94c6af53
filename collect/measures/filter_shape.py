r"""Whether the filters of a first layer look like something: Gabor functions, or noise.

Edge detectors that training made are close to Gabor functions: a wave under a Gaussian window. A
flexible function fits noise too, and the better the fewer pixels there are, so a fit is read beside
fits to kernels of pure noise of the same size.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from torch import Tensor

from collect.measures.gabor import Floats, gabor_r2

LEAST_SIDE = 5  # a Gabor function has nine parameters, a kernel of 4 x 4 only 16 pixels
LEAST_SIDE_OF_SPECTRUM = 3
NOISE_KERNELS = 99
QUANTILE = 0.95
# By side of a square kernel, what :func:`computed_noise` gives: seconds in every process, else.
NOISE = {
    5: (0.684862855, 0.830631528),
    7: (0.409535339, 0.865596644),
    8: (0.343122085, 0.872086540),
    11: (0.203645924, 0.900047071),
    14: (0.143081340, 0.910482643),
    16: (0.112667189, 0.912158210),
    32: (0.031368445, 0.932355100),
}


@dataclass(frozen=True)
class FilterShape:
    """What the filters of one layer look like.

    Attributes
    ----------
    gabor_r2 : float
        Median over filters of the share of variance that the best Gabor function explains.
    gabor_r2_of_noise : float
        What 95 % of noise kernels of the same size stay below.
    gabor_share : float
        Share of filters above that: 0.05 for noise.
    spectral_entropy : float
        Mean over filters of the entropy of the power spectrum over its maximum: 0 for one wave.
    spectral_entropy_of_noise : float
        Mean of noise kernels of the same size.
    """

    gabor_r2: float
    gabor_r2_of_noise: float
    gabor_share: float
    spectral_entropy: float
    spectral_entropy_of_noise: float


def filter_shape(weights: Tensor) -> FilterShape:
    """Look at the filters of a layer, each by its strongest spatial pattern.

    Parameters
    ----------
    weights : Tensor of shape (n_filters, n_channels, height, width)
        Any dtype and device; height and width at least 5.

    Returns
    -------
    FilterShape
        Unitless, in [0, 1].

    Raises
    ------
    ValueError
        If the kernels are too small to tell a Gabor function from noise, or a filter is constant
        or not finite.

    Notes
    -----
    Costs some 50 ms a filter of 7 x 7 pixels, and that for 99 kernels of noise once per size that
    is not in :data:`NOISE`.

    References
    ----------
    .. [1] Daugman (1985), "Uncertainty relation for resolution in space, spatial frequency, and
       orientation ...", JOSA A 2. https://doi.org/10.1364/JOSAA.2.001160
    .. [2] Jones and Palmer (1987), "An evaluation of the two-dimensional Gabor filter model ...",
       J. Neurophysiology 58. https://doi.org/10.1152/jn.1987.58.6.1233
    """
    patterns = spatial_patterns(weights)
    height, width = patterns.shape[1:]
    if min(height, width) < LEAST_SIDE:
        raise ValueError(
            f"kernels of {height} x {width} pixels are too small: a Gabor function fits anything "
            f"below {LEAST_SIDE} x {LEAST_SIDE}"
        )
    fits, entropies = gabor_r2(patterns), spectral_entropy(patterns)
    floor, noise_entropy = noise(height, width)
    return FilterShape(
        gabor_r2=float(np.median(fits)),
        gabor_r2_of_noise=floor,
        gabor_share=float(np.mean(fits > floor)),
        spectral_entropy=float(entropies.mean()),
        spectral_entropy_of_noise=noise_entropy,
    )


def spatial_patterns(weights: Tensor) -> Floats:
    """Strongest spatial pattern of each filter: its channels mixed so that most is left.

    Parameters
    ----------
    weights : Tensor of shape (n_filters, n_channels, height, width)
        As a convolution holds them.

    Returns
    -------
    float array of shape (n_filters, height, width)
        First right singular vector of channels x pixels, after the mean of each channel was taken
        off; of length 1, its sign means nothing.

    Raises
    ------
    ValueError
        If a filter is constant in each channel, or not finite.
    """
    values = weights.detach().double().cpu().numpy()
    n_filters, n_channels, height, width = values.shape
    flat = values.reshape(n_filters, n_channels, height * width)
    if not np.isfinite(flat).all():
        raise ValueError("a filter is not finite")
    centred = flat - flat.mean(axis=2, keepdims=True)
    lengths = np.sqrt(np.square(centred).sum(axis=(1, 2)))
    constant = np.flatnonzero(lengths <= 1e-12 * (1e-300 + np.abs(flat).max(axis=(1, 2))))
    if len(constant):
        raise ValueError(f"filter {constant[0]} is constant")
    _, _, patterns = np.linalg.svd(centred / lengths[:, None, None], full_matrices=False)
    return patterns[:, 0].reshape(n_filters, height, width)


def spectral_entropy(patterns: Floats) -> Floats:
    r"""Entropy of the power spectrum of each pattern, over its maximum.

    .. math:: H = -\sum_k p_k \ln p_k / \ln K, \quad p_k = |F_k|^2 / \sum_j |F_j|^2

    over the K frequencies of the discrete Fourier transform that differ, without the constant one.

    Parameters
    ----------
    patterns : float array of shape (n_filters, height, width)
        Height and width at least 3.

    Returns
    -------
    float array of shape (n_filters,)
        In [0, 1]: 0 for a wave of one frequency, 1 where all have the same power.

    Raises
    ------
    ValueError
        If patterns are smaller.
    """
    height, width = patterns.shape[1:]
    if min(height, width) < LEAST_SIDE_OF_SPECTRUM:
        raise ValueError(f"kernels of {height} x {width} pixels have no spectrum to speak of")
    power = np.abs(np.fft.rfft2(patterns - patterns.mean(axis=(1, 2), keepdims=True))) ** 2
    shares = power.reshape(len(power), -1)[:, _distinct(height, width)]
    shares = shares / shares.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log(shares), 0.0)
    entropy: Floats = np.clip(-terms.sum(axis=1) / np.log(shares.shape[1]), 0.0, 1.0)
    return entropy


@cache
def _distinct(height: int, width: int) -> npt.NDArray[np.bool_]:
    """Frequencies of rfft2 that are neither constant nor the conjugate of another one there."""
    kept = np.ones((height, width // 2 + 1), dtype=bool)
    kept[0, 0] = False
    for column in {0, width // 2} if width % 2 == 0 else {0}:
        kept[height // 2 + 1 :, column] = False
    return kept.ravel()


def noise(height: int, width: int) -> tuple[float, float]:
    """Give what 95 % of fits to noise stay below, and the mean entropy of noise."""
    if height == width and height in NOISE:
        return NOISE[height]
    return computed_noise(height, width)


@cache
def computed_noise(height: int, width: int) -> tuple[float, float]:
    """Fit kernels of Gaussian noise, the same for every network, as :func:`noise` has it."""
    kernels = np.random.default_rng(0).normal(size=(NOISE_KERNELS, height, width))
    floor = float(np.quantile(gabor_r2(kernels), QUANTILE))
    return floor, float(spectral_entropy(kernels).mean())
