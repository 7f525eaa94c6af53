"""Scores of a ranking in many resamples at once: area under the ROC, average precision."""

import torch
from torch import Tensor


def areas_under_roc(ranking: Tensor, is_positive: Tensor, weights: Tensor) -> Tensor:
    """Area under the ROC curve in every resample: ties count one half.

    Parameters
    ----------
    ranking : Tensor of shape (n_samples,)
        Larger for what is rather positive.
    is_positive : Tensor of shape (n_samples,)
        bool.
    weights : Tensor of shape (n_samples, n_resamples)
        How often each sample occurs in each resample, float64.

    Returns
    -------
    Tensor of shape (n_resamples,)
        float64; NaN in a resample without a positive or without a negative.

    Notes
    -----
    One sort serves all resamples: the share of (positive, negative) pairs in the right order comes
    from running sums of the weights.
    """
    positive, negative = _by_value(ranking, is_positive, weights)
    below = negative.cumsum(dim=0) - 0.5 * negative
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
