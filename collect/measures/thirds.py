"""Intervals of values whose parts come and go, from balanced thirds of the images or patients."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from collect.measures.intervals import random_blocks, t_interval
from collect.measures.representation import units

N_PARTS = 3
MINIMUM_OF_BLOCKS = 9


@dataclass(frozen=True)
class Thirds:
    """Values without each third of the units, for several balanced ways of making thirds.

    Attributes
    ----------
    value : float
        From all units.
    without : Tensor of shape (n_ways, 3)
        float64.
    """

    value: float
    without: Tensor

    @property
    def std_error(self) -> float:
        """Jackknife standard error: by how much values without the thirds of one way differ."""
        deviations = self.without - self.without.mean(dim=1, keepdim=True)
        return float(((N_PARTS - 1) * deviations.square().mean()).sqrt())

    def interval(
        self, *, level: float = 0.95, bounds: tuple[float, float] = (-torch.inf, torch.inf)
    ) -> tuple[float, float]:
        """:func:`~collect.measures.intervals.t_interval` with 2 n_ways degrees of freedom."""
        n_free = len(self.without) * (N_PARTS - 1)
        return t_interval(self.value, self.std_error, n_free, level=level, bounds=bounds)


def without_thirds(
    compute: Callable[[Tensor], float],
    n_rows: int,
    groups: Tensor | None = None,
    *,
    n_blocks: int = 20,
    seed: int = 0,
) -> Thirds:
    """Leave out balanced thirds of the units.

    Where a component more or less makes a value jump, leaving out few images changes nothing most
    of the time, and influences see nothing. Thirds are put together of blocks by an orthogonal
    array: of a mean they give exactly the standard error between blocks.

    Parameters
    ----------
    compute : callable
        ``compute(rows)``: the measure on those rows of both representations.
    n_rows : int
        Rows.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row; its rows stay together.
    n_blocks : int, default 20
        The power of 3 that is closest by ratio, at least 9 and not above the number of units, is
        taken: 27 for 20, made thirds of in 13 ways, 39 computations.
    seed : int
        Of the assignment of units to blocks.

    Returns
    -------
    Thirds
        The interval is about the expected value at this number of rows.

    Raises
    ------
    ValueError
        If there are fewer than 9 units.

    References
    ----------
    .. [1] Shao and Wu (1989), "A general theory for jackknife variance estimation", Annals of
       Statistics 17.
    .. [2] Wu (1991), "Balanced repeated replications based on mixed orthogonal arrays",
       Biometrika 78.
    """
    _, n_units = units(n_rows, groups)
    if n_units < MINIMUM_OF_BLOCKS:
        raise ValueError(f"{n_units} units: balanced thirds take {MINIMUM_OF_BLOCKS}")
    exponent = max(2, round(math.log(n_blocks, N_PARTS)))
    while N_PARTS**exponent > n_units:
        exponent -= 1
    block = random_blocks(n_rows, groups, N_PARTS**exponent, seed)
    without = [
        [compute((third[block] != left_out).nonzero().flatten()) for left_out in range(N_PARTS)]
        for third in _ways(exponent)
    ]
    return Thirds(compute(torch.arange(n_rows)), torch.tensor(without, dtype=torch.float64))


def _ways(exponent: int) -> Tensor:
    """Third of each of 3 ** exponent blocks, in as many ways as differ by more than names.

    Blocks are points of a space over the integers modulo 3; a direction in it makes thirds.
    """
    points = torch.tensor(list(product(range(N_PARTS), repeat=exponent)))
    directions = points[[bool(p.any()) and int(p[p != 0][0]) == 1 for p in points]]
    return (directions @ points.T) % N_PARTS
