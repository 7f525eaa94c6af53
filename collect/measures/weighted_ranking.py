"""Scores of a ranking in many resamples at once: area under the ROC, average precision."""

import torch
from torch import Tensor

from collect.measures.weighted_sums import sums_by


def areas_under_roc(
    ranking: Tensor, is_positive: Tensor, weights: Tensor, totals: Tensor
) -> Tensor:
    """Area under the ROC curve in every resample: ties count one half.

    Parameters
    ----------
    ranking : Tensor of shape (n_samples,)
        Larger for what is rather positive.
    is_positive : Tensor of shape (n_samples,)
        bool.
    weights : Tensor of shape (n_samples, n_resamples)
        How often each sample occurs in each resample, float64.
    totals : Tensor of shape (n_resamples,)
        Samples of each resample: the sums of the weights, which all classes share.

    Returns
    -------
    Tensor of shape (n_resamples,)
        float64; NaN in a resample without a positive or without a negative.

    Notes
    -----
    The positives cut the ranking into stretches, whose negatives are counted in all resamples with
    one sparse product: ``O(n_samples * n_resamples)`` time, and memory for as many counts as there
    are positives. What is left of the total is in the fullest stretch, mostly that below all
    positives, so a class that is told apart well costs a small part of that.
    """
    ranking = ranking.contiguous()
    thresholds, place = torch.unique(ranking[is_positive], return_inverse=True)
    n_thresholds = len(thresholds)
    # Of threshold k: 2 k below it (and above the one before), 2 k + 1 as high.
    stretch = torch.searchsorted(thresholds, ranking) + torch.searchsorted(
        thresholds, ranking, right=True
    )
    fullest = int(stretch[~is_positive].bincount(minlength=2 * n_thresholds + 1).argmax())
    is_counted = ~is_positive & (stretch != fullest)
    negative = sums_by(stretch, weights, 2 * n_thresholds + 1, where=is_counted)
    positive = sums_by(place, weights[is_positive], n_thresholds)
    negative[fullest] = totals - positive.sum(dim=0) - negative.sum(dim=0)
    below = negative.cumsum(dim=0)[:-1:2] + 0.5 * negative[1::2]
    n_pairs = positive.sum(dim=0) * negative.sum(dim=0)
    return (positive * below).sum(dim=0) / n_pairs


def average_precisions(ranking: Tensor, is_positive: Tensor, weights: Tensor) -> Tensor:
    """Average precision in every resample: precision at each threshold, weighted by new recall.

    Parameters
    ----------
    ranking, is_positive, weights : Tensor
        As in :func:`areas_under_roc`.

    Returns
    -------
    Tensor of shape (n_resamples,)
        float64; NaN in a resample without a positive.
    """
    positive, negative = (part.flip(0) for part in _by_value(ranking, is_positive, weights))
    found = positive.cumsum(dim=0)
    precision = found / (found + negative.cumsum(dim=0)).clamp(min=1)
    return (positive * precision).sum(dim=0) / positive.sum(dim=0)


def _by_value(ranking: Tensor, is_positive: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weights of the positives and negatives with each distinct value, in ascending order."""
    values, place = torch.unique(ranking, return_inverse=True)
    positive, negative = (
        weights.new_zeros(len(values), weights.shape[1]).index_add_(0, place[kind], weights[kind])
        for kind in (is_positive, ~is_positive)
    )
    return positive, negative
