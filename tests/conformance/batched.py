"""Checks of implementations that take batches: ragged, tiny and in any number."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from tests.conformance.checks import debiased

Batched = Callable[[Tensor, Tensor, int], float]


def minibatch(x: Tensor, y: Tensor, batch_rows: int) -> float:
    """Ratio of mean HSICs, a batch weighted by its rows: the definition, in float64."""
    sums = np.zeros(3)
    for a, b in zip(torch.split(x, batch_rows), torch.split(y, batch_rows), strict=True):
        u, v = (z.double().numpy() for z in (a, b))
        sums += len(u) * np.array([_hsic(u, v), _hsic(u, u), _hsic(v, v)])
    return float(sums[0] / math.sqrt(sums[1] * sums[2]))


def _hsic(x: np.ndarray, y: np.ndarray) -> float:
    n = len(x)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    k, l = x @ x.T, y @ y.T  # noqa: E741
    own = np.diag(k) @ np.diag(l)
    traces = np.trace(k) * np.trace(l) / ((n - 1) * (n - 2))
    return float((k * l).sum() - own + traces - 2 * own / (n - 2)) / (n * (n - 3))


def related(n: int) -> tuple[Tensor, Tensor]:
    """Two related layers of n rows."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 8, generator=generator)
    return x, x[:, :6] + torch.randn(n, 6, generator=generator)


def one_batch_is_all_rows(compute: Batched) -> bool:
    """With a single batch it is debiased CKA."""
    x, y = related(64)
    return abs(compute(x, y, 64) - debiased(x.double().numpy(), y.double().numpy())) < 1e-4


def equal_batches_are_averaged(compute: Batched) -> bool:
    """Four batches of 16: the ratio of the mean HSICs, to 1e-3."""
    x, y = related(64)
    return abs(compute(x, y, 16) - minibatch(x, y, 16)) < 1e-3


def a_ragged_batch_weighs_its_rows(compute: Batched) -> bool:
    """Batches of 32, 32 and 5."""
    x, y = related(69)
    return abs(compute(x, y, 32) - minibatch(x, y, 32)) < 1e-3


def three_rows_left_over_are_no_problem(compute: Batched) -> bool:
    """Batches of 32, 32 and 3: a number close to that of all rows."""
    x, y = related(67)
    whole = debiased(x.double().numpy(), y.double().numpy())
    return math.isfinite(value := compute(x, y, 32)) and abs(value - whole) < 0.1


BATCHED_CHECKS: dict[str, Callable[[Batched], bool]] = {
    check.__name__.replace("_", " "): check
    for check in (
        one_batch_is_all_rows,
        equal_batches_are_averaged,
        a_ragged_batch_weighs_its_rows,
        three_rows_left_over_are_no_problem,
    )
}
