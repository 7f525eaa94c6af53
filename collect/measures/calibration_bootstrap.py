"""Bootstrap intervals of calibration errors, all resamples at once."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from collect.measures.forecasts import forecasts
from collect.measures.representation import units
from collect.measures.smooth_calibration import N_CELLS, smooth_errors

N_BINS = 15
_CELLS_PER_BIN = N_CELLS // N_BINS


@dataclass(frozen=True)
class CalibrationInterval:
    """A calibration error with its bootstrap interval.

    Attributes
    ----------
    value : float
        From all forecasts.
    ci_low, ci_high : float
        Basic bootstrap interval, cut at 0 and 1: the error grows in resamples as it does in small
        samples, and a percentile interval would count that twice.
    """

    value: float
    ci_low: float
    ci_high: float


def calibration_intervals(
    probabilities: Tensor,
    labels: Tensor,
    *,
    groups: Tensor | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, CalibrationInterval]:
    """Intervals of the ECE of 15 equal-width bins and of the smooth ECE.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`.
    groups : Tensor of shape (n_samples,), optional
        Patient of each image: whole patients are resampled.
    n_resamples : int, default 1000
        Resamples.
    level : float, default 0.95
        Coverage.
    seed : int
        Of the resamples.

    Returns
    -------
    dict of str to CalibrationInterval
        ``ece_width_15`` and ``ece_smooth``.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`, if ``groups`` do not fit, or the level or
        the number of resamples makes no interval.

    Notes
    -----
    Resampling n forecasts is drawing a multinomial over the distinct ones. Forecasts in the same
    1/960 of the confidence and with the same outcome count as equal, which changes neither the
    point estimates of the bins nor, visibly, their spread; a resample then costs some hundred
    numbers, not n.
    """
    if not 0 < level < 1 or n_resamples < 2:
        raise ValueError(f"level = {level}, n_resamples = {n_resamples}: no interval")
    residuals = resampled_residuals(
        probabilities, labels, groups=groups, n_resamples=n_resamples, seed=seed
    )
    edges = [(1 - level) / 2, (1 + level) / 2]
    found = {}
    for name, errors in (("ece_width_15", width_errors), ("ece_smooth", smooth_errors)):
        values = errors(residuals).cpu().numpy()
        low, high = np.quantile(values[1:], edges)
        value = float(values[0])
        found[name] = CalibrationInterval(
            value, max(0.0, 2 * value - high), min(1.0, 2 * value - low)
        )
    return found


def resampled_residuals(
    probabilities: Tensor,
    labels: Tensor,
    *,
    groups: Tensor | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Tensor:
    """Residuals per cell of the confidence, of the forecasts and of resamples of them.

    Returns
    -------
    Tensor of shape (1 + n_resamples, 960)
        Sum of ``confidence - outcome`` in each cell over the number of forecasts; the first row is
        of the forecasts themselves.
    """
    confidence, correct = (values.double() for values in forecasts(probabilities, labels))
    cell = bin_cell(confidence)
    rng = np.random.default_rng(seed)
    if groups is None:
        kind = 2 * cell + correct.long()
        count = torch.bincount(kind, minlength=2 * N_CELLS)
        total = torch.bincount(kind, weights=confidence - correct, minlength=2 * N_CELLS)
        used = count > 0
        mean, share = total[used] / count[used], (count[used].double() / len(kind)).cpu().numpy()
        draws = rng.multinomial(len(kind), share / share.sum(), size=n_resamples)
        drawn = torch.from_numpy(np.vstack([count[used].cpu().numpy(), draws])).to(mean)
        cells = used.nonzero().flatten() // 2
        sums = mean.new_zeros(len(drawn), N_CELLS).index_add_(1, cells, drawn * mean)
        return sums / len(kind)
    unit, n_units = units(len(labels), groups)
    unit = unit.to(cell.device).repeat_interleave(len(cell) // len(labels))
    draws = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=n_resamples)
    weight = torch.from_numpy(np.vstack([np.ones(n_units), draws])).to(confidence)
    residuals = torch.sparse_coo_tensor(
        torch.stack([cell, unit]),
        confidence - correct,
        (N_CELLS, n_units),
        check_invariants=True,
    )
    sizes = unit.bincount(minlength=n_units).to(weight)
    by_cell: Tensor = torch.sparse.mm(residuals, weight.T).T
    return by_cell / (weight @ sizes)[:, None]


def bin_cell(confidence: Tensor) -> Tensor:
    """Cell of each confidence, with the edges of the bins as the calibration error has them.

    A confidence on the edge of a bin is in the bin below, so it is in the cell below.
    """
    edges = torch.arange(1, N_CELLS, dtype=torch.float64, device=confidence.device) / N_CELLS
    return torch.bucketize(confidence.contiguous(), edges)


def width_errors(residuals: Tensor) -> Tensor:
    """ECE of 15 equal-width bins of each row of :func:`resampled_residuals`."""
    bins = residuals.reshape(len(residuals), N_BINS, _CELLS_PER_BIN).sum(dim=2)
    return bins.abs().sum(dim=1)
