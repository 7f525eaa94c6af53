"""What a measure is worth when the images are paired at random, by drawing permutations."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from collect.measures.representation import units

_STAYING = 0.05  # share of rows


@dataclass(frozen=True)
class PermutationNull:
    """Values under drawn permutations.

    Attributes
    ----------
    values : ndarray of shape (n_permutations,)
        float64.
    kind : {'similarity', 'distance'}
        Which tail is more alike.
    """

    values: NDArray[np.float64]
    kind: str

    @property
    def mean(self) -> float:
        """Mean of the values."""
        return float(self.values.mean())

    @property
    def sd(self) -> float:
        """Standard deviation of the values."""
        return float(self.values.std(ddof=1))

    def p_value(self, value: float) -> float:
        """Probability of a value at least as alike: ``(1 + count) / (1 + n_permutations)``."""
        alike = self.values >= value if self.kind == "similarity" else self.values <= value
        return float((1 + alike.sum()) / (1 + len(self.values)))


def row_permutations(
    n_rows: int, groups: Tensor | None, *, n_permutations: int, seed: int = 0
) -> list[Tensor]:
    """Permutations of rows that keep the rows of a unit together and in order.

    Parameters
    ----------
    n_rows : int
        Rows.
    groups : Tensor of shape (n_rows,) or None
        Image or patient of each row; None when each row is a unit. Units exchange places with
        units of as many rows; one whose size no other has stays where it is, so few may.
    n_permutations : int
        How many to draw.
    seed : int
        Of the draws.

    Returns
    -------
    list of Tensor of shape (n_rows,)
        Row i of the permuted representation is row ``order[i]`` of the original.

    Raises
    ------
    ValueError
        If groups do not fit, fewer than 4 units can exchange places, or more than 5 % of the rows
        cannot: values then are not those of a random pairing.
    """
    unit, n_units = units(n_rows, groups)
    unit = unit.cpu()
    sizes = unit.bincount(minlength=n_units)
    by_unit = unit.argsort(stable=True)
    first = sizes.cumsum(dim=0) - sizes
    strata = [(sizes == size).nonzero().flatten() for size in torch.unique(sizes)]
    n_moving = sum(len(stratum) for stratum in strata if len(stratum) > 1)
    if n_moving < 4:
        raise ValueError(
            f"only {n_moving} of {n_units} units have as many rows as another: "
            "they cannot be paired at random"
        )
    n_staying = sum(int(sizes[stratum].sum()) for stratum in strata if len(stratum) == 1)
    if n_staying > _STAYING * n_rows:
        raise ValueError(
            f"{n_staying} of {n_rows} rows are of units whose size no other has: "
            "they cannot be paired at random"
        )
    generator = torch.Generator().manual_seed(seed)
    orders = []
    for _ in range(n_permutations):
        partner = torch.arange(n_units)
        for stratum in strata:
            partner[stratum] = stratum[torch.randperm(len(stratum), generator=generator)]
        place = torch.arange(n_rows) - first[unit[by_unit]]
        order = torch.empty(n_rows, dtype=torch.long)
        order[by_unit] = by_unit[first[partner[unit[by_unit]]] + place]
        orders.append(order)
    return orders


def permutation_null(
    value: Callable[[Tensor], float], orders: list[Tensor], *, kind: str
) -> PermutationNull:
    """Values of a measure under given permutations of the rows of one side.

    Parameters
    ----------
    value : callable
        ``value(order)``: the measure with the rows of one representation in that order.
    orders : list of Tensor of shape (n_rows,)
        From :func:`row_permutations`.
    kind : {'similarity', 'distance'}
        Of the measure.

    Returns
    -------
    PermutationNull
        One value per order.

    References
    ----------
    .. [1] Phipson and Smyth (2010), "Permutation p-values should never be zero", Statistical
       Applications in Genetics and Molecular Biology 9.
    """
    return PermutationNull(np.array([value(order) for order in orders]), kind)
