r"""LogME: how well features that are not fine-tuned yet suit labels, as evidence of a linear model.

With features F, one column y of labels, weights ``w ~ N(0, 1 / alpha)`` and noise
``N(0, 1 / beta)``, the evidence at its largest noise precision for a given
``t = alpha / beta`` is

.. math:: L(t) = \tfrac n2 \log \frac{n}{2 \pi R(t)} - \tfrac n2
    - \tfrac12 \sum_i \log(1 + \sigma_i^2 / t), \quad
    R(t) = \lVert y \rVert^2 - \sum_i \frac{\sigma_i^2 z_i^2}{\sigma_i^2 + t}

with singular values :math:`\sigma` of F and :math:`z = U^\top y`. That is one number to search
for each column, on a grid and then by golden section.
"""

import math

import torch
from torch import Tensor

from collect.measures.representation import representation

_GRID = 241
_GOLDEN = (math.sqrt(5) - 1) / 2
_STEPS = 60
_DECADES = 8  # beyond the squared singular values on both sides


def logme(features: Tensor, labels: Tensor) -> float:
    """Logarithm of maximum evidence of a linear model, per image, averaged over classes.

    Parameters
    ----------
    features : Tensor of shape (n_images, n_features)
        Of the network before fine-tuning, one row per training image; not centred, as published.
    labels : Tensor of shape (n_images,) or (n_images, n_labels)
        Class of each image, or 0 and 1 per label.

    Returns
    -------
    float
        In nats per image, unbounded; larger means that the classes are easier to read off. Values
        compare networks on the same images, not datasets. Classes (labels) that no image or every
        image has say nothing about features and are left out.

    Raises
    ------
    ValueError
        If features are no valid representation, shapes do not fit, or no class is in some of the
        images only.

    Notes
    -----
    float64; costs one SVD, ``O(n_images * n_features * min(n_images, n_features))``. You et al.
    iterate to a fixed point instead, which need not be the largest.

    References
    ----------
    .. [1] You et al. (2021), "LogME: Practical assessment of pre-trained models for transfer
       learning", ICML. https://arxiv.org/abs/2102.11005
    .. [2] MacKay (1992), "Bayesian interpolation", Neural Computation 4.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.2, 1.1]])
    >>> logme(x, torch.tensor([0, 0, 1, 1])) > logme(x, torch.tensor([0, 1, 0, 1]))
    True
    """
    x = representation(features, "features").double()
    y = _columns(labels, len(x)).to(x)
    basis, singular, _ = torch.linalg.svd(x, full_matrices=False)
    kept = singular > singular[0] * max(x.shape) * torch.finfo(x.dtype).eps
    squared = singular[kept].square()
    projected = (basis[:, kept].T @ y).square()
    return float(
        _largest_evidence(squared, projected, y.square().sum(dim=0), len(x)).mean() / len(x)
    )


def _columns(labels: Tensor, n_rows: int) -> Tensor:
    if labels.ndim not in (1, 2) or len(labels) != n_rows:
        raise ValueError(f"labels have shape {tuple(labels.shape)}, the features {n_rows} rows")
    columns = labels
    if labels.ndim == 1:
        columns = (labels[:, None] == torch.unique(labels)).long()
    counts = columns.sum(dim=0)
    columns = columns[:, (counts > 0) & (counts < n_rows)]
    if not columns.shape[1]:
        raise ValueError(f"all {n_rows} images have the same labels: nothing to tell apart")
    return columns


def _largest_evidence(squared: Tensor, projected: Tensor, total: Tensor, n: int) -> Tensor:
    """Evidence at the best t, for each column of labels."""

    def evidence(log_t: Tensor) -> Tensor:  # (n_t, n_columns)
        t = log_t.exp()[..., None]
        shrunk = squared / (squared + t)
        residual = total - (shrunk * projected.T).sum(dim=-1)
        smallest = torch.finfo(residual.dtype).tiny
        fit = n / 2 * (n / (2 * math.pi * residual.clamp(min=smallest))).log() - n / 2
        return fit - (squared / t).log1p().sum(dim=-1) / 2

    wide = _DECADES * math.log(10)
    grid = torch.linspace(
        float(squared.min().log()) - wide,
        float(squared.max().log()) + wide,
        _GRID,
        dtype=squared.dtype,
        device=squared.device,
    )
    best = evidence(grid[:, None].expand(-1, len(total))).argmax(dim=0).clamp(1, _GRID - 2)
    low, high = grid[best - 1], grid[best + 1]
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        is_left = evidence(left[None])[0] > evidence(right[None])[0]
        low, high = torch.where(is_left, low, left), torch.where(is_left, right, high)
    return evidence(((low + high) / 2)[None])[0]
