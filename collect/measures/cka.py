r"""Linear centered kernel alignment: biased, and debiased by the U-statistic of HSIC.

With centred features, Gram matrices ``K = X X'`` and ``L = Y Y'``, their diagonals ``k`` and ``l``:

.. math:: \langle K, L \rangle = \lVert X^\top Y \rVert_F^2

and, because centred Gram matrices have zero row sums, the U-statistic of Song et al. (2012) is

.. math:: n (n - 3)\,\mathrm{HSIC}_u = \sum_{i \ne j} K_{ij} L_{ij}
    + \frac{\operatorname{tr} K \operatorname{tr} L}{(n - 1)(n - 2)} - \frac{2\, k^\top l}{n - 2}.

What belongs to one layer is in :class:`~collect.measures.gram.CentredLayer`; a pair needs one inner
product.
"""

from collections.abc import Sequence

from torch import Tensor

from collect.measures.gram import (
    CentredLayer,
    InnerProducts,
    PairSums,
    centred_layer,
    inner_products,
)
from collect.measures.representation import paired_representations


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
    >>> import torch
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
    >>> import torch
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0], [2.0, 1.0]])
    >>> round(cka_linear_debiased(x, 3 * x.flip(1) + 7), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    return debiased_alignment(centred_layer(x), centred_layer(y))


def biased_alignment(x: CentredLayer, y: CentredLayer) -> float:
    """:func:`cka_linear` of layers that are already centred."""
    return float(alignments([x], [y], debiased=False))


def debiased_alignment(x: CentredLayer, y: CentredLayer) -> float:
    """:func:`cka_linear_debiased` of layers that are already centred."""
    return float(alignments([x], [y], debiased=True))


def alignments(x: Sequence[CentredLayer], y: Sequence[CentredLayer], *, debiased: bool) -> Tensor:
    """CKA of every layer of one network with every layer of another.

    Parameters
    ----------
    x, y : sequence of CentredLayer
        Layers on the *same inputs in the same order*.
    debiased : bool
        Which of :func:`cka_linear_debiased` and :func:`cka_linear`.

    Returns
    -------
    Tensor of shape (len(x), len(y))
        float64 on the CPU.

    Raises
    ------
    ValueError
        If the debiased HSIC of a layer with itself is not positive.

    Notes
    -----
    :func:`~collect.measures.gram.plan` says in which space and at what cost.
    """
    return ratio(inner_products(x, y), debiased=debiased)


def ratio(products: InnerProducts, *, debiased: bool) -> Tensor:
    """CKA from the inner products of centred Gram matrices, (n_layers_x, n_layers_y)."""
    hsic = hsic_u if debiased else hsic_v
    cross, own_x, own_y = (
        hsic(sums, products.n_rows) for sums in (products.cross, products.own_x, products.own_y)
    )
    for own, sums in ((own_x, products.own_x), (own_y, products.own_y)):
        refuse_no_self_dependence(own, sums.traces, products.n_rows, products.eps)
    return cross / (own_x[:, None] * own_y[None, :]).sqrt()


def refuse_no_self_dependence(hsic: Tensor, traces: Tensor, n_rows: int, eps: float) -> None:
    """Refuse layers whose HSIC with themselves is 0 or less, but for rounding.

    Raises
    ------
    ValueError
        If there is one: no ratio with it means anything.
    """
    if bool((hsic <= 8 * eps * traces / n_rows**2).any()):
        raise ValueError(
            f"debiased HSIC of a layer with itself is {float(hsic.min()):.3g}, not positive: "
            f"too few of the {n_rows} images, or one of them dominates"
        )


def hsic_v(sums: PairSums, n_rows: int) -> Tensor:
    """HSIC as Gretton et al. (2005) have it, the biased V-statistic, in the shape of the sums."""
    return (sums.off_diagonal + sums.diagonal) / (n_rows - 1) ** 2


def hsic_u(sums: PairSums, n_rows: int) -> Tensor:
    """HSIC by the U-statistic (Song et al. 2012, eq. 5), in the shape of the sums."""
    n = n_rows
    corrected = sums.off_diagonal + sums.traces / ((n - 1) * (n - 2)) - 2 * sums.diagonal / (n - 2)
    return corrected / (n * (n - 3))
