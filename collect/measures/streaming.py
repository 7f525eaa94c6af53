r"""Exact linear CKA of any number of rows in memory that does not grow with them.

Rows arrive in chunks; what is kept are products of features. Everything is accumulated about the
mean of the first chunk, in float64, and moved to the final mean in the end: with shifted rows x, y,
their means m and l, and squared norms k and h,

.. math:: (k_i - 2 m^\top x_i + m^\top m)(h_i - 2 l^\top y_i + l^\top l)

summed over i needs the sums of k h, k y, h x and x y', all of which add up chunk by chunk.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from collect.measures.cka import ratio
from collect.measures.gram import InnerProducts, pair_sums
from collect.measures.representation import MINIMUM_ROWS, in_working_dtype


class StreamingCka:
    """Linear CKA of all layers of one network with all layers of another, chunk by chunk.

    Memory is ``8 (P_x P_y + sum of squared widths)`` bytes with the total widths P, plus a chunk:
    0.8 GB for twice twelve layers of 768 features. Few rows and many features are cheaper in
    :func:`~collect.measures.cka.alignments`.

    Examples
    --------
    >>> stream = StreamingCka()
    >>> rows = torch.arange(24.0, dtype=torch.float64).reshape(12, 2).cos()
    >>> for chunk in rows.split(5):
    ...     stream.update({"a": chunk}, {"b": 2 * chunk + 1})
    >>> stream.values(debiased=True)
    tensor([[1.0000]], dtype=torch.float64)
    """

    def __init__(self) -> None:
        self.names: tuple[list[str], list[str]] | None = None
        self.n_rows = 0
        self._dtype = torch.float64
        self._origins: list[Tensor] = []
        self._sums: list[Tensor] = []
        self._products: dict[tuple[int, int], Tensor] = {}
        self._norms = self._norm_products = torch.empty(0)
        self._weighted: list[Tensor] = []

    def update(self, x: Mapping[str, Tensor], y: Mapping[str, Tensor]) -> None:
        """Add a chunk of rows.

        Parameters
        ----------
        x, y : mapping of layer to Tensor of shape (n_rows, n_features)
            The same layers in every chunk; any number of rows.

        Raises
        ------
        ValueError
            If layers, widths or numbers of rows do not fit, or a value is not finite.
        """
        layers = [in_working_dtype(each) for each in (*x.values(), *y.values())]
        self._check(x, y, layers)
        if not self._origins:
            self._start(len(x), layers)
        shifted = [a - o.to(a.dtype) for a, o in zip(layers, self._origins, strict=True)]
        self.n_rows += len(shifted[0])
        if any(a.dtype == torch.float32 for a in shifted):
            self._dtype = torch.float32
        norms = torch.stack(
            [torch.linalg.vector_norm(a, dim=1, dtype=torch.float64).square() for a in shifted]
        )
        self._norms += norms.sum(dim=1)
        self._norm_products += norms @ norms.T
        for i, a in enumerate(shifted):
            self._sums[i] += a.sum(dim=0, dtype=torch.float64)
            self._weighted[i] += norms @ a.double()
        for (i, j), total in self._products.items():
            total += shifted[i].T @ shifted[j]

    def values(self, *, debiased: bool) -> Tensor:
        """CKA of all rows so far.

        Parameters
        ----------
        debiased : bool
            Which estimator.

        Returns
        -------
        Tensor of shape (n_layers_x, n_layers_y)
            float64 on the CPU; what the estimator gives on all rows at once.

        Raises
        ------
        ValueError
            If there are fewer than 4 rows, or the HSIC of a layer with itself is not positive.
        """
        return ratio(self.inner_products(), debiased=debiased)

    def inner_products(self) -> InnerProducts:
        """Return the sums over the centred Gram matrices of all rows so far."""
        n = self.n_rows
        if self.names is None or n < MINIMUM_ROWS:
            raise ValueError(f"{n} rows so far: a similarity needs at least {MINIMUM_ROWS}")
        means = [total / n for total in self._sums]
        lengths = torch.stack([mean @ mean for mean in means])
        # [i, j]: sum over rows of the squared norm of layer i times the projection of j on its mean
        leaning = torch.stack(
            [weighted @ mean for weighted, mean in zip(self._weighted, means, strict=True)], dim=1
        )
        norms = self._norms - n * lengths
        squared, crossing = torch.zeros_like(leaning), torch.zeros_like(leaning)
        for (i, j), total in self._products.items():
            squared[i, j] = (total - n * means[i][:, None] * means[j][None, :]).square().sum()
            crossing[i, j] = means[i] @ total @ means[j]
        diagonal = (
            self._norm_products
            - 2 * (leaning + leaning.T)
            + 4 * crossing
            + self._norms[:, None] * lengths[None, :]
            + lengths[:, None] * self._norms[None, :]
            - 3 * n * lengths[:, None] * lengths[None, :]
        )
        traces = norms[:, None] * norms[None, :]
        return pair_sums(n, len(self.names[0]), self._dtype, squared - diagonal, diagonal, traces)

    def _start(self, n_x: int, layers: list[Tensor]) -> None:
        device, n = layers[0].device, len(layers)
        self._origins = [a.mean(dim=0, dtype=torch.float64) for a in layers]
        self._sums = [torch.zeros_like(o) for o in self._origins]
        self._weighted = [o.new_zeros(n, len(o)) for o in self._origins]
        self._norms = torch.zeros(n, dtype=torch.float64, device=device)
        self._norm_products = torch.zeros(n, n, dtype=torch.float64, device=device)
        pairs = [(i, j) for i in range(n_x) for j in range(n_x, n)] + [(i, i) for i in range(n)]
        self._products = {
            (i, j): self._sums[i].new_zeros(len(self._sums[i]), len(self._sums[j]))
            for i, j in pairs
        }

    def _check(
        self, x: Mapping[str, Tensor], y: Mapping[str, Tensor], layers: list[Tensor]
    ) -> None:
        if self.names is None:
            self.names = list(x), list(y)
        if self.names != (list(x), list(y)):
            raise ValueError(f"layers are {list(x)} and {list(y)}, were {self.names}")
        for name, a in zip((*x, *y), layers, strict=True):
            if a.ndim != 2 or len(a) != len(layers[0]):
                raise ValueError(
                    f"layer {name} has shape {tuple(a.shape)}: expected ({len(layers[0])}, "
                    "n_features), rows of the same inputs"
                )
            if not bool(a.sum(dtype=torch.float64).isfinite()):
                raise ValueError(f"layer {name} has values that are not finite")
        widths = [len(origin) for origin in self._origins]
        if widths and widths != [a.shape[1] for a in layers]:
            raise ValueError(f"widths are {[a.shape[1] for a in layers]}, were {widths}")
