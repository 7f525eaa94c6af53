"""Debiased CKA over units when the rows of one layer take another order, many times.

Everything that an order moves are rows, columns and totals of products that belong to one layer:
they are computed once, and an order only looks them up. That takes a matrix of rows by rows, so
layers of many rows, or of few features, are multiplied anew each time.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.unit_sums import GroupedLayer, cka_over_units, hsic_from

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


class Pairings:
    """Debiased CKA of two layers over units, in any pairing of their units.

    Parameters
    ----------
    x, y : GroupedLayer
        With the same units; :func:`~collect.measures.unit_sums.cka_over_units` of them is defined.

    Notes
    -----
    A pairing costs ``O(n_rows**2)`` time and memory up to 2,048 rows, if products of the features
    take longer; else as much as :func:`~collect.measures.unit_sums.cka_over_units`.
    """

    def __init__(self, x: GroupedLayer, y: GroupedLayer) -> None:
        self._x, self._y = x, y
        n_rows, n_products = len(x.unit), x.features.shape[1] * y.features.shape[1]
        self._is_looked_up = n_rows <= min(_MOST_ROWS, n_products / _MEMORY_BOUND)
        if self._is_looked_up:
            self._grams = unit_gram(x), unit_gram(y)
            self._scale = math.sqrt(float(x.own.value) * float(y.own.value))

    def value(self, order: Tensor) -> float:
        """Give row ``order[i]`` of y to row i of x, whole units to whole units of as many rows."""
        x, y = self._x, self._y
        if not self._is_looked_up:
            return cka_over_units(x, y.reordered(order))
        partner = torch.empty_like(y.unit[: y.n_units]).scatter_(0, x.unit, y.unit[order])
        k, l = self._grams[0], self._grams[1].reordered(order, partner)  # noqa: E741
        a, b = x.row_totals, y.row_totals[order]
        sum_a, sum_b = x.per_unit(x.weight * a), x.per_unit(x.weight * b)
        inner = torch.sum(k.units * l.units)
        hsic = hsic_from(
            x.n_units,
            pairs=torch.sum(k.rows * l.rows),
            quadruples=sum_a.sum() * sum_b.sum() - 4 * sum_a @ sum_b + 2 * inner,
            triples=torch.sum(x.weight * a * b) - torch.sum(k.rows_units * l.rows_units),
        )
        return float(hsic) / self._scale
