"""Which images a similarity should not hang on: those far from all others."""

import math

import torch
from torch import Tensor

from collect.measures.representation import centred_with_norms, paired_representations, units


def typical_rows(x: Tensor, y: Tensor, groups: Tensor | None = None, *, share: float) -> Tensor:
    r"""Rows of all units but those that lie farthest from the mean, in either layer.

    How far a row lies is its share of the variance times the number of rows,

    .. math:: d_i = n \lVert x_i - \bar x \rVert^2 / \sum_j \lVert x_j - \bar x \rVert^2,

    a unit lies as far as its rows on average, and of both layers the larger distance counts. No
    measure of similarity enters, so leaving these units out does not seek a result.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features)
        Two layers on the same inputs in the same order.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row, when a unit has several rows.
    share : float
        Share of the units that is left out, in (0, 1); rounded up.

    Returns
    -------
    Tensor of shape (n_kept,)
        Indices of the rows that stay, in their order.

    Raises
    ------
    ValueError
        If a layer is no valid representation or the layers are not of the same inputs.

    Notes
    -----
    Costs ``O(n_rows * n_features)`` time. After Davari et al. (2022), who show that a few far
    images decide linear CKA.

    References
    ----------
    .. [1] Davari et al. (2022), "Reliability of CKA as a similarity measure in deep learning".
       https://arxiv.org/abs/2210.16156

    Examples
    --------
    >>> x = torch.tensor([[0.0], [1.0], [2.0], [3.0], [90.0]])
    >>> typical_rows(x, x, share=0.1).tolist()
    [0, 1, 2, 3]
    """
    x, y = paired_representations(x, y)
    index, n_units = units(len(x), groups)
    index = index.to(x.device)
    distance = torch.maximum(_unit_distances(x, index, n_units), _unit_distances(y, index, n_units))
    n_left_out = math.ceil(share * n_units)
    farthest = distance.argsort(descending=True, stable=True)[:n_left_out]
    return torch.isin(index, farthest, invert=True).nonzero()[:, 0]


def _unit_distances(x: Tensor, index: Tensor, n_units: int) -> Tensor:
    """Mean squared distance of the rows of each unit to the mean of all, where 1 is the average."""
    _, squared = centred_with_norms(x)
    zeros = torch.zeros(n_units, dtype=torch.float64, device=x.device)
    sums, counts = zeros.index_add(0, index, squared), torch.bincount(index, minlength=n_units)
    return sums / counts / squared.mean()
