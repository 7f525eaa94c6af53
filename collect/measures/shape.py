r"""Distances between the shapes of two clouds of points: Procrustes and the angle of CKA."""

import math

import torch
from torch import Tensor

from collect.measures.cka import biased_alignment
from collect.measures.gram import CentredLayer, centred_layer
from collect.measures.representation import centred, paired_representations, representation


def unit_shape(x: Tensor, name: str = "x") -> Tensor:
    """Centre one layer, scale it to Frobenius norm 1 and turn it into at most n_rows coordinates.

    Returns
    -------
    Tensor of shape (n_rows, min(n_rows, n_features))
        float64. With more features than rows the cloud is rotated into the n_rows dimensions that
        it spans, which no shape distance can see.
    """
    shape = centred(representation(x, name).double())
    if shape.shape[1] > shape.shape[0]:
        shape = torch.linalg.qr(shape.T, mode="r").R.T
    unit: Tensor = shape / torch.linalg.vector_norm(shape)
    return unit


def procrustes(x: Tensor, y: Tensor) -> float:
    r"""Procrustes distance between centred representations of unit Frobenius norm.

    .. math:: \min_Q \lVert X - Y Q \rVert_F = \sqrt{2 - 2 \lVert X^\top Y \rVert_*}

    over orthogonal Q, the narrower representation padded with zeros: a metric between
    representations up to translation, scale and rotation.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.

    Returns
    -------
    float
        Unitless distance in [0, sqrt(2)]; 0 for equal shapes, up to 1e-7 by rounding.

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, or row counts differ.

    Notes
    -----
    Costs an SVD of a matrix of min(n_rows, n_features) on both sides per pair, in float64.

    References
    ----------
    .. [1] Williams et al. (2021), "Generalized shape metrics on neural representations", NeurIPS.
       https://arxiv.org/abs/2110.14739

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(procrustes(x, x[:, :1]), 6)  # ||X'Y||_* = 1 / sqrt(2)
    0.765367
    """
    x, y = paired_representations(x, y)
    return procrustes_distance(unit_shape(x, "x"), unit_shape(y, "y"))


def reordered_rows(shape: Tensor, order: Tensor) -> Tensor:
    """Take the rows of a prepared shape in another order."""
    return shape[order]


def procrustes_distance(x: Tensor, y: Tensor) -> float:
    """:func:`procrustes` of prepared shapes."""
    overlap = float(torch.linalg.matrix_norm(x.T @ y, ord="nuc"))
    return math.sqrt(max(0.0, 2 - 2 * overlap))


def angular_cka(x: Tensor, y: Tensor) -> float:
    r"""Angle between the centred Gram matrices, ``arccos`` of biased linear CKA: a metric.

    .. math:: \arccos\left(\lVert X^\top Y \rVert_F^2 /
        (\lVert X^\top X \rVert_F \lVert Y^\top Y \rVert_F)\right)

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.

    Returns
    -------
    float
        Distance, in radians, in [0, pi / 2]; 0 for equal shapes, up to 1e-7 by rounding.

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, or row counts differ.

    Notes
    -----
    Costs ``O(n_rows * n_features * min(n_rows, n_features))`` time. float64
    throughout: near 0 an angle is the square root of a rounding error.

    References
    ----------
    .. [1] Williams et al. (2021), "Generalized shape metrics on neural representations", NeurIPS.
       https://arxiv.org/abs/2110.14739

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(angular_cka(x, x[:, :1]), 6)  # CKA is 1 / sqrt(2)
    0.785398
    """
    x, y = paired_representations(x, y)
    return angle(wide_layer(x, "x"), wide_layer(y, "y"))


def wide_layer(x: Tensor, name: str = "x") -> CentredLayer:
    """Centre one layer in float64."""
    return centred_layer(representation(x, name).double(), name)


def angle(x: CentredLayer, y: CentredLayer) -> float:
    """:func:`angular_cka` of layers that are already centred."""
    return math.acos(min(1.0, max(0.0, biased_alignment(x, y))))
