"""Intervals over images or patients by the jackknife or by balanced halves of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from scipy.linalg import hadamard
from scipy.stats import t as student_t
from torch import Tensor

from collect.measures.representation import units

MINIMUM_TO_HALVE = 4


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
class HalfSamples:
    """Values from halves of the units.

    Attributes
    ----------
    value : float
        From all units.
    halves : Tensor of shape (n_halves, 2)
        float64, from balanced halves and from what each leaves.
    """

    value: float
    halves: Tensor

    @property
    def std_error(self) -> float:
        """Root of the mean squared deviation of the halves from their mean."""
        return float((self.halves - self.halves.mean()).square().mean().sqrt())

    def interval(
        self, *, level: float = 0.95, bounds: tuple[float, float] = (-torch.inf, torch.inf)
    ) -> tuple[float, float]:
        """:func:`t_interval` with n_halves degrees of freedom."""
        return t_interval(self.value, self.std_error, len(self.halves), level=level, bounds=bounds)


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


def half_samples(
    compute: Callable[[Tensor], float],
    n_rows: int,
    groups: Tensor | None = None,
    *,
    n_blocks: int = 20,
    seed: int = 0,
) -> HalfSamples:
    """Take balanced halves of the units, for measures that are not smooth in the data.

    A jackknife looks at what small changes of the data do. Where a measure jumps (a component more
    or less, another neighbour), or is biased by an amount that its own variance follows (canonical
    correlations), that is far from what new data would do; halves are. Halves are put together of
    blocks by the rows of a Hadamard matrix: of a mean they give exactly the standard error between
    blocks.

    Parameters
    ----------
    compute, n_rows, groups, seed
        As in :func:`block_jackknife`.
    n_blocks : int, default 20
        At most so many blocks: the largest power of 2 below is taken, and of 16 blocks 15 halves
        and 15 that these leave.

    Returns
    -------
    HalfSamples
        The interval is about the expected value at this number of rows.

    Raises
    ------
    ValueError
        If there are fewer than 4 blocks, or fewer units than blocks.

    References
    ----------
    .. [1] McCarthy (1969), "Pseudo-replication: half samples", Review of the International
       Statistical Institute 37.
    .. [2] Shao and Wu (1989), "A general theory for jackknife variance estimation", Annals of
       Statistics 17.
    """
    if n_blocks < MINIMUM_TO_HALVE:
        raise ValueError(f"n_blocks = {n_blocks}: halves take {MINIMUM_TO_HALVE} or more")
    n_blocks = 2 ** int(math.log2(n_blocks))
    block = _blocks(n_rows, groups, n_blocks, seed)
    signs = torch.from_numpy(hadamard(n_blocks)[1:])[:, block]
    halves = [[compute((row == side).nonzero().flatten()) for side in (1, -1)] for row in signs]
    return HalfSamples(compute(torch.arange(n_rows)), torch.tensor(halves, dtype=torch.float64))


def _blocks(n_rows: int, groups: Tensor | None, n_blocks: int, seed: int) -> Tensor:
    """Random block of each row, the same for the rows of a unit."""
    unit, n_units = units(n_rows, groups)
    if not 2 <= n_blocks <= n_units:
        raise ValueError(f"n_blocks = {n_blocks}: expected 2 to {n_units}, the number of units")
    shuffled = torch.randperm(n_units, generator=torch.Generator().manual_seed(seed))
    return (shuffled % n_blocks)[unit.cpu()]
