"""Linear predictivity: what one representation says about the other."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from collect.measures.cca import whitened_layer
from collect.measures.influences import RowInfluences
from collect.measures.representation import centred, paired_representations, representation

_ROUNDING = 1e-12


@dataclass(frozen=True)
class PredictiveLayer:
    """One layer as predictor and as target.

    Attributes
    ----------
    x : Tensor of shape (n_rows, n_features)
        The representation.
    name : str
        How error messages call it.
    """

    x: Tensor
    name: str = "x"

    def reordered(self, order: Tensor) -> "PredictiveLayer":
        """Take the rows in another order."""
        return PredictiveLayer(self.x[order], self.name)

    @cached_property
    def basis(self) -> Tensor:
        """Orthonormal basis of the centred features: what a linear map of them can reach."""
        return whitened_layer(self.x, self.name).basis

    @cached_property
    def target(self) -> Tensor:
        """Centred features in float64."""
        return centred(representation(self.x, self.name).double())


def linear_predictivity(x: Tensor, y: Tensor) -> float:
    r"""Share of the variance of y that a linear map of x explains, in sample.

    .. math:: R^2 = \lVert Q_x^\top Y \rVert_F^2 / \lVert Y \rVert_F^2

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features_x)
        Predictor.
    y : Tensor of shape (n_rows, n_features_y)
        Target, on the *same inputs in the same order*.

    Returns
    -------
    float
        Unitless, in [0, 1]. Not symmetric. An unrelated x explains n_features_x / (n_rows - 1).

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, or x has
        no more rows than features: it then explains everything.

    Notes
    -----
    Costs ``O(n_rows * n_features_x * (n_features_x + n_features_y))`` time, in float64.

    References
    ----------
    .. [1] Kornblith et al. (2019), ICML, eq. 2 ("linear regression").
       https://arxiv.org/abs/1905.00414

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(linear_predictivity(x[:, :1], x), 6)
    0.5
    """
    x, y = paired_representations(x, y)
    return explained_share(PredictiveLayer(x, "x"), PredictiveLayer(y, "y"))


def explained_share(x: PredictiveLayer, y: PredictiveLayer) -> float:
    """:func:`linear_predictivity` of prepared layers."""
    explained = torch.linalg.vector_norm(x.basis.T @ y.target)
    return float((explained / torch.linalg.vector_norm(y.target)).square())


def explained_share_influences(x: PredictiveLayer, y: PredictiveLayer) -> RowInfluences:
    r"""Influences on :func:`linear_predictivity`, and what it loses without each row in fact.

    Row r of residual e and leverage h adds
    :math:`((1 - R^2) |y_r|^2 - |e_r|^2) / \lVert Y \rVert_F^2` to first order. Left out, it takes
    :math:`|e_r|^2 / (1 - h_r)` from the squared residuals and :math:`|y_r|^2 n / (n - 1)` from the
    squares of the target. With errors of equal variance the first sees :math:`1 - h` of that of a
    squared residual and the second sees :math:`1 / (1 - h)`.

    References
    ----------
    .. [1] MacKinnon and White (1985), "Some heteroskedasticity-consistent covariance matrix
       estimators with improved finite sample properties", Journal of Econometrics 29.
    """
    value, n_rows = explained_share(x, y), len(x.basis)
    target = y.target.square().sum(dim=1)
    residual = (y.target - x.basis @ (x.basis.T @ y.target)).square().sum(dim=1)
    of_rows = ((1 - value) * target - residual) / target.sum()
    left = (1 - 1 / n_rows - x.basis.square().sum(dim=1)).clamp(min=_ROUNDING)
    residuals = (residual.sum() - residual / left).clamp(min=0)
    targets = target.sum() - target * n_rows / (n_rows - 1)
    without = 1 - residuals / targets.clamp(min=_ROUNDING * float(target.sum()))
    return RowInfluences(value, of_rows, value - without)
