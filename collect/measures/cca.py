r"""Canonical correlations by whitening each layer once and one small SVD per pair."""

from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.gram import CentredLayer
from collect.measures.null_terms import NullTerms, null_terms
from collect.measures.representation import (
    paired_representations,
    representation,
    squared_row_norms,
)


@dataclass(frozen=True)
class WhitenedLayer:
    """Orthonormal basis of the centred column space of one layer.

    Attributes
    ----------
    basis : Tensor of shape (n_rows, rank)
        float64, orthonormal columns.
    """

    basis: Tensor

    def reordered(self, order: Tensor) -> "WhitenedLayer":
        """Take the rows in another order."""
        return WhitenedLayer(self.basis[order])


def whitened_layer(x: Tensor, name: str = "x") -> WhitenedLayer:
    """Orthonormal basis of the centred features in float64.

    Channels are brought to unit variance first, so one channel in other units (times 10,000, say)
    cannot push the others below the numerical rank; dead channels span nothing and drop out,
    duplicated ones count once.

    Raises
    ------
    ValueError
        If ``x`` is no valid representation, has no more rows than features, or spans all that its
        centred rows can: the canonical correlations are then 1 whatever the layers are.

    Notes
    -----
    Costs ``O(n_rows * n_features**2)``: a QR decomposition, and an SVD when it shows a rank below
    n_features.
    """
    x = representation(x, name).double()
    n_rows, n_features = x.shape
    if n_rows <= n_features:
        raise ValueError(
            f"{name} has {n_rows} rows and {n_features} features: canonical correlations of no "
            "more rows than features are 1 whatever the layers are; take more rows or fewer "
            "features (svcca, pooled channels)"
        )
    x = x / x.abs().amax()
    spread = (x := x - x.mean(dim=0)).norm(dim=0)
    alive = spread > spread.amax() * torch.finfo(torch.float64).eps * n_rows
    x = x[:, alive] / spread[alive]
    tolerance = torch.finfo(torch.float64).eps * n_rows
    q, r = torch.linalg.qr(x)
    diagonal = r.diagonal().abs()
    if not bool((diagonal > tolerance**0.5 * diagonal.amax()).all()):
        u, s, _ = torch.linalg.svd(x, full_matrices=False)
        q = u[:, s > tolerance * s[0]]
    if q.shape[1] >= n_rows - 1:
        raise ValueError(
            f"{name} has {n_rows} rows and rank {q.shape[1]}: canonical correlations with a layer "
            "of one rank less than rows are 1 whatever the other is; take more rows"
        )
    return WhitenedLayer(q)


def canonical_correlations(x: WhitenedLayer, y: WhitenedLayer) -> Tensor:
    """Canonical correlations in descending order.

    Returns
    -------
    Tensor of shape (min(rank_x, rank_y),)
        float64, in [0, 1] up to rounding.
    """
    cosines: Tensor = torch.linalg.svdvals(x.basis.T @ y.basis)
    return cosines


def cca_mean(x: Tensor, y: Tensor) -> float:
    r"""Mean canonical correlation.

    .. math:: \frac{1}{\min(r_x, r_y)} \lVert Q_x^\top Q_y \rVert_*

    with orthonormal bases Q of the centred features and their ranks r: the mean over as many
    coefficients as there are, as Raghu et al. (2017) take it.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*, any float or integer dtype and device.

    Returns
    -------
    float
        Unitless, in [0, 1].

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, or there
        are no more rows than features.

    Notes
    -----
    Costs ``O(n_rows * n_features**2)`` time; everything is float64. Unrelated layers score far
    above 0 unless n_rows is much larger than n_features: read it beside its null mean.

    References
    ----------
    .. [1] Raghu et al. (2017), "SVCCA", NeurIPS. https://arxiv.org/abs/1706.05806
    .. [2] Björck and Golub (1973), "Numerical methods for computing angles between linear
       subspaces", Mathematics of Computation 27.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(cca_mean(x, x @ torch.tensor([[2.0, 1.0], [0.0, 3.0]])), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    return mean_correlation(whitened_layer(x, "x"), whitened_layer(y, "y"))


def mean_correlation(x: WhitenedLayer, y: WhitenedLayer) -> float:
    """:func:`cca_mean` of layers that are already whitened."""
    return float(canonical_correlations(x, y).mean().clamp(max=1.0))


def cca_yanai(x: Tensor, y: Tensor) -> float:
    r"""Yanai's generalised coefficient of determination: how far two subspaces are the same.

    .. math:: \frac{\operatorname{tr} P_x P_y}{\sqrt{r_x r_y}}
        = \frac{\lVert Q_x^\top Q_y \rVert_F^2}{\sqrt{r_x r_y}}

    with projections P onto the spans of the centred features, orthonormal bases Q and ranks r: the
    sum of the squared canonical correlations over the geometric mean of the ranks. It is the linear
    CKA of whitened layers, so its distribution under random pairing has a closed form too.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*, any float or integer dtype and device.

    Returns
    -------
    float
        Unitless, in [0, 1]: 1 for the same subspace, at most the root of the ratio of ranks for one
        inside another. Unrelated layers score ``sqrt(r_x r_y) / (n_rows - 1)`` on average.

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, or there
        are no more rows than features.

    Notes
    -----
    Costs ``O(n_rows * n_features**2)`` time; everything is float64.

    References
    ----------
    .. [1] Ramsay, ten Berge and Styan (1984), "Matrix correlation", Psychometrika 49, after Yanai
       (1974).

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(cca_yanai(x, x[:, :1]), 6)
    0.707107
    """
    x, y = paired_representations(x, y)
    return shared_dimensions(whitened_layer(x, "x"), whitened_layer(y, "y"))


def shared_dimensions(x: WhitenedLayer, y: WhitenedLayer) -> float:
    """:func:`cca_yanai` of layers that are already whitened."""
    shared = (x.basis.T @ y.basis).square().sum()
    ranks = x.basis.shape[1] * y.basis.shape[1]
    return float((shared / ranks**0.5).clamp(max=1.0))


def null_terms_of_whitened(layer: WhitenedLayer) -> NullTerms:
    """Terms of the exact null distribution of :func:`shared_dimensions`."""
    centred = CentredLayer(layer.basis, squared_row_norms(layer.basis))
    return null_terms(centred, debiased=False)
