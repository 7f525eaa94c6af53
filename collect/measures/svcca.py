r"""Variants of CCA: on the main components only, and weighted by what the variates stand for."""

from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.cca import (
    WhitenedLayer,
    canonical_correlations,
    mean_correlation,
    whitened_layer,
)
from collect.measures.representation import centred, paired_representations, representation

KEPT_VARIANCE = 0.99


def svcca(x: Tensor, y: Tensor, *, kept_variance: float = KEPT_VARIANCE) -> float:
    r"""Mean canonical correlation of the principal components that hold most of the variance.

    .. math:: \frac{1}{\min(r_x, r_y)} \lVert U_x^\top U_y \rVert_*

    with the first r left singular vectors U of the centred features, as many as hold the share.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.
    kept_variance : float, default 0.99
        Share of the variance that the kept components hold at least.

    Returns
    -------
    float
        Unitless, in [0, 1].

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, or the
        kept components of both layers are together no fewer than the rows: some correlations are
        then 1 whatever the layers are.

    Notes
    -----
    Costs an SVD per layer in float64, ``O(n_rows * n_features * min(n_rows, n_features))``.

    References
    ----------
    .. [1] Raghu et al. (2017), "SVCCA", NeurIPS. https://arxiv.org/abs/1706.05806

    Examples
    --------
    >>> x = torch.arange(24.0).reshape(12, 2).cos()
    >>> round(svcca(x, 3 * x.flip(1) + 7), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    kept = [principal_layer(a, n, kept_variance=kept_variance) for a, n in ((x, "x"), (y, "y"))]
    return component_correlation(*kept)


def principal_layer(
    x: Tensor, name: str = "x", *, kept_variance: float = KEPT_VARIANCE
) -> WhitenedLayer:
    """Whitened principal components of one layer, as many as hold ``kept_variance``."""
    if not 0 < kept_variance <= 1:
        raise ValueError(f"kept_variance = {kept_variance}: expected a share in (0, 1]")
    u, s, _ = torch.linalg.svd(centred(representation(x, name).double()), full_matrices=False)
    shares = s.square().cumsum(dim=0) / s.square().sum()
    n_kept = min(int((shares < kept_variance * (1 - 1e-12)).sum()) + 1, len(s))
    return WhitenedLayer(u[:, :n_kept])


def component_correlation(x: WhitenedLayer, y: WhitenedLayer) -> float:
    """:func:`svcca` of prepared layers."""
    n_rows, kept_x, kept_y = len(x.basis), x.basis.shape[1], y.basis.shape[1]
    if kept_x + kept_y >= n_rows:
        raise ValueError(
            f"{kept_x} and {kept_y} kept components of {n_rows} rows: some canonical correlations "
            "are 1 whatever the layers are; take more rows or keep less variance"
        )
    return float(canonical_correlations(x, y).mean().clamp(max=1.0))


def correlation_of_two_thirds(x: WhitenedLayer, y: WhitenedLayer) -> float:
    """:func:`svcca` of two thirds of the rows, where they say how far that of all rows varies.

    Some correlations may be 1 whatever the layers are; not more than half, for two subspaces meet
    in as many dimensions as their ranks exceed the rows by.
    """
    ranks = (x.basis.shape[1], y.basis.shape[1])
    if sum(ranks) - len(x.basis) > min(ranks) / 2:
        raise ValueError("most correlations of two thirds of the rows are 1 in any layers")
    return mean_correlation(x, y)


@dataclass(frozen=True)
class ProjectedLayer:
    """One layer for projection-weighted CCA.

    Attributes
    ----------
    whitened : WhitenedLayer
        Orthonormal basis.
    coordinates : Tensor of shape (rank, n_features)
        Centred features in that basis.
    """

    whitened: WhitenedLayer
    coordinates: Tensor

    def reordered(self, order: Tensor) -> "ProjectedLayer":
        """Take the rows in another order."""
        return ProjectedLayer(self.whitened.reordered(order), self.coordinates)


def projected_layer(x: Tensor, name: str = "x") -> ProjectedLayer:
    """Prepare one layer for :func:`pwcca`."""
    whitened = whitened_layer(x, name)
    return ProjectedLayer(whitened, whitened.basis.T @ centred(representation(x, name).double()))


def pwcca(x: Tensor, y: Tensor) -> float:
    r"""Projection-weighted CCA: correlations weighted by how much of x each variate accounts for.

    .. math:: \sum_i \alpha_i \rho_i / \sum_i \alpha_i, \quad
        \alpha_i = \sum_j \left| \langle h_i, x_j \rangle \right|

    with the canonical variates h of x and its centred channels x_j.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*; the weights are those of ``x``.

    Returns
    -------
    float
        Unitless, in [0, 1]. Not symmetric.

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, or there
        are no more rows than features.

    Notes
    -----
    Costs ``O(n_rows * n_features**2)`` time, in float64.

    References
    ----------
    .. [1] Morcos, Raghu and Bengio (2018), "Insights on representational similarity in neural
       networks with canonical correlation", NeurIPS. https://arxiv.org/abs/1806.05759

    Examples
    --------
    >>> x = torch.arange(24.0).reshape(12, 2).cos()
    >>> round(pwcca(x, 3 * x.flip(1) + 7), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    return weighted_correlation(projected_layer(x, "x"), projected_layer(y, "y"))


def weighted_correlation(x: ProjectedLayer, y: ProjectedLayer) -> float:
    """:func:`pwcca` of prepared layers."""
    u, correlations, _ = torch.linalg.svd(
        x.whitened.basis.T @ y.whitened.basis, full_matrices=False
    )
    weights = (u.T @ x.coordinates).abs().sum(dim=1)
    return float((weights @ correlations / weights.sum()).clamp(max=1.0))
