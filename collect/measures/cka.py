r"""Linear centered kernel alignment: biased, and debiased by the U-statistic of HSIC.

With centred features, Gram matrices ``K = X X'`` and ``L = Y Y'``, their diagonals ``k`` and ``l``:

.. math:: \langle K, L \rangle = \lVert X^\top Y \rVert_F^2

and, because centred Gram matrices have zero row sums, the U-statistic of Song et al. (2012) is

.. math:: n (n - 3)\,\mathrm{HSIC}_u = \sum_{i \ne j} K_{ij} L_{ij}
    + \frac{\operatorname{tr} K \operatorname{tr} L}{(n - 1)(n - 2)} - \frac{2\, k^\top l}{n - 2}.

Everything that belongs to one layer is in :class:`CentredLayer`; a pair needs one inner product.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.representation import centred, paired_representations, representation


@dataclass(frozen=True)
class CentredLayer:
    """One layer, ready to be compared.

    Attributes
    ----------
    features : Tensor of shape (n_rows, n_features)
        Centred, at unit scale, in the dtype that the products are computed in.
    squared_norms : Tensor of shape (n_rows,)
        Diagonal of the Gram matrix in float64.
    """

    features: Tensor
    squared_norms: Tensor


def centred_layer(x: Tensor, name: str = "x") -> CentredLayer:
    """Check and centre one layer; costs ``O(n_rows * n_features)``."""
    features = centred(representation(x, name))
    return CentredLayer(features, features.double().square().sum(dim=1))


def cka_linear(x: Tensor, y: Tensor) -> float:
    r"""Linear centered kernel alignment, the biased estimator.

    .. math:: \lVert X^\top Y \rVert_F^2 / (\lVert X^\top X \rVert_F \lVert Y^\top Y \rVert_F)

    It grows with n_features / n_rows even for unrelated layers: read it beside its null mean, or
    take :func:`cka_linear_debiased`.

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
        If an input is not 2-D, not finite, constant or under 4 rows, or row counts differ.

    Notes
    -----
    Costs ``O(n_rows * n_features * min(n_rows, n_features))`` time. Products are computed in the
    dtype of the input, sums in float64.

    References
    ----------
    .. [1] Kornblith et al. (2019), ICML, eq. 4. https://arxiv.org/abs/1905.00414

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(cka_linear(x, 3 * x.flip(1) + 7), 6)  # permute, scale, shift
    1.0
    """
    x, y = paired_representations(x, y)
    return biased_alignment(centred_layer(x), centred_layer(y))


def cka_linear_debiased(x: Tensor, y: Tensor) -> float:
    r"""Linear centered kernel alignment with the U-statistic of HSIC.

    .. math:: \mathrm{HSIC}_u(K, L) / \sqrt{\mathrm{HSIC}_u(K, K)\,\mathrm{HSIC}_u(L, L)}

    Numerator and denominators are unbiased, the ratio is nearly so. It is *not* clamped: unrelated
    layers scatter around 0, and a mean over clamped values would be biased upwards.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*, any float or integer dtype and device.

    Returns
    -------
    float
        Unitless, at most 1; unrelated layers scatter around 0 on both sides.

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, or a layer
        has no dependence on itself that the U-statistic can see (its HSIC is not positive).

    Notes
    -----
    Costs ``O(n_rows * n_features * min(n_rows, n_features))`` time.

    References
    ----------
    .. [1] Song et al. (2012), "Feature Selection via Dependence Maximization", JMLR 13, eq. 5.
    .. [2] Murphy et al. (2024), "Correcting Biased Centered Kernel Alignment Measures".
       https://arxiv.org/abs/2405.01012

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0], [2.0, 1.0]])
    >>> round(cka_linear_debiased(x, 3 * x.flip(1) + 7), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    return debiased_alignment(centred_layer(x), centred_layer(y))


def biased_alignment(x: CentredLayer, y: CentredLayer) -> float:
    """:func:`cka_linear` of layers that are already centred."""
    scale = gram_inner_product(x, x) * gram_inner_product(y, y)
    return float(gram_inner_product(x, y) / scale**0.5)


def debiased_alignment(x: CentredLayer, y: CentredLayer) -> float:
    """:func:`cka_linear_debiased` of layers that are already centred."""
    own_x, own_y = hsic_u(x, x), hsic_u(y, y)
    for own in (own_x, own_y):
        if own <= 0:
            raise ValueError(
                f"debiased HSIC of a layer with itself is {own:.3g}, not positive: "
                f"too few rows ({len(x.features)}) or one row dominates"
            )
    return float(hsic_u(x, y) / (own_x * own_y) ** 0.5)


def gram_inner_product(x: CentredLayer, y: CentredLayer) -> float:
    """Sum over all i, j of ``K_ij L_ij``, by the cheaper of the products in features or rows."""
    return _off_diagonal_inner_product(x, y) + float(x.squared_norms @ y.squared_norms)


def hsic_u(x: CentredLayer, y: CentredLayer) -> float:
    """HSIC by the U-statistic (Song et al. 2012, eq. 5), of layers that are already centred."""
    n = len(x.features)
    k, l = x.squared_norms, y.squared_norms  # noqa: E741
    correction = k.sum() * l.sum() / ((n - 1) * (n - 2)) - 2 * (k @ l) / (n - 2)
    return (_off_diagonal_inner_product(x, y) + float(correction)) / (n * (n - 3))


def _off_diagonal_inner_product(x: CentredLayer, y: CentredLayer) -> float:
    a, b = x.features, y.features
    if a.dtype != b.dtype:
        a, b = a.double(), b.double()
    n, p, q = len(a), a.shape[1], b.shape[1]
    if p * q < n * (p + q):  # one (p, q) product is cheaper than two (n, n) ones
        squared = torch.linalg.vector_norm(a.T @ b, dtype=torch.float64).square()
        return float(squared - x.squared_norms @ y.squared_norms)
    gram_a, gram_b = a @ a.T, b @ b.T
    gram_a.fill_diagonal_(0)
    return float(gram_a.double().flatten() @ gram_b.double().flatten())
