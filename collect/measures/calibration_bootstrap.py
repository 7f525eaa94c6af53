"""Bootstrap of calibration errors over images or patients, all resamples at once."""

import numpy as np
import torch
from torch import Tensor

from collect.measures.calibration import Scheme, bin_of
from collect.measures.error_intervals import ScoreInterval, expanded_level, gap_interval
from collect.measures.forecasts import forecasts
from collect.measures.representation import units
from collect.measures.smooth_calibration import N_CELLS, cell_of, smooth_errors, smoothed_gaps

N_BINS = 15
SCHEMES: tuple[Scheme, Scheme] = ("width", "mass")


def calibration_intervals(
    probabilities: Tensor,
    labels: Tensor,
    *,
    groups: Tensor | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> dict[str, ScoreInterval]:
    """Intervals of the errors of all forecasts together.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`.
    groups : Tensor of shape (n_samples,), optional
        Patient of each image: whole patients are resampled. Without, whole images are.
    n_resamples : int, default 1000
        Resamples.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    dict of str to ScoreInterval
        ``ece_width_15``, ``ece_mass_15`` (with the bins of all images) and ``ece_smooth``.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`, if ``groups`` do not fit, or the level or
        the number of resamples makes no interval.

    Notes
    -----
    Resampling n images with one forecast each is drawing a multinomial over the different ones.
    Forecasts in the same bins, in the same 1/960 of the confidence and with the same outcome count
    as equal, which changes the errors themselves not at all and their spread not visibly; a
    resample then costs some hundred numbers, not n.
    """
    if not 0 < level < 1 or n_resamples < 2:
        raise ValueError(f"level = {level}, n_resamples = {n_resamples}: no interval")
    confidence, correct = forecasts(probabilities, labels)
    width, mass = (bin_of(confidence, N_BINS, scheme)[0] for scheme in SCHEMES)
    place = ((width * N_BINS + mass) * N_CELLS + cell_of(confidence)) * 2 + correct.long()
    kinds, kind = torch.unique(place, return_inverse=True)
    unit, n_units = units(len(labels), groups)
    residuals = resampled_residuals(
        kind,
        confidence.double() - correct.double(),
        unit.to(kind.device).repeat_interleave(len(confidence) // len(labels)),
        n_resamples=n_resamples,
    )
    level = expanded_level(level, n_units)
    bins, cell = kinds // 2 // N_CELLS, kinds // 2 % N_CELLS
    in_width = _gathered(residuals, bins // N_BINS, N_BINS)
    in_mass = _gathered(residuals, bins % N_BINS, N_BINS)
    cells = _gathered(residuals, cell, N_CELLS)
    errors = smooth_errors(cells)
    smooth = smoothed_gaps(cells, float(errors[0]))
    return {
        "ece_width_15": gap_interval(in_width, level=level),
        "ece_mass_15": gap_interval(in_mass, level=level),
        "ece_smooth": gap_interval(smooth, errors, level=level),
    }


def resampled_residuals(
    kind: Tensor, residual: Tensor, unit: Tensor, *, n_resamples: int, seed: int = 0
) -> Tensor:
    """Sum up residuals of each kind, in the sample and in resamples of its units.

    Parameters
    ----------
    kind : Tensor of shape (n_forecasts,)
        Kind of each forecast, from 0.
    residual : Tensor of shape (n_forecasts,)
        ``confidence - outcome``, float64.
    unit : Tensor of shape (n_forecasts,)
        Image or patient of each, from 0; those of one unit stay together.
    n_resamples : int
        Resamples.
    seed : int
        Of the draws.

    Returns
    -------
    Tensor of shape (1 + n_resamples, n_kinds)
        Sums over the number of forecasts; the first row is of the sample itself.
    """
    rng = np.random.default_rng(seed)
    n, n_units, n_kinds = len(kind), int(unit.max()) + 1, int(kind.max()) + 1
    if n_units == n:
        count = torch.bincount(kind).double()
        draws = rng.multinomial(n, (count / n).cpu().numpy(), size=n_resamples)
        drawn = torch.from_numpy(draws).to(count)
        means = torch.bincount(kind, weights=residual) / count
        return torch.cat([count[None], drawn]) * (means / n)
    draws = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=n_resamples)
    weight = torch.from_numpy(np.vstack([np.ones(n_units), draws])).to(residual)
    of_unit = torch.sparse_coo_tensor(
        torch.stack([kind, unit]), residual, (n_kinds, n_units), check_invariants=True
    )
    sums: Tensor = torch.sparse.mm(of_unit, weight.T).T
    return sums / (weight @ unit.bincount().to(weight))[:, None]


def _gathered(residuals: Tensor, place: Tensor, n_places: int) -> Tensor:
    """Add up the kinds in each bin or cell, (1 + n_resamples, n_places)."""
    zeros = residuals.new_zeros(len(residuals), n_places)
    return zeros.index_add_(1, place, residuals)
