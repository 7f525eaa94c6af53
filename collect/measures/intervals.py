"""Intervals over images or patients: what a value does when some of them are left out."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
from scipy.stats import t as student_t
from torch import Tensor

from collect.measures.representation import units

MINIMUM_OF_BLOCKS = 8
_BELOW_1 = 1 - 1e-12


@dataclass(frozen=True)
class Jackknife:
    """Values without each unit, or without each block of units.

    Attributes
    ----------
    value : float
        From all units.
    without : Tensor of shape (n_blocks,)
        float64.
    """

    value: float
    without: Tensor

    @property
    def std_error(self) -> float:
        """Jackknife standard error of the value."""
        n_blocks = len(self.without)
        deviations = self.without - self.without.mean()
        return float(((n_blocks - 1) / n_blocks * deviations.square().sum()).sqrt())

    @property
    def influence(self) -> float:
        """Largest change of the value when one unit (or block) is left out."""
        return float((self.without - self.value).abs().max())

    def interval(
        self, *, level: float = 0.95, bounds: tuple[float, float] = (-torch.inf, torch.inf)
    ) -> tuple[float, float]:
        """:func:`t_interval` with n_blocks - 1 degrees of freedom."""
        return t_interval(
            self.value, self.std_error, len(self.without) - 1, level=level, bounds=bounds
        )


@dataclass(frozen=True)
class BalancedJackknife:
    """Values without each half or third of the units, for several balanced ways of making them.

    Attributes
    ----------
    value : float
        From all units.
    without : Tensor of shape (n_partitions, n_parts)
        float64.
    variance_ratio : float, default 1
        What the squared standard error is divided by, see
        :func:`~collect.measures.jackknife_bias.variance_ratio`.
    """

    value: float
    without: Tensor
    variance_ratio: float = 1.0

    @property
    def std_error(self) -> float:
        """Jackknife standard error: by how much the parts of a partition differ."""
        deviations = self.without - self.without.mean(dim=1, keepdim=True)
        squares = (self.without.shape[1] - 1) * deviations.square().mean()
        return float((squares / self.variance_ratio).sqrt())

    def interval(
        self, *, level: float = 0.95, bounds: tuple[float, float] = (-torch.inf, torch.inf)
    ) -> tuple[float, float]:
        """:func:`t_interval` with n_partitions * (n_parts - 1) degrees of freedom."""
        n_free = len(self.without) * (self.without.shape[1] - 1)
        return t_interval(self.value, self.std_error, n_free, level=level, bounds=bounds)


@dataclass(frozen=True)
class FisherInterval:
    """A correlation or cosine with its standard error on the scale of Fisher's z.

    Attributes
    ----------
    value : float
        In [-1, 1].
    std_error : float
        Of ``atanh(value)``.
    n_free : int
        Degrees of freedom of the standard error.
    """

    value: float
    std_error: float
    n_free: int

    @classmethod
    def of_draws(cls, value: float, draws: Tensor, n_free: int) -> "FisherInterval":
        """Take the standard error from values that other samples might have, (n_draws,)."""
        return cls(value, float(_fisher_z(draws.double()).std()), n_free)

    def interval(
        self, *, level: float = 0.95, bounds: tuple[float, float] = (-1.0, 1.0)
    ) -> tuple[float, float]:
        """:func:`t_interval` on the scale of z, turned back."""
        z = float(_fisher_z(torch.tensor(self.value, dtype=torch.float64)))
        low, high = (
            math.tanh(end) for end in t_interval(z, self.std_error, self.n_free, level=level)
        )
        return max(bounds[0], min(low, self.value)), min(bounds[1], max(high, self.value))


def _fisher_z(correlation: Tensor) -> Tensor:
    """Give the inverse hyperbolic tangent, finite at -1 and 1 too."""
    return correlation.clamp(-_BELOW_1, _BELOW_1).atanh()


def t_interval(
    value: float,
    std_error: float,
    n_free: int,
    *,
    level: float = 0.95,
    bounds: tuple[float, float] = (-torch.inf, torch.inf),
) -> tuple[float, float]:
    """Student's interval around a value, cut at the bounds that the value itself has.

    Parameters
    ----------
    value, std_error : float
        The value and its standard error.
    n_free : int
        Degrees of freedom of the standard error.
    level : float, default 0.95
        Coverage.
    bounds : tuple of float
        Range of the measure.

    Returns
    -------
    tuple of float
        Lower and upper end.

    Raises
    ------
    ValueError
        If the level is no share.
    """
    if not 0 < level < 1:
        raise ValueError(f"level = {level}: expected a share in (0, 1)")
    half = float(student_t.ppf((1 + level) / 2, n_free)) * std_error
    return max(bounds[0], value - half), min(bounds[1], value + half)


def block_jackknife(
    compute: Callable[[Tensor], float],
    n_rows: int,
    groups: Tensor | None = None,
    *,
    n_blocks: int = 20,
    seed: int = 0,
) -> Jackknife:
    """Leave out one random block of units after the other, for measures without a shortcut.

    Parameters
    ----------
    compute : callable
        ``compute(rows)``: the measure on those rows of both representations.
    n_rows : int
        Rows.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row; its rows leave together.
    n_blocks : int, default 20
        Blocks of about equally many units; more take longer and make the interval less noisy.
    seed : int
        Of the assignment of units to blocks.

    Returns
    -------
    Jackknife
        The interval is about the expected value at this number of rows: what an estimator is
        biased by, its interval is too.

    Raises
    ------
    ValueError
        If there are fewer than 2 blocks, or fewer units than blocks.

    References
    ----------
    .. [1] Shao and Wu (1989), "A general theory for jackknife variance estimation", Annals of
       Statistics 17.
    """
    block = _blocks(n_rows, groups, n_blocks, seed)
    without = [compute((block != b).nonzero().flatten()) for b in range(n_blocks)]
    return Jackknife(compute(torch.arange(n_rows)), torch.tensor(without, dtype=torch.float64))


def balanced_jackknife(
    compute: Callable[[Tensor], float],
    n_rows: int,
    groups: Tensor | None = None,
    *,
    n_parts: int = 3,
    n_blocks: int = 20,
    seed: int = 0,
) -> BalancedJackknife:
    """Leave out balanced halves, thirds or fifths of the units, for measures that are not smooth.

    Leaving out little looks at what small changes of the data do. Where a measure jumps (a
    component more or less, another neighbour), or is biased by an amount that grows with every row
    less (canonical correlations), that is far from what new data would do; leaving out much is
    closer. Parts are put together of blocks by an orthogonal array: of a mean they give exactly
    the standard error between blocks.

    Parameters
    ----------
    compute, n_rows, groups, seed
        As in :func:`block_jackknife`.
    n_parts : int, default 3
        2 leaves out halves, 3 thirds, 5 fifths; a prime number.
    n_blocks : int, default 20
        The power of n_parts that is closest by ratio, at least 8 and not above the number of units
        is taken: 27 for thirds, in 13 partitions, 39 computations; 16 for halves, 15 and 30; 25 for
        fifths, 6 and 30.

    Returns
    -------
    BalancedJackknife
        The interval is about the expected value at this number of rows.

    Raises
    ------
    ValueError
        If there are fewer units than 8 (halves), 9 (thirds) or 25 (fifths).

    References
    ----------
    .. [1] McCarthy (1969), "Pseudo-replication: half samples", Review of the International
       Statistical Institute 37.
    .. [2] Shao and Wu (1989), "A general theory for jackknife variance estimation", Annals of
       Statistics 17.
    .. [3] Wu (1991), "Balanced repeated replications based on mixed orthogonal arrays",
       Biometrika 78.
    """
    _, n_units = units(n_rows, groups)
    lowest = math.ceil(math.log(MINIMUM_OF_BLOCKS, n_parts) - 1e-9)
    if n_units < n_parts**lowest:
        raise ValueError(f"{n_units} units: {n_parts} balanced parts take {n_parts**lowest}")
    exponent = max(lowest, round(math.log(n_blocks, n_parts)))
    while n_parts**exponent > n_units:
        exponent -= 1
    block = _blocks(n_rows, groups, n_parts**exponent, seed)
    without = [
        [compute((part[block] != left_out).nonzero().flatten()) for left_out in range(n_parts)]
        for part in _partitions(n_parts, exponent)
    ]
    return BalancedJackknife(
        compute(torch.arange(n_rows)), torch.tensor(without, dtype=torch.float64)
    )


def _partitions(n_parts: int, exponent: int) -> Tensor:
    """Part of each of n_parts ** exponent blocks, in as many ways as differ by more than names.

    Blocks are points of a space over the integers modulo n_parts; a direction in it makes parts.
    """
    points = torch.tensor(list(product(range(n_parts), repeat=exponent)))
    directions = points[[bool(p.any()) and int(p[p != 0][0]) == 1 for p in points]]
    return (directions @ points.T) % n_parts


def _blocks(n_rows: int, groups: Tensor | None, n_blocks: int, seed: int) -> Tensor:
    """Random block of each row, the same for the rows of a unit."""
    unit, n_units = units(n_rows, groups)
    if not 2 <= n_blocks <= n_units:
        raise ValueError(f"n_blocks = {n_blocks}: expected 2 to {n_units}, the number of units")
    shuffled = torch.randperm(n_units, generator=torch.Generator().manual_seed(seed))
    return (shuffled % n_blocks)[unit.cpu()]
