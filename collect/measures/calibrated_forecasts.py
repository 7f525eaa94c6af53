"""Calibration errors of calibrated forecasters: small samples are never quite calibrated."""

import torch
from torch import Tensor

from collect.measures.calibration import Scheme, bin_of
from collect.measures.smooth_calibration import N_CELLS, cell_of, smooth_errors

N_BINS = 15


def calibrated_errors(
    probabilities: Tensor, *, one_class: bool, n_draws: int = 100, seed: int = 0
) -> dict[str, Tensor]:
    """Errors when what comes true is drawn from the probabilities themselves.

    Parameters
    ----------
    probabilities : Tensor of shape (n_samples, n_classes)
        As in :func:`~collect.measures.forecasts.forecasts`, float64 on the CPU.
    one_class : bool
        Whether each image has one class; else each label is drawn on its own.
    n_draws : int, default 100
        Sets of labels.
    seed : int
        Of the draws.

    Returns
    -------
    dict of str to Tensor of shape (n_draws,)
        ``ece_width_15``, ``ece_mass_15``, ``ece_classwise_15`` and ``ece_smooth``.

    Notes
    -----
    Images are drawn independently, those of one patient too.

    References
    ----------
    .. [1] Bröcker and Smith (2007), "Increasing the reliability of reliability diagrams", Weather
       and Forecasting 22: consistency resampling.
    """
    generator = torch.Generator().manual_seed(seed)
    n, n_classes = probabilities.shape
    if one_class:
        drawn = torch.multinomial(probabilities, n_draws, replacement=True, generator=generator)
        confidence, predicted = probabilities.max(dim=1)
        correct = (drawn == predicted[:, None]).double()
        truths = ((drawn == c).double() for c in range(n_classes))
    else:
        chance = torch.rand(n, n_classes, n_draws, dtype=torch.float64, generator=generator)
        labels = (chance < probabilities[:, :, None]).double()
        confidence, correct = probabilities.flatten(), labels.flatten(0, 1)
        truths = (labels[:, c] for c in range(n_classes))
    classwise = [
        _binned_errors(probabilities[:, c].contiguous(), truth, "width")
        for c, truth in enumerate(truths)
    ]
    residuals = _gaps(cell_of(confidence), confidence, correct, N_CELLS)
    return {
        "ece_width_15": _binned_errors(confidence, correct, "width"),
        "ece_mass_15": _binned_errors(confidence, correct, "mass"),
        "ece_classwise_15": torch.stack(classwise).mean(dim=0),
        "ece_smooth": smooth_errors(residuals.T / len(confidence)),
    }


def _binned_errors(confidence: Tensor, correct: Tensor, scheme: Scheme) -> Tensor:
    index = bin_of(confidence, N_BINS, scheme)[0]
    return _gaps(index, confidence, correct, N_BINS).abs().sum(dim=0) / len(confidence)


def _gaps(index: Tensor, confidence: Tensor, correct: Tensor, n_bins: int) -> Tensor:
    """Sum of ``confidence - correct`` in each bin, (n_bins, n_draws)."""
    gaps = confidence[:, None] - correct
    return gaps.new_zeros(n_bins, gaps.shape[1]).index_add_(0, index, gaps)
