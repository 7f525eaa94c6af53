"""Debiased CKA over units when the rows of one layer take another order, many times.

Everything that an order moves are rows, columns and totals of products that belong to one layer:
they are computed once, and an order only looks them up. That takes a matrix of rows by rows; layers
of many rows, or of few features, are multiplied anew each time, features by features.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from collect.measures.unit_products import weighted_product
from collect.measures.unit_sums import GroupedLayer, hsic_from

_MOST_ROWS = 2048  # 32 MB of products
# Looking up one product waits for memory: it costs as much as so many multiply-adds.
_MEMORY_BOUND = 16


@dataclass(frozen=True)
class UnitGram:
    """Products of one layer between rows of different units, 0 within one; all float64.

    Attributes
    ----------
    rows : Tensor of shape (n_rows, n_rows)
        ``K_ij sqrt(w_i w_j)``, with the share w of a row in its unit.
    rows_units : Tensor of shape (n_rows, n_units)
        Mean over the rows j of a unit, ``K_ig sqrt(w_i)``.
    units : Tensor of shape (n_units, n_units)
        Mean over the rows of both.
    """

    rows: Tensor
    rows_units: Tensor
    units: Tensor

    def reordered(self, order: Tensor, partner: Tensor) -> "UnitGram":
        """Take the rows and the units in another order."""
        return UnitGram(
            self.rows[order][:, order],
            self.rows_units[order][:, partner],
            self.units[partner][:, partner],
        )


def unit_gram(layer: GroupedLayer) -> UnitGram:
    """Multiply all rows of one layer; costs ``O(n_rows**2 * n_features)``."""
    weight = layer.weight.sqrt()
    scaled = layer.features * weight[:, None]
    is_within = layer.unit[:, None] == layer.unit
    return UnitGram(
        (scaled @ scaled.T).masked_fill_(is_within, 0.0),
        layer.to_units(slice(None)) * weight[:, None],
        (layer.means @ layer.means.T).fill_diagonal_(0.0),
    )


class _Inner(NamedTuple):
    """Inner products of the :class:`UnitGram` of two layers, scalars."""

    rows: Tensor
    rows_units: Tensor
    units: Tensor


def _looked_up(x: UnitGram, y: UnitGram) -> _Inner:
    return _Inner(
        torch.sum(x.rows * y.rows),
        torch.sum(x.rows_units * y.rows_units),
        torch.sum(x.units * y.units),
    )


def _multiplied(x: GroupedLayer, y: GroupedLayer) -> _Inner:
    """Take all products of rows and units through features, less those within a unit."""
    rows, units = weighted_product(x, y), x.means.T @ y.means
    own_rows = [(a.features * a.means[a.unit]).sum(dim=1) for a in (x, y)]
    own_units = [a.means.square().sum(dim=1) for a in (x, y)]
    within = torch.zeros_like(rows[0, 0])
    for _, members in x.rows_of_units:
        k, l = (a.features[members] @ a.features[members].mT for a in (x, y))  # noqa: E741
        within += (k * l).mean(dim=(1, 2)).sum()
    return _Inner(
        rows.square().sum() - within,
        torch.sum(rows * units) - torch.sum(x.weight * own_rows[0] * own_rows[1]),
        units.square().sum() - own_units[0] @ own_units[1],
    )


class Pairings:
    """Debiased CKA of two layers over units, in any pairing of their units.

    Parameters
    ----------
    x, y : GroupedLayer
        With the same units; :func:`~collect.measures.unit_sums.cka_over_units` of them is defined.

    Notes
    -----
    A pairing costs ``O(n_rows**2)`` time and memory up to 2,048 rows, if products of the features
    take longer; else the time of one product of the features, ``O(n_rows * n_features**2)``.
    """

    def __init__(self, x: GroupedLayer, y: GroupedLayer) -> None:
        self._x, self._y = x, y
        self._scale = math.sqrt(float(x.own.value) * float(y.own.value))
        n_rows, n_products = len(x.unit), x.features.shape[1] * y.features.shape[1]
        is_looked_up = n_rows <= min(_MOST_ROWS, n_products / _MEMORY_BOUND)
        self._grams = (unit_gram(x), unit_gram(y)) if is_looked_up else None

    def value(self, order: Tensor) -> float:
        """Give row ``order[i]`` of y to row i of x, whole units to whole units of as many rows."""
        x, y = self._x, self._y
        inner = self._inner(order)
        a, b = x.row_totals, y.row_totals[order]
        sum_a, sum_b = x.per_unit(x.weight * a), x.per_unit(x.weight * b)
        hsic = hsic_from(
            x.n_units,
            pairs=inner.rows,
            quadruples=sum_a.sum() * sum_b.sum() - 4 * sum_a @ sum_b + 2 * inner.units,
            triples=torch.sum(x.weight * a * b) - inner.rows_units,
        )
        return float(hsic) / self._scale

    def _inner(self, order: Tensor) -> _Inner:
        x, y = self._x, self._y
        if self._grams is None:
            return _multiplied(x, y.reordered(order))
        partner = torch.empty_like(y.unit[: y.n_units]).scatter_(0, x.unit, y.unit[order])
        return _looked_up(self._grams[0], self._grams[1].reordered(order, partner))
