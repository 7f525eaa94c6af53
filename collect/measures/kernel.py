"""CKA with a Gaussian kernel whose bandwidth is the median distance."""

from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.representation import paired_representations, representation


@dataclass(frozen=True)
class KernelLayer:
    """Double-centred Gaussian Gram matrix of one layer.

    Attributes
    ----------
    gram : Tensor of shape (n_rows, n_rows)
        float64, row sums 0, Frobenius norm 1.
    bandwidth : float
        Standard deviation of the kernel in the units of the features.
    """

    gram: Tensor
    bandwidth: float

    def reordered(self, order: Tensor) -> "KernelLayer":
        """Take the rows in another order."""
        return KernelLayer(self.gram[order][:, order], self.bandwidth)


def kernel_layer(x: Tensor, name: str = "x", *, bandwidth_factor: float = 1.0) -> KernelLayer:
    """Gaussian kernel of one layer with ``bandwidth_factor`` times the median distance as sigma.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        Activations of one layer.
    name : str
        How error messages call it.
    bandwidth_factor : float, default 1
        Kornblith et al. (2019) try 0.2, 0.4 and 0.8.

    Raises
    ------
    ValueError
        If ``x`` is no valid representation, or more than half of all pairs of rows are equal.
    """
    features = representation(x, name).double()
    features = features - features.mean(dim=0)
    products = features @ features.T
    squared_norms = products.diagonal()
    squared = (squared_norms[:, None] + squared_norms[None, :] - 2 * products).clamp(min=0)
    bandwidth = bandwidth_factor * _median_distance(squared)
    if bandwidth <= 0:
        raise ValueError(f"{name}: the median distance between rows is 0, so is the bandwidth")
    gram = torch.exp(-0.5 * squared / bandwidth**2)
    gram = gram - gram.mean(dim=0)
    gram = gram - gram.mean(dim=1, keepdim=True)
    return KernelLayer(gram / torch.linalg.vector_norm(gram), bandwidth)


def _median_distance(squared: Tensor) -> float:
    i, j = torch.triu_indices(len(squared), len(squared), offset=1, device=squared.device)
    distances = squared[i, j].sqrt()
    middle = [(len(distances) + 1) // 2, len(distances) // 2 + 1]
    return sum(float(distances.kthvalue(k).values) for k in middle) / 2


def cka_rbf(x: Tensor, y: Tensor, *, bandwidth_factor: float = 1.0) -> float:
    r"""Biased CKA with Gaussian kernels, bandwidth by the median heuristic.

    .. math:: K_{ij} = \exp\left(-\lVert x_i - x_j \rVert^2 / 2\sigma^2\right),
        \sigma = f \cdot \mathrm{median}_{i<j} \lVert x_i - x_j \rVert

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.
    bandwidth_factor : float, default 1
        f.

    Returns
    -------
    float
        Unitless, in [0, 1].

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, or more
        than half of all pairs of rows are equal.

    Notes
    -----
    Costs ``O(n_rows**2 * n_features)`` time and ``O(n_rows**2)`` memory, float64.
    :func:`kernel_layer` tells the bandwidth that was taken.

    References
    ----------
    .. [1] Kornblith et al. (2019), ICML, section 3. https://arxiv.org/abs/1905.00414

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(cka_rbf(x, 3 * x + 7), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    layers = [
        kernel_layer(a, n, bandwidth_factor=bandwidth_factor) for a, n in ((x, "x"), (y, "y"))
    ]
    return kernel_alignment(*layers)


def kernel_alignment(x: KernelLayer, y: KernelLayer) -> float:
    """:func:`cka_rbf` of prepared layers."""
    return float((x.gram * y.gram).sum())
