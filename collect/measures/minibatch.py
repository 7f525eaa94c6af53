"""CKA from batches: the ratio of mean HSICs, a ragged last batch weighted by its rows."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from collect.measures.cka import hsic_u
from collect.measures.gram import centred_layer, inner_products
from collect.measures.representation import (
    MINIMUM_ROWS,
    paired_representations,
    representation,
    units,
)
from collect.measures.unit_sums import GroupedLayer, grouped_layer, hsic_over_units

BATCH_ROWS = 256


@dataclass
class MinibatchCka:
    """Running sums of unbiased HSIC over batches.

    Attributes
    ----------
    cross, own_x, own_y : float
        Sums over batches of n_rows times HSIC.
    """

    cross: float = 0.0
    own_x: float = 0.0
    own_y: float = 0.0

    def update(self, x: Tensor, y: Tensor) -> None:
        """Add one batch; it needs at least 4 rows, any number of them."""
        x, y = paired_representations(x, y)
        products = inner_products([centred_layer(x, "x")], [centred_layer(y, "y")])
        own = hsic_u(products.own_x, len(x)), hsic_u(products.own_y, len(x))
        self._add(len(x), hsic_u(products.cross, len(x)), *own)

    def update_grouped(self, x: GroupedLayer, y: GroupedLayer) -> None:
        """Add one batch of whole groups, from rows of different groups only."""
        self._add(x.n_units, hsic_over_units(x, y).value, x.own.value, y.own.value)

    def _add(self, n: int, cross: Tensor, own_x: Tensor, own_y: Tensor) -> None:
        self.cross += n * float(cross)
        self.own_x += n * float(own_x)
        self.own_y += n * float(own_y)

    def value(self) -> float:
        """Debiased CKA of all batches so far.

        Raises
        ------
        ValueError
            If there was no batch, or the HSIC of a layer with itself is not positive.
        """
        if self.own_x <= 0 or self.own_y <= 0:
            raise ValueError("mean HSIC of a layer with itself is not positive: too little data")
        return self.cross / math.sqrt(self.own_x * self.own_y)


def cka_minibatch(
    x: Tensor, y: Tensor, *, batch_rows: int = BATCH_ROWS, groups: Tensor | None = None
) -> float:
    r"""Linear CKA as the ratio of HSICs that are averaged over minibatches.

    .. math:: \sum_b n_b \mathrm{HSIC}_u(K_b, L_b) \Big/
        \sqrt{\sum_b n_b \mathrm{HSIC}_u(K_b, K_b) \sum_b n_b \mathrm{HSIC}_u(L_b, L_b)}

    Every HSIC is unbiased, so every weighting is; a batch weighs as many rows as it has. A mean of
    CKA values over batches would not be unbiased, nor does a last batch of 5 rows deserve the
    weight of one of 256. When all rows fit, :func:`~collect.measures.cka.cka_linear_debiased` has
    a smaller variance and needs no batches.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.
    batch_rows : int, default 256
        Rows in a batch, in the order given. Fewer than 4 left over join the batch before. With
        groups, so many of these with all their rows.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row; HSICs then are of rows of different ones, as in
        :mod:`~collect.measures.unit_sums`: positions of one image are alike in any network.

    Returns
    -------
    float
        Unitless, at most 1; unrelated layers scatter around 0.

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant (also within one batch) or under 4 rows, row
        counts differ, batches have fewer than 4 rows, groups are not one per row or fewer than 4,
        or a layer's HSIC with itself is not positive.

    Notes
    -----
    Costs ``O(n_rows * n_features * min(batch_rows, n_features))`` time.

    References
    ----------
    .. [1] Nguyen, Raghu and Kornblith (2021), "Do wide and deep networks learn the same things?",
       eq. 3. https://arxiv.org/abs/2010.15327

    Examples
    --------
    >>> x = torch.arange(24.0).reshape(12, 2).cos()
    >>> round(cka_minibatch(x, 3 * x + 7, batch_rows=5), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    named = ((x, "x"), (y, "y"))
    return batch_alignment(*(batches(a, n, groups, batch_rows=batch_rows) for a, n in named))


def batches(
    x: Tensor, name: str = "x", groups: Tensor | None = None, *, batch_rows: int = BATCH_ROWS
) -> list[Any]:
    """Cut one layer into batches of ``batch_rows``; fewer than 4 left over join the last one.

    Returns
    -------
    list of Tensor of shape (n_rows, n_features), with groups of GroupedLayer
        One per batch.
    """
    if batch_rows < MINIMUM_ROWS:
        raise ValueError(f"batch_rows = {batch_rows}: HSIC needs at least {MINIMUM_ROWS}")
    if groups is None:
        return _cut(representation(x, name), batch_rows)
    unit, n_units = units(len(x), groups)
    by_batch = _cut(torch.arange(n_units, device=unit.device), batch_rows)
    rows = [torch.isin(unit, batch).nonzero().flatten() for batch in by_batch]
    return [grouped_layer(x[each.to(x.device)], name, unit[each]) for each in rows]


def _cut(rows: Tensor, n: int) -> list[Tensor]:
    parts = list(torch.split(rows, n))
    if len(parts[-1]) < MINIMUM_ROWS:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def batch_alignment(x: list[Any], y: list[Any]) -> float:
    """:func:`cka_minibatch` of layers that are already cut, both with groups or both without."""
    sums = MinibatchCka()
    add = sums.update_grouped if isinstance(x[0], GroupedLayer) else sums.update
    for a, b in zip(x, y, strict=True):
        add(a, b)
    return sums.value()
