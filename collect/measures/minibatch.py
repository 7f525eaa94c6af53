"""CKA from batches: the ratio of mean HSICs, a ragged last batch weighted by its rows."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.cka import hsic_u
from collect.measures.gram import centred_layer, inner_products
from collect.measures.representation import MINIMUM_ROWS, paired_representations, representation

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
        self.cross += len(x) * float(hsic_u(products.cross, len(x)))
        self.own_x += len(x) * float(hsic_u(products.own_x, len(x)))
        self.own_y += len(x) * float(hsic_u(products.own_y, len(x)))

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


def cka_minibatch(x: Tensor, y: Tensor, *, batch_rows: int = BATCH_ROWS) -> float:
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
        Rows in a batch, in the order given. Fewer than 4 left over join the batch before.

    Returns
    -------
    float
        Unitless, at most 1; unrelated layers scatter around 0.

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant (also within one batch) or under 4 rows, row
        counts differ, batches have fewer than 4 rows, or a layer's HSIC with itself is not
        positive.

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
    return batch_alignment(*(batches(a, n, batch_rows=batch_rows) for a, n in ((x, "x"), (y, "y"))))


def batches(x: Tensor, name: str = "x", *, batch_rows: int = BATCH_ROWS) -> list[Tensor]:
    """Cut one layer into batches of ``batch_rows``; fewer than 4 left over join the last one."""
    if batch_rows < MINIMUM_ROWS:
        raise ValueError(f"batch_rows = {batch_rows}: HSIC needs at least {MINIMUM_ROWS}")
    parts = list(torch.split(representation(x, name), batch_rows))
    if len(parts[-1]) < MINIMUM_ROWS:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def batch_alignment(x: list[Tensor], y: list[Tensor]) -> float:
    """:func:`cka_minibatch` of layers that are already cut."""
    sums = MinibatchCka()
    for a, b in zip(x, y, strict=True):
        sums.update(a, b)
    return sums.value()
