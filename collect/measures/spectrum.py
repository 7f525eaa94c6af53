"""How many directions a representation uses."""

from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.representation import centred, representation


@dataclass(frozen=True)
class Spectrum:
    """Shares of variance on the principal components, summed up.

    Attributes
    ----------
    effective_rank : float
        Exponential of the entropy of the shares, from 1 to min(n_rows - 1, n_features).
    top_component_share : float
        Share of the variance on the first principal component, in (0, 1].
    """

    effective_rank: float
    top_component_share: float


def spectrum(x: Tensor, name: str = "x") -> Spectrum:
    """Effective rank and share of the first principal component of one layer.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        Activations of one layer.
    name : str
        How error messages call it.

    Returns
    -------
    Spectrum
        Both unitless.

    Raises
    ------
    ValueError
        If ``x`` is no valid representation.

    Notes
    -----
    Costs an eigendecomposition of the smaller of the Gram and the covariance matrix, in float64:
    ``O(n_rows * n_features * m + m**3)`` with m the smaller of both.

    References
    ----------
    .. [1] Roy and Vetterli (2007), "The effective rank", EUSIPCO.
    .. [2] Davari et al. (2022), "Reliability of CKA as a similarity measure in deep learning".
       https://arxiv.org/abs/2210.16156

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> spectrum(x)
    Spectrum(effective_rank=2.0, top_component_share=0.5)
    """
    features = centred(representation(x, name)).double()
    n_rows, n_features = features.shape
    small = features.T @ features if n_features < n_rows else features @ features.T
    shares = torch.linalg.eigvalsh(small).clamp(min=0)
    shares = shares / shares.sum()
    entropy = -torch.xlogy(shares, shares).sum()
    return Spectrum(float(entropy.exp()), float(shares[-1]))
