"""Sums of a sample's values in many resamples of it at once: each is a product with weights."""

import torch
from torch import Tensor


def sums_by(
    index: Tensor,
    weights: Tensor,
    n_kinds: int,
    values: Tensor | None = None,
    *,
    where: Tensor | None = None,
) -> Tensor:
    """Sum values by their kind, in every resample.

    Parameters
    ----------
    index : Tensor of shape (n_samples,) or (n_samples, n_values)
        Kind of each value, from 0.
    weights : Tensor of shape (n_samples, n_resamples)
        How often each sample occurs in each resample, float64.
    n_kinds : int
        Kinds.
    values : Tensor of the shape of ``index``, optional
        What is summed; ones, which counts, if absent.
    where : Tensor of the shape of ``index``, optional
        bool: which values are summed; all if absent. What is left out costs nothing.

    Returns
    -------
    Tensor of shape (n_kinds, n_resamples)
        float64.
    """
    each = index.numel() // len(index)
    sample = torch.arange(len(index)).repeat_interleave(each)
    summed = torch.ones(index.numel()) if values is None else values.flatten()
    kept = slice(None) if where is None else where.flatten()
    matrix = torch.sparse_coo_tensor(
        torch.stack([index.flatten()[kept], sample[kept]]),
        summed[kept].double(),
        (n_kinds, len(index)),
        check_invariants=True,
    )
    product: Tensor = torch.sparse.mm(matrix, weights)
    return product


def means(values: Tensor, weights: Tensor) -> Tensor:
    """Mean of one value per sample, in every resample.

    Parameters
    ----------
    values : Tensor of shape (n_samples,)
        What is averaged.
    weights : Tensor of shape (n_samples, n_resamples)
        As in :func:`sums_by`.

    Returns
    -------
    Tensor of shape (n_resamples,)
        float64.
    """
    return values.double() @ weights / weights.sum(dim=0)
