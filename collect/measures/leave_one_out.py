r"""Biased CKA without each image or patient, by subtraction.

With centred features, leaving out the m rows of unit g changes the cross-product ``C = X' Y`` to

.. math:: C - A_g, \quad A_g = X_g^\top Y_g + s_x s_y^\top / (n - m), \quad s_x = X_g^\top 1

because the means move too, and biased HSIC is the squared norm of it. So all values without one
unit cost little more than the value itself.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from collect.measures.unit_products import Statistic
from collect.measures.unit_sums import GroupedLayer, grouped_layer, refuse_few_units


@dataclass(frozen=True)
class PlainLayer:
    """One layer with its sampling units, every row of which counts the same."""

    grouped: GroupedLayer

    @cached_property
    def own(self) -> Statistic:
        """Biased HSIC of the layer with itself, but for the factor that cancels."""
        return _squared_norms(self.grouped, self.grouped)


def plain_layer(x: Tensor, name: str = "x", groups: Tensor | None = None) -> PlainLayer:
    """Check and centre one layer, in float64, and number its sampling units."""
    return PlainLayer(grouped_layer(x, name, groups))


def biased_cka_without_each_unit(x: PlainLayer, y: PlainLayer) -> Statistic:
    """Biased linear CKA, and what it is without each unit.

    Parameters
    ----------
    x, y : PlainLayer
        From :func:`plain_layer`, with the same groups.

    Returns
    -------
    Statistic
        float64. The value is :func:`~collect.measures.cka.cka_linear`.

    Raises
    ------
    ValueError
        If there are fewer than 5 units, or a layer is constant without one of them.

    Notes
    -----
    Costs ``O(n_rows * n_features**2)`` time.
    """
    refuse_few_units(x.grouped.n_units)
    for layer in (x, y):
        smallest = float(layer.own.without.min())
        if smallest <= torch.finfo(torch.float64).eps * float(layer.own.value):
            raise ValueError("a layer is constant without one of the images or patients")
    cross = _squared_norms(x.grouped, y.grouped)
    return Statistic(
        (cross.value / (x.own.value * y.own.value).sqrt()),
        (cross.without / (x.own.without * y.own.without).sqrt()),
    )


def angle_without_each_unit(x: PlainLayer, y: PlainLayer) -> Statistic:
    """Angle of biased CKA as :func:`~collect.measures.shape.angular_cka`, and without each unit."""
    cka = biased_cka_without_each_unit(x, y)
    return Statistic(cka.value.clamp(0, 1).acos(), cka.without.clamp(0, 1).acos())


def _squared_norms(x: GroupedLayer, y: GroupedLayer) -> Statistic:
    """Squared norm of the cross-product of the features, and of that without each unit."""
    cross = x.features.T @ y.features
    value = cross.square().sum()
    sizes = x.unit.bincount(minlength=x.n_units)
    left = (len(x.features) - sizes).to(cross.dtype)
    sum_x, sum_y = (a.means * sizes[:, None] for a in (x, y))
    of_row = ((x.features @ cross) * y.features).sum(dim=1)
    projected = (x.features * sum_x[x.unit]).sum(dim=1) * (y.features * sum_y[y.unit]).sum(dim=1)
    inner = x.per_unit(of_row) + ((sum_x @ cross) * sum_y).sum(dim=1) / left
    squared = (
        2 * x.per_unit(projected) / left
        + (sum_x.square().sum(dim=1) * sum_y.square().sum(dim=1)) / left.square()
    )
    for of_size, rows in x.rows_of_units:
        k, l = (a.features[rows] @ a.features[rows].mT for a in (x, y))  # noqa: E741
        squared[of_size] += (k * l).sum(dim=(1, 2))
    return Statistic(value, value - 2 * inner + squared)
