"""Calibration scores in many resamples of the images at once."""

import math

import torch
from torch import Tensor

from collect.measures.calibration import bin_of
from collect.measures.forecasts import forecasts
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
        ``ece_debiased_15``, ``brier``, and ``nll`` if it is defined on all images, float64. The
        other errors are in :mod:`~collect.measures.calibration_bootstrap`.

    Notes
    -----
    Costs ``O(n_samples * n_resamples)`` time.
    """
    flat_confidence, flat_correct = forecasts(probabilities, labels)
    confidence = flat_confidence.reshape(len(labels), -1)
    correct = flat_correct.reshape(len(labels), -1)
    n_forecasts = weights.sum(dim=0) * confidence.shape[1]
    scores = {
        "ece_debiased_15": _debiased_errors(confidence, correct, weights) / n_forecasts,
        "brier": means(_squared_errors(probabilities, labels), weights),
    }
    surprise = -_likelihoods(probabilities, labels).log().mean(dim=1)
    if bool(surprise.isfinite().all()):
        scores["nll"] = means(surprise, weights)
    return scores


def classwise_gaps(probabilities: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Gaps whose absolute sum is the classwise error, in every resample.

    Parameters
    ----------
    probabilities, labels, weights : Tensor
        As in :func:`weighted_calibration_scores`.

    Returns
    -------
    Tensor of shape (n_classes * 15, n_resamples)
        float64.

    Notes
    -----
    An image has few probabilities above 1/15: the gaps of the first bins, which hold all others,
    are what is left of the sums over all bins.
    """
    n_classes = probabilities.shape[1]
    truth = (
        labels if labels.ndim == 2 else torch.nn.functional.one_hot(labels.long(), n_classes)
    ).double()
    residuals = probabilities.double() - truth
    index = bin_of(probabilities, N_BINS, "width")[0]
    image, label = index.nonzero(as_tuple=True)
    above = torch.sparse_coo_tensor(
        torch.stack([label * N_BINS + index[image, label], image]),
        residuals[image, label],
        (n_classes * N_BINS, len(labels)),
        check_invariants=True,
    )
    gaps: Tensor = torch.sparse.mm(above, weights).unflatten(0, (n_classes, N_BINS))
    gaps[:, 0] = residuals.T @ weights - gaps.sum(dim=1)
    return gaps.flatten(0, 1) / (weights.sum(dim=0) * n_classes)


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
