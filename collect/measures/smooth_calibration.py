r"""Smooth calibration error: no bins, and a bandwidth that the forecasts choose themselves.

The residuals ``confidence - outcome`` are smoothed over the confidence by a Gaussian kernel that is
reflected at 0 and 1. In the cosine basis that is a multiplication: the coefficient of frequency k
shrinks by ``exp(-(pi k sigma)^2 / 2)``. Confidences are rounded to a grid of 960 cells.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

from collect.measures.forecasts import forecasts

N_CELLS = 960
_N_MODES = 640  # damped below 1e-14 at the finest bandwidth
_DAMPED = 8.03  # frequency times bandwidth from which a mode is damped below 1e-14
_THINNED = 4
_FINEST, _START = 4e-3, 0.03
_MAX_STEPS, _TOLERANCE = 60, 1e-13


def smooth_calibration_error(probabilities: Tensor, labels: Tensor) -> float:
    r"""Smooth ECE.

    .. math:: \int_0^1 \left| \frac{1}{n} \sum_i K_\sigma(t, f_i) (f_i - y_i) \right| dt

    at the bandwidth sigma that equals the error itself, which is unique.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`; for one class per image the
        confidence is the largest probability.

    Returns
    -------
    float
        In [0, 1]. Within 1e-3 of its value without the grid; errors below the finest bandwidth,
        0.004, are taken at that bandwidth.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`.

    References
    ----------
    .. [1] Błasiok and Nakkiran (2024), "Smooth ECE: principled reliability diagrams via kernel
       smoothing", ICLR. https://arxiv.org/abs/2309.12236

    Examples
    --------
    >>> probabilities = torch.tensor([[0.75, 0.25]]).repeat(4, 1)
    >>> round(smooth_calibration_error(probabilities, torch.tensor([0, 0, 1, 1])), 6)
    0.25
    """
    confidence, correct = forecasts(probabilities, labels)
    residuals = torch.bincount(
        cell_of(confidence),
        weights=confidence.double() - correct.double(),
        minlength=N_CELLS,
    )
    return float(smooth_errors(residuals[None] / len(confidence))[0])


def cell_of(confidence: Tensor) -> Tensor:
    """Cell of the grid that each confidence is in; cell i is centred at (i + 0.5) / 960."""
    return (confidence.double() * N_CELLS).long().clamp(max=N_CELLS - 1)


def smooth_errors(residuals: Tensor) -> Tensor:
    """Smooth ECE of many sets of forecasts at once.

    Parameters
    ----------
    residuals : Tensor of shape (n_sets, 960)
        Sum of ``confidence - outcome`` in each cell over the number of forecasts, float64.

    Returns
    -------
    Tensor of shape (n_sets,)
        Errors at their own bandwidths.

    Notes
    -----
    The error falls with the bandwidth, so the error at any bandwidth and that bandwidth itself
    enclose the one that is equal to its error; the Illinois rule closes in on it.
    """
    waves, frequency = _cosines(residuals.device)
    coefficients = residuals @ waves

    def excess(sigma: Tensor) -> Tensor:
        n_modes = int((frequency * sigma.min() < _DAMPED).sum())
        damping = torch.exp(-0.5 * (sigma[:, None] * frequency[:n_modes]).square())
        smoothed = (coefficients[:, :n_modes] * damping) @ waves[:, :n_modes].T
        return smoothed.abs().mean(dim=1) - sigma

    start = residuals.new_full((len(residuals),), _START)
    above_start = excess(start)
    other = (start + above_start).clamp(min=_FINEST)
    above_other = excess(other)
    is_low = above_start >= 0
    low, high = torch.where(is_low, start, other), torch.where(is_low, other, start)
    above_low = torch.where(is_low, above_start, above_other)
    above_high = torch.where(is_low, above_other, above_start)
    beyond = above_low < 0  # below the finest bandwidth
    middle, previous = low, torch.zeros_like(low)
    for _ in range(_MAX_STEPS):
        slope = torch.where(above_low > above_high, above_low - above_high, 1.0)
        middle = torch.where(beyond, low, (low + (high - low) * above_low / slope))
        found = excess(middle)
        if bool((beyond | (found.abs() < _TOLERANCE) | (high - low < _TOLERANCE)).all()):
            break
        side = torch.where(found > 0, 1.0, -1.0)
        stuck = side == previous  # the end that stays is weighed half, or it would stay for long
        above_high = torch.where(found > 0, above_high * torch.where(stuck, 0.5, 1.0), found)
        above_low = torch.where(found > 0, found, above_low * torch.where(stuck, 0.5, 1.0))
        low, high = torch.where(found > 0, middle, low), torch.where(found > 0, high, middle)
        previous = side
    return torch.where(beyond, low + above_low, middle)


def smoothed_gaps(residuals: Tensor, bandwidth: float) -> Tensor:
    """Residuals smoothed by one bandwidth, whose absolute sums are errors at this bandwidth.

    Parameters
    ----------
    residuals : Tensor of shape (n_sets, 960)
        As in :func:`smooth_errors`.
    bandwidth : float
        At least 0.004, or that is taken.

    Returns
    -------
    Tensor of shape (n_sets, 240)
        At every fourth cell. The smooth ECE of a set is at least the bandwidth where the absolute
        sum is, and below it where that is below.
    """
    waves, frequency = _cosines(residuals.device)
    damping = torch.exp(-0.5 * (max(bandwidth, _FINEST) * frequency).square())
    some = waves[_THINNED // 2 :: _THINNED]
    return (residuals @ (waves * damping)) @ some.T / len(some)


@lru_cache(maxsize=4)
def _cosines(device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines at the centres of the cells, scaled to mean square 1, and their frequencies."""
    centres = (torch.arange(N_CELLS, dtype=torch.float64, device=device) + 0.5) / N_CELLS
    frequency = torch.arange(_N_MODES, dtype=torch.float64, device=device) * math.pi
    waves = torch.cos(centres[:, None] * frequency)
    waves[:, 1:] *= math.sqrt(2)
    return waves, frequency
