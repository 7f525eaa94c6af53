r"""Inner products of centred Gram matrices, of all layers with all layers, by the cheaper road.

Through features, ``<K, L> = ||X' Y||^2`` takes one product per *pair* of layers; through rows, one
Gram matrix per *layer*, of which a block of rows at a time and only the upper triangle is computed.
No n x n matrix is ever held. Products are computed in the dtype of the features, sums in float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from collect.measures.representation import centred_with_norms, representation

Space = Literal["features", "rows"]

BLOCK_ROWS = 128
_CHUNK_ROWS = 8192
# One multiply-add of the inner products over rows waits for memory: it costs as much as so many of
# a matrix product.
_MEMORY_BOUND = 8


@dataclass(frozen=True)
class CentredLayer:
    """One layer, ready to be compared.

    Attributes
    ----------
    features : Tensor of shape (n_rows, n_features)
        Centred, at a safe scale, in the dtype that products are computed in.
    squared_norms : Tensor of shape (n_rows,)
        Diagonal of the Gram matrix in float64.
    """

    features: Tensor
    squared_norms: Tensor

    def reordered(self, order: Tensor) -> "CentredLayer":
        """Take the rows in another order."""
        return CentredLayer(self.features[order], self.squared_norms[order])


@dataclass(frozen=True)
class Plan:
    """What :func:`inner_products` will do, and why.

    Attributes
    ----------
    space : {'features', 'rows'}
        The cheaper one.
    cost : dict of str to float
        Multiply-adds of both, those that wait for memory weighted.
    """

    space: Space
    cost: dict[Space, float]


@dataclass(frozen=True)
class PairSums:
    """Sums over the Gram matrices K and L of pairs of layers, all of one shape, float64.

    Attributes
    ----------
    off_diagonal, diagonal : Tensor
        Sum of ``K_ij L_ij`` over i != j, and over i = j.
    traces : Tensor
        ``tr K tr L``.
    """

    off_diagonal: Tensor
    diagonal: Tensor
    traces: Tensor


@dataclass(frozen=True)
class InnerProducts:
    """What CKA of all pairs is made of.

    Attributes
    ----------
    n_rows : int
        Rows of the layers.
    eps : float
        Rounding of the products.
    cross : PairSums of shape (n_layers_x, n_layers_y)
        Every layer of x with every layer of y.
    own_x, own_y : PairSums of shape (n_layers_x,) and (n_layers_y,)
        Every layer with itself.
    """

    n_rows: int
    eps: float
    cross: PairSums
    own_x: PairSums
    own_y: PairSums


def pair_sums(n_rows: int, n_x: int, dtype: torch.dtype, *sums: Tensor) -> InnerProducts:
    """Cut square matrices over all layers, those of x first, into what belongs to which pairs.

    Parameters
    ----------
    n_rows, n_x : int
        Rows of the layers, and layers of x.
    dtype : torch.dtype
        What products were computed in.
    *sums : Tensor of shape (n_layers, n_layers)
        Off-diagonal sums, diagonal sums and products of traces.
    """
    sums = tuple(each.cpu() for each in sums)
    return InnerProducts(
        n_rows,
        torch.finfo(dtype).eps,
        PairSums(*(each[:n_x, n_x:] for each in sums)),
        PairSums(*(each.diagonal()[:n_x] for each in sums)),
        PairSums(*(each.diagonal()[n_x:] for each in sums)),
    )


def centred_layer(x: Tensor, name: str = "x") -> CentredLayer:
    """Check and centre one layer; costs ``O(n_rows * n_features)``."""
    return CentredLayer(*centred_with_norms(representation(x, name)))


def plan(n_rows: int, widths_x: Sequence[int], widths_y: Sequence[int]) -> Plan:
    """Which space is cheaper for these shapes.

    Parameters
    ----------
    n_rows : int
        Rows of all layers.
    widths_x, widths_y : sequence of int
        Features of the layers of both networks.

    Returns
    -------
    Plan
        The choice and the costs.

    Examples
    --------
    >>> plan(1512, [768] * 12, [768] * 12).space
    'rows'
    >>> plan(50_000, [768] * 12, [768] * 12).space
    'features'
    """
    widths = [*widths_x, *widths_y]
    pairs = sum(widths_x) * sum(widths_y) + sum(p * p for p in widths)
    triangle = n_rows * n_rows / 2
    cost: dict[Space, float] = {
        "features": float(n_rows * pairs),
        "rows": triangle * (sum(widths) + _MEMORY_BOUND * len(widths) ** 2),
    }
    return Plan(min(cost, key=lambda space: cost[space]), cost)


def inner_products(
    x: Sequence[CentredLayer], y: Sequence[CentredLayer], *, space: Space | None = None
) -> InnerProducts:
    """Inner products of every layer of x with every layer of y, and of each with itself.

    Parameters
    ----------
    x, y : sequence of CentredLayer
        Layers on the same rows and device.
    space : {'features', 'rows'}, optional
        By :func:`plan` when not given.

    Returns
    -------
    InnerProducts
        On the CPU.
    """
    layers = [layer.features for layer in (*x, *y)]
    dtype = torch.float64 if any(a.dtype == torch.float64 for a in layers) else torch.float32
    layers = [a.to(dtype) for a in layers]
    if space is None:
        widths = [a.shape[1] for a in layers]
        space = plan(len(layers[0]), widths[: len(x)], widths[len(x) :]).space
    norms = torch.stack([layer.squared_norms for layer in (*x, *y)])
    diagonal, traces = norms @ norms.T, norms.sum(dim=1)
    if space == "rows":
        off_diagonal = _through_rows(layers)
    else:
        off_diagonal = _through_features(layers, len(x)) - diagonal
    return pair_sums(
        len(layers[0]), len(x), dtype, off_diagonal, diagonal, traces[:, None] * traces[None, :]
    )


def _through_rows(layers: Sequence[Tensor]) -> Tensor:
    n, n_layers, like = len(layers[0]), len(layers), layers[0]
    total = torch.zeros(n_layers, n_layers, dtype=torch.float64, device=like.device)
    buffer = like.new_empty(min(BLOCK_ROWS, n) * n_layers * n)
    for start in range(0, n, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, n)
        shape = (stop - start, n_layers, n - start)
        block = buffer[: math.prod(shape)].view(shape)
        for i, a in enumerate(layers):
            torch.mm(a[start:stop], a[start:].T, out=block[:, i])
        square = block[:, :, : stop - start]
        square.diagonal(dim1=0, dim2=2).zero_()
        square *= 0.5**0.5  # both triangles are in the square: half of it, doubled below
        total += 2 * torch.bmm(block, block.mT).sum(dim=0, dtype=torch.float64)
    return total


def _through_features(layers: Sequence[Tensor], n_x: int) -> Tensor:
    n_layers = len(layers)
    wanted = [(i, j) for i in range(n_layers) for j in range(i, n_layers)]
    total = torch.zeros(n_layers, n_layers, dtype=torch.float64, device=layers[0].device)
    for i, j in wanted:
        if i == j or i < n_x <= j:  # pairs within one network are not asked for
            total[i, j] = _squared_norm(layers[i], layers[j])
    return total


def _squared_norm(a: Tensor, b: Tensor) -> Tensor:
    total: Tensor | float = 0.0
    for u, v in zip(torch.split(a, _CHUNK_ROWS), torch.split(b, _CHUNK_ROWS), strict=True):
        total = total + (u.T @ v).double()
    assert isinstance(total, Tensor)
    squared: Tensor = torch.linalg.vector_norm(total).square()
    return squared
