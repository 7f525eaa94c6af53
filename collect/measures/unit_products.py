"""Sums over rows of different sampling units, and without each unit, by the cheaper road.

Through units, a block of rows with the means of all units at a time; through features, from
products of features alone, when there are more units than features. Neither holds a matrix of rows
by rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collect.measures.unit_sums import GroupedLayer

_CHUNK_ELEMENTS = 1 << 22


@dataclass(frozen=True)
class Statistic:
    """A value, and the same without each unit.

    Attributes
    ----------
    value : Tensor, scalar
        From all units.
    without : Tensor of shape (n_units,)
        From all but one.
    """

    value: Tensor
    without: Tensor


class UnitSums(NamedTuple):
    """Weighted sums over pairs, quadruples and triples of rows of different units."""

    pairs: Statistic
    quadruples: Statistic
    triples: Statistic


class _Between(NamedTuple):
    """Of the mean products K and L of units, 0 within a unit; each of shape (n_units,).

    Row sums of K, of L and of their product, and the products with the other's row sums.
    """

    sum_k: Tensor
    sum_l: Tensor
    sum_kl: Tensor
    k_sum_l: Tensor
    l_sum_k: Tensor


def unit_sums(x: "GroupedLayer", y: "GroupedLayer") -> UnitSums:
    """Take the sums for one pair of layers with the same units."""
    is_short = x.n_units <= max(x.features.shape[1], y.features.shape[1])
    between = (_between_units if is_short else _between_features)(x, y)
    if x.n_units == len(x.unit):
        return _of_single_rows(between)
    products, change = (_through_units if is_short else _through_features)(x, y)
    of_row = x.weight * (x.row_totals * y.row_totals - products)
    triples = Statistic(of_row.sum(), of_row.sum() - x.per_unit(of_row) + change)
    return UnitSums(_pairs(x, y), _quadruples(between), triples)


def _of_single_rows(between: _Between) -> UnitSums:
    """Take the sums when every unit has one row: products of units are products of rows."""
    a, b, kl, kb, la = between
    pairs = Statistic(kl.sum(), kl.sum() - 2 * kl)
    of_row = a * b - kl
    triples = Statistic(of_row.sum(), of_row.sum() - of_row + 2 * kl - la - kb)
    return UnitSums(pairs, _quadruples(between), triples)


def _through_units(x: "GroupedLayer", y: "GroupedLayer") -> tuple[Tensor, Tensor]:
    """Sum of ``K_ig L_ig`` over the units g of each row i, and change of triples without unit g."""
    a, b, weight = x.row_totals, y.row_totals, x.weight
    products, change = torch.zeros_like(a), a.new_zeros(x.n_units)
    for rows in _chunks(len(a), x.n_units):
        k, l, w = x.to_units(rows), y.to_units(rows), weight[rows]  # noqa: E741
        kl = k * l
        products[rows] = kl.sum(dim=1)
        change += 2 * w @ kl - (w * a[rows]) @ l - (w * b[rows]) @ k
    return products, change


def _through_features(x: "GroupedLayer", y: "GroupedLayer") -> tuple[Tensor, Tensor]:
    """Compute the same, less what each row has with its own unit."""
    a, b, weight = x.row_totals, y.row_totals, x.weight
    own_k, own_l = ((layer.features * layer.means[layer.unit]).sum(dim=1) for layer in (x, y))
    products = _forms(x.features, x.means.T @ y.means, y.features) - own_k * own_l
    weighted = weighted_product(x, y)
    change = (
        2 * (_forms(x.means, weighted, y.means) - x.per_unit(weight * own_k * own_l))
        - (y.means @ (y.features.T @ (weight * a)) - x.per_unit(weight * a * own_l))
        - (x.means @ (x.features.T @ (weight * b)) - x.per_unit(weight * b * own_k))
    )
    return products, change


def _forms(left: Tensor, middle: Tensor, right: Tensor) -> Tensor:
    """``left_i' middle right_i`` of each row i."""
    parts = [((left[i] @ middle) * right[i]).sum(dim=1) for i in _chunks(*right.shape)]
    return torch.cat(parts)


def weighted_product(x: "GroupedLayer", y: "GroupedLayer") -> Tensor:
    """Sum of ``x_i y_i'`` over the rows, every unit counting the same."""
    total = x.features.new_zeros(x.features.shape[1], y.features.shape[1])
    for i in _chunks(*x.features.shape):
        total += (x.features[i] * x.weight[i, None]).T @ y.features[i]
    return total


def _chunks(n_rows: int, width: int) -> Iterator[slice]:
    size = max(1, _CHUNK_ELEMENTS // width)
    return (slice(start, start + size) for start in range(0, n_rows, size))


def _pairs(x: "GroupedLayer", y: "GroupedLayer") -> Statistic:
    of_row = x.weight * _forms(x.features, weighted_product(x, y), y.features)
    of_unit = x.per_unit(of_row)
    for size_units, rows in x.rows_of_units:
        k, l = (a.features[rows] @ a.features[rows].mT for a in (x, y))  # noqa: E741
        of_unit[size_units] -= (k * l).mean(dim=(1, 2))
    total = of_unit.sum()
    return Statistic(total, total - 2 * of_unit)


def _between_units(x: "GroupedLayer", y: "GroupedLayer") -> _Between:
    k, l = ((a.means @ a.means.T).fill_diagonal_(0) for a in (x, y))  # noqa: E741
    a, b = k.sum(dim=1), l.sum(dim=1)
    return _Between(a, b, (k * l).sum(dim=1), k @ b, l @ a)


def _between_features(x: "GroupedLayer", y: "GroupedLayer") -> _Between:
    m, n = x.means, y.means
    own_k, own_l = (torch.linalg.vector_norm(each, dim=1).square() for each in (m, n))
    a, b = m @ m.sum(dim=0) - own_k, n @ n.sum(dim=0) - own_l
    sum_kl = _forms(m, m.T @ n, n) - own_k * own_l
    return _Between(a, b, sum_kl, m @ (m.T @ b) - own_k * b, n @ (n.T @ a) - own_l * a)


def _quadruples(between: _Between) -> Statistic:
    a, b, kl, kb, la = between
    sum_a, sum_b, inner, dot = a.sum(), b.sum(), kl.sum(), a @ b
    inner_without = inner - 2 * kl
    dot_without = dot - a * b - kb - la + kl
    return Statistic(
        sum_a * sum_b - 4 * dot + 2 * inner,
        (sum_a - 2 * a) * (sum_b - 2 * b) - 4 * dot_without + 2 * inner_without,
    )
