"""Intervals over images or patients: what a value does when some of them are left out."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from scipy.stats import t as student_t
from torch import Tensor

from collect.measures.representation import units

_BELOW_1 = 1 - 1e-12


@dataclass(frozen=True)
class Correction:
    """By how much a standard error misses.

    Attributes
    ----------
    ratio : float
        Its square over the variance.
    n_free : int
        Degrees of freedom of the variance that the ratio is of.
    """

    ratio: float
    n_free: int


@dataclass(frozen=True)
class Jackknife:
    """Values without each unit, or without each block of units.

    Attributes
    ----------
    value : float
        From all units.
    without : Tensor of shape (n_blocks,)
        float64.
    correction : Correction, optional
        What the squared standard error is divided by.
    """

    value: float
    without: Tensor
    correction: Correction | None = None

    @property
    def std_error(self) -> float:
        """Jackknife standard error of the value."""
        n_blocks = len(self.without)
        deviations = self.without - self.without.mean()
        squared = (n_blocks - 1) / n_blocks * deviations.square().sum()
        return float((squared / (self.correction.ratio if self.correction else 1)).sqrt())

    @property
    def influence(self) -> float:
        """Largest change of the value when one unit (or block) is left out."""
        return float((self.without - self.value).abs().max())

    def interval(
        self, *, level: float = 0.95, bounds: tuple[float, float] = (-torch.inf, torch.inf)
    ) -> tuple[float, float]:
        """:func:`t_interval` with n_blocks - 1 degrees of freedom, fewer of a corrected one."""
        n_free = float(len(self.without) - 1)
        if self.correction:
            n_free = 1 / (1 / n_free + 1 / self.correction.n_free)
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
    n_free: float,
    *,
    level: float = 0.95,
    bounds: tuple[float, float] = (-torch.inf, torch.inf),
) -> tuple[float, float]:
    """Student's interval around a value, cut at the bounds that the value itself has.

    Parameters
    ----------
    value, std_error : float
        The value and its standard error.
    n_free : float
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
    block = random_blocks(n_rows, groups, n_blocks, seed)
    without = [compute((block != b).nonzero().flatten()) for b in range(n_blocks)]
    return Jackknife(compute(torch.arange(n_rows)), torch.tensor(without, dtype=torch.float64))


def random_blocks(n_rows: int, groups: Tensor | None, n_blocks: int, seed: int) -> Tensor:
    """Random block of each row, the same for the rows of a unit."""
    unit, n_units = units(n_rows, groups)
    if not 2 <= n_blocks <= n_units:
        raise ValueError(f"n_blocks = {n_blocks}: expected 2 to {n_units}, the number of units")
    shuffled = torch.randperm(n_units, generator=torch.Generator().manual_seed(seed))
    return (shuffled % n_blocks)[unit.cpu()]
