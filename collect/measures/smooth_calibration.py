r"""Smooth calibration error: no bins, and a bandwidth that the forecasts choose themselves.

The residuals ``confidence - outcome`` are smoothed over the confidence by a Gaussian kernel that is
reflected at 0 and 1. In the cosine basis that is a multiplication: the coefficient of frequency k
shrinks by ``exp(-(pi k sigma)^2 / 2)``. Confidences are rounded to a grid of 1,920 cells.
"""

import math

import torch
from torch import Tensor

from collect.measures.forecasts import forecasts

N_CELLS = 1920
_N_MODES = 640
_COARSEST, _FINEST = 1.0, 1e-3
_N_STEPS = 40


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
        0.001, are taken at that bandwidth.

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
    """Cell of the grid that each confidence is in; cell i is centred at (i + 0.5) / 1920."""
    return (confidence.double() * N_CELLS).long().clamp(max=N_CELLS - 1)


def smooth_errors(residuals: Tensor) -> Tensor:
    """Smooth ECE of many sets of forecasts at once.

    Parameters
    ----------
    residuals : Tensor of shape (n_sets, 1920)
        Sum of ``confidence - outcome`` in each cell over the number of forecasts, float64.

    Returns
    -------
    Tensor of shape (n_sets,)
        Errors at their own bandwidths, by bisection of ``error(sigma) - sigma``, which falls.
    """
    waves, frequency = _cosines(residuals.device)
    coefficients = residuals @ waves
    low = residuals.new_full((len(residuals),), math.log(_FINEST))
    high = torch.full_like(low, math.log(_COARSEST))
    for _ in range(_N_STEPS):
        middle = (low + high) / 2
        is_above = _error_at(coefficients, waves, frequency, middle.exp()) > middle.exp()
        low, high = torch.where(is_above, middle, low), torch.where(is_above, high, middle)
    return _error_at(coefficients, waves, frequency, high.exp())


def _cosines(device: torch.device) -> tuple[Tensor, Tensor]:
    centres = (torch.arange(N_CELLS, dtype=torch.float64, device=device) + 0.5) / N_CELLS
    frequency = torch.arange(_N_MODES, dtype=torch.float64, device=device) * math.pi
    return torch.cos(centres[:, None] * frequency), frequency


def _error_at(coefficients: Tensor, waves: Tensor, frequency: Tensor, sigma: Tensor) -> Tensor:
    damping = torch.exp(-0.5 * (sigma[:, None] * frequency).square())
    damping[:, 1:] *= 2  # the cosines but the first have mean square 1 / 2
    smoothed: Tensor = (coefficients * damping) @ waves.T
    return smoothed.abs().mean(dim=1)
