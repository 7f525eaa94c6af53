"""Calibration scores in many resamples of the images at once."""

import math

import torch
from torch import Tensor

from collect.measures.calibration import bin_of
from collect.measures.forecasts import forecasts
from collect.measures.smooth_calibration import N_CELLS, cell_of, smooth_errors
from collect.measures.weighted_sums import means, sums_by

N_BINS = 15
Values = dict[str, Tensor]


def weighted_calibration_scores(probabilities: Tensor, labels: Tensor, weights: Tensor) -> Values:
    """Scores of :func:`~collect.measures.calibration.calibration_scores` in every resample.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`, on the CPU.
    weights : Tensor of shape (n_samples, n_resamples)
        How often each image occurs in each resample, float64.

    Returns
    -------
    dict of str to Tensor of shape (n_resamples,)
        Those scores that are defined on all images, float64.

    Notes
    -----
    Costs ``O(n_samples * n_resamples * n_classes)`` time. Bins of equal mass are those of each
    resample.
    """
    flat_confidence, flat_correct = forecasts(probabilities, labels)
    confidence = flat_confidence.reshape(len(labels), -1)
    correct = flat_correct.reshape(len(labels), -1)
    n_forecasts = weights.sum(dim=0) * confidence.shape[1]
    scores = {
        "ece_width_15": _width_errors(confidence, correct, weights) / n_forecasts,
        "ece_mass_15": _mass_errors(confidence, correct, weights) / n_forecasts,
        "ece_classwise_15": _classwise_errors(probabilities, labels, weights),
        "ece_debiased_15": _debiased_errors(confidence, correct, weights) / n_forecasts,
        "ece_smooth": smooth_errors(
            sums_by(cell_of(confidence), weights, N_CELLS, confidence.double() - correct).T
            / n_forecasts[:, None]
        ),
        "brier": means(_squared_errors(probabilities, labels), weights),
    }
    surprise = -_likelihoods(probabilities, labels).log().mean(dim=1)
    if bool(surprise.isfinite().all()):
        scores["nll"] = means(surprise, weights)
    return scores


def _width_errors(confidence: Tensor, correct: Tensor, weights: Tensor) -> Tensor:
    index = bin_of(confidence, N_BINS, "width")[0]
    return sums_by(index, weights, N_BINS, confidence.double() - correct).abs().sum(dim=0)


def _classwise_errors(probabilities: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    n_classes = probabilities.shape[1]
    truth = labels if labels.ndim == 2 else labels[:, None] == torch.arange(n_classes)
    errors = [
        _width_errors(probabilities[:, c], truth[:, c].double(), weights) for c in range(n_classes)
    ]
    return torch.stack(errors).mean(dim=0) / weights.sum(dim=0)


def _mass_errors(confidence: Tensor, correct: Tensor, weights: Tensor) -> Tensor:
    """Gaps of bins with equally many forecasts of the resample.

    A confidence with b forecasts below it, of n, is in the bin ``floor(15 b / n)``.
    """
    values, place = torch.unique(confidence, return_inverse=True)
    count = sums_by(place, weights, len(values)).long()
    gap = sums_by(place, weights, len(values), confidence.double() - correct)
    below = count.cumsum(dim=0) - count
    index = (below * N_BINS // count.sum(dim=0)).clamp(max=N_BINS - 1)
    return gap.new_zeros(N_BINS, gap.shape[1]).scatter_add_(0, index, gap).abs().sum(dim=0)


def _debiased_errors(confidence: Tensor, correct: Tensor, weights: Tensor) -> Tensor:
    """Gaps less the mean of their folded normal noise, as the debiased error has them."""
    index = bin_of(confidence, N_BINS, "width")[0]
    count, right, sure = (
        sums_by(index, weights, N_BINS, values) for values in (None, correct, confidence)
    )
    used = count > 0
    n = count.clamp(min=1)
    frequency = right / n
    gap = (frequency - sure / n).abs()
    sd = (frequency * (1 - frequency) / n).clamp(min=0).sqrt()
    z = torch.where(sd > 0, gap / sd.clamp(min=torch.finfo(sd.dtype).tiny), torch.inf)
    density = torch.exp(-0.5 * z.square()) * math.sqrt(2 / math.pi)
    expected = torch.where(sd > 0, sd * density + gap * torch.erf(z / math.sqrt(2)), gap)
    return torch.where(used, count * (2 * gap - expected), 0).sum(dim=0)


def _squared_errors(probabilities: Tensor, labels: Tensor) -> Tensor:
    p = probabilities.double()
    if labels.ndim == 2:
        return (p - labels.double()).square().mean(dim=1)
    truth = torch.nn.functional.one_hot(labels.long(), p.shape[1])
    return (p - truth).square().sum(dim=1)


def _likelihoods(probabilities: Tensor, labels: Tensor) -> Tensor:
    p = probabilities.double()
    if labels.ndim == 2:
        return torch.where(labels.bool(), p, 1 - p)
    return p.gather(1, labels.long()[:, None])
