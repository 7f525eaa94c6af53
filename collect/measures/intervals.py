"""Intervals over images or patients by the jackknife, and how much one of them weighs."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from scipy.stats import t as student_t
from torch import Tensor

from collect.measures.representation import units


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
        """Return the t interval, cut at the bounds that the value itself has.

        Parameters
        ----------
        level : float, default 0.95
            Coverage.
        bounds : tuple of float
            Range of the measure.

        Returns
        -------
        tuple of float
            Lower and upper end; n_blocks - 1 degrees of freedom.
        """
        if not 0 < level < 1:
            raise ValueError(f"level = {level}: expected a share in (0, 1)")
        half = float(student_t.ppf((1 + level) / 2, len(self.without) - 1)) * self.std_error
        return max(bounds[0], self.value - half), min(bounds[1], self.value + half)


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
    unit, n_units = units(n_rows, groups)
    if not 2 <= n_blocks <= n_units:
        raise ValueError(f"n_blocks = {n_blocks}: expected 2 to {n_units}, the number of units")
    shuffled = torch.randperm(n_units, generator=torch.Generator().manual_seed(seed))
    block = (shuffled % n_blocks)[unit.cpu()]
    without = [compute((block != b).nonzero().flatten()) for b in range(n_blocks)]
    return Jackknife(compute(torch.arange(n_rows)), torch.tensor(without, dtype=torch.float64))
