"""Intervals of values that jump, from balanced halves of the images or patients."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from scipy.linalg import hadamard
from torch import Tensor

from collect.measures.intervals import random_blocks, t_interval
from collect.measures.representation import units

MINIMUM_OF_BLOCKS = 8


@dataclass(frozen=True)
class HalfSamples:
    """Values of both halves of the units, for several balanced ways of halving them.

    Attributes
    ----------
    value : float
        From all units.
    of_halves : Tensor of shape (n_ways, 2)
        float64.
    """

    value: float
    of_halves: Tensor

    @property
    def between(self) -> float:
        """Half of the variance of a value of half of the units: what halves differ by."""
        return float((self.of_halves[:, 0] - self.of_halves[:, 1]).square().mean()) / 4

    @property
    def of_halving(self) -> float:
        """Variance of the mean of two halves over the ways of halving the same units."""
        return float(self.of_halves.mean(dim=1).var())

    @property
    def std_error(self) -> float:
        """Standard error of the value of all units.

        Of what hangs on single units, halves have twice the variance of all units, and ``between``
        says what all have. Of what hangs on which of two units is nearer to a third they have four
        times the variance, and ``between`` says twice what all have. ``of_halving`` is due to the
        second alone: the mean of the values of all halves has no more of it, and its variance is
        ``between - of_halving``. A value of all units lies in the middle: it jumps, but less than
        halves do.
        """
        return math.sqrt(self.between - self._excess)

    @property
    def n_free(self) -> float:
        """Degrees of freedom of the standard error, after Satterthwaite."""
        left = 1 - self._excess / self.between if self.between else 1
        return len(self.of_halves) * left**2

    @property
    def _excess(self) -> float:
        return min(self.of_halving, self.between) / 2

    def interval(
        self, *, level: float = 0.95, bounds: tuple[float, float] = (-torch.inf, torch.inf)
    ) -> tuple[float, float]:
        """:func:`~collect.measures.intervals.t_interval` of the value."""
        return t_interval(self.value, self.std_error, self.n_free, level=level, bounds=bounds)


def half_samples(
    compute: Callable[[Tensor], float],
    n_rows: int,
    groups: Tensor | None = None,
    *,
    n_blocks: int = 20,
    seed: int = 0,
) -> HalfSamples:
    """Compute a value of both halves of the units, in balanced ways.

    Leaving out little looks at what small changes of the data do. Where a measure jumps (another
    neighbour), that is far from what new data would do; halves share no unit, and are new data to
    each other. They are put together of blocks by the columns of a Hadamard matrix, so that every
    two blocks are in one half equally often.

    Parameters
    ----------
    compute : callable
        ``compute(rows)``: the measure on those rows of both representations.
    n_rows : int
        Rows.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row; its rows stay together.
    n_blocks : int, default 20
        The next power of 2 is taken, at least 8 and at most the number of units: 32 blocks for 20,
        halved in 31 ways, 62 computations.
    seed : int
        Of the assignment of units to blocks.

    Returns
    -------
    HalfSamples
        The interval is about the expected value at this number of rows.

    Raises
    ------
    ValueError
        If there are fewer than 8 units.

    References
    ----------
    .. [1] McCarthy (1969), "Pseudo-replication: half samples", Review of the International
       Statistical Institute 37.
    .. [2] Efron and Stein (1981), "The jackknife estimate of variance", Annals of Statistics 9.
    """
    _, n_units = units(n_rows, groups)
    if n_units < MINIMUM_OF_BLOCKS:
        raise ValueError(f"{n_units} units: balanced halves take {MINIMUM_OF_BLOCKS}")
    wanted = 2 ** math.ceil(math.log2(max(n_blocks, MINIMUM_OF_BLOCKS)))
    n_taken = min(wanted, 2 ** int(math.log2(n_units)))
    block = random_blocks(n_rows, groups, n_taken, seed)
    sides = torch.from_numpy(hadamard(n_taken)[1:])[:, block]
    of_halves = [
        [compute((side == half).nonzero().flatten()) for half in (-1, 1)] for side in sides
    ]
    return HalfSamples(compute(torch.arange(n_rows)), torch.tensor(of_halves, dtype=torch.float64))
