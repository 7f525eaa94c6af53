r"""Debiased CKA over sampling units, and what it becomes without each of them.

Rows of one image are not independent, so the U-statistic takes rows of *different* units only: with
``K = X X'`` it estimates

.. math:: \mathrm{HSIC} = \mathbb{E}\,K_{ij} L_{ij} + \mathbb{E}\,K_{ij} L_{kl}
    - 2\,\mathbb{E}\,K_{ij} L_{ik}

for four units drawn at random and a row drawn at random from each: every image counts the same,
however many rows it has. It is unbiased, with one row per unit it is the U-statistic of Song et al.
(2012), and what it is without one unit takes a subtraction, not another computation.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from collect.measures.cka import refuse_no_self_dependence
from collect.measures.representation import centred, representation, units
from collect.measures.unit_products import Statistic, unit_sums

MINIMUM_TO_LEAVE_ONE = 5


def refuse_few_units(n_units: int) -> None:
    """Raise a ValueError where leaving out one of the units would leave too few."""
    if n_units < MINIMUM_TO_LEAVE_ONE:
        raise ValueError(f"{n_units} units: leaving one out takes at least {MINIMUM_TO_LEAVE_ONE}")


@dataclass(frozen=True)
class GroupedLayer:
    """One layer with the sampling unit of each row.

    Attributes
    ----------
    features : Tensor of shape (n_rows, n_features)
        Centred, float64.
    unit : Tensor of shape (n_rows,)
        Unit of each row, from 0.
    n_units : int
        Units.
    """

    features: Tensor
    unit: Tensor
    n_units: int

    @cached_property
    def own(self) -> Statistic:
        """HSIC of the layer with itself."""
        return hsic_over_units(self, self)

    def reordered(self, order: Tensor) -> "GroupedLayer":
        """Take the rows in another order that keeps units together, as one of units of equal size.

        The layer's HSIC with itself stays what it is.
        """
        other = replace(self, features=self.features[order])
        other.__dict__["own"] = self.own
        return other

    @cached_property
    def weight(self) -> Tensor:
        """Share of each row in its unit, (n_rows,)."""
        sizes = self.unit.bincount(minlength=self.n_units).to(self.features.dtype)
        return 1 / sizes[self.unit]

    @cached_property
    def means(self) -> Tensor:
        """Mean of the rows of each unit, (n_units, n_features)."""
        if self.n_units == len(self.unit) and bool((self.unit.diff() == 1).all()):
            return self.features
        zeros = self.features.new_zeros(self.n_units, self.features.shape[1])
        return zeros.index_add_(0, self.unit, self.features * self.weight[:, None])

    @cached_property
    def row_totals(self) -> Tensor:
        """Sum over the other units of the mean of ``K_ij`` over their rows j, (n_rows,)."""
        others = self.means.sum(dim=0) - self.means[self.unit]
        return (self.features * others).sum(dim=1)

    @cached_property
    def rows_of_units(self) -> list[tuple[Tensor, Tensor]]:
        """Units of one size each, (n_of_size,), and their rows, (n_of_size, size)."""
        sizes = self.unit.bincount(minlength=self.n_units)
        order = self.unit.argsort(stable=True)
        first = sizes.cumsum(dim=0) - sizes
        found = []
        for size in torch.unique(sizes):
            units_of_size = (sizes == size).nonzero().flatten()
            place = torch.arange(int(size), device=order.device)
            found.append((units_of_size, order[first[units_of_size][:, None] + place]))
        return found

    def to_units(self, rows: slice) -> Tensor:
        """Mean of ``K_ij`` over the rows j of each other unit, (rows, n_units)."""
        block = self.features[rows] @ self.means.T
        return block.scatter_(1, self.unit[rows, None], 0.0)

    def per_unit(self, values: Tensor) -> Tensor:
        """Sum the values of the rows of each unit, (n_units,)."""
        zeros = torch.zeros(self.n_units, dtype=values.dtype, device=values.device)
        return zeros.index_add_(0, self.unit, values)


def grouped_layer(x: Tensor, name: str = "x", groups: Tensor | None = None) -> GroupedLayer:
    """Check and centre one layer, in float64, and number its sampling units."""
    features = centred(representation(x, name).double())
    unit, n_units = units(len(features), groups)
    return GroupedLayer(features, unit.to(features.device), n_units)


def cka_over_units(x: GroupedLayer, y: GroupedLayer) -> float:
    """Debiased CKA over units: the value of :func:`cka_without_each_unit` alone.

    Raises
    ------
    ValueError
        If the HSIC of a layer with itself is not positive.
    """
    for layer in (x, y):
        _refuse_no_self_dependence(layer, layer.own.value)
    return float(hsic_over_units(x, y).value) / math.sqrt(float(x.own.value) * float(y.own.value))


def cka_without_each_unit(x: GroupedLayer, y: GroupedLayer) -> Statistic:
    """Debiased CKA over units, and what it is without each of them.

    Parameters
    ----------
    x, y : GroupedLayer
        From :func:`grouped_layer`, with the same groups.

    Returns
    -------
    Statistic
        float64. With one row per unit the value is
        :func:`~collect.measures.cka.cka_linear_debiased`.

    Raises
    ------
    ValueError
        If there are fewer than 5 units, or the HSIC of a layer with itself is not positive, with
        all units or without one of them.

    Notes
    -----
    Costs ``O(n_rows * n_features * min(n_units, n_features))`` time, and no matrix of rows by rows.
    """
    refuse_few_units(x.n_units)
    cross, own_x, own_y = hsic_over_units(x, y), x.own, y.own
    for layer in (x, y):
        _refuse_no_self_dependence(layer, torch.cat([layer.own.value[None], layer.own.without]))
    return Statistic(
        cross.value / (own_x.value * own_y.value).sqrt(),
        cross.without / (own_x.without * own_y.without).sqrt(),
    )


def _refuse_no_self_dependence(layer: GroupedLayer, hsic: Tensor) -> None:
    trace = layer.features.square().sum() * layer.n_units / len(layer.features)
    eps = torch.finfo(layer.features.dtype).eps
    refuse_no_self_dependence(hsic, trace.square(), layer.n_units, eps)


def hsic_over_units(x: GroupedLayer, y: GroupedLayer) -> Statistic:
    """HSIC from terms of different units only, and what it is without each unit."""
    sums = unit_sums(x, y)
    return Statistic(
        hsic_from(x.n_units, *(each.value for each in sums)),
        hsic_from(x.n_units - 1, *(each.without for each in sums)),
    )


def hsic_from(n_units: int, pairs: Tensor, quadruples: Tensor, triples: Tensor) -> Tensor:
    """HSIC from sums over pairs, quadruples and triples of different units."""
    n = n_units
    estimate: Tensor = (
        pairs / (n * (n - 1))
        + quadruples / (n * (n - 1) * (n - 2) * (n - 3))
        - 2 * triples / (n * (n - 1) * (n - 2))
    )
    return estimate
