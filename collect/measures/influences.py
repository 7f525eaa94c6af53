r"""What each row adds to a value, to first order: a jackknife without computing anything anew.

With row weights w, all 1, the influence of row r on a value T is :math:`\partial T/\partial w_r`.
Leaving out an image or patient changes the value by minus the sum of its rows' influences, and the
squares of these sums add up to its variance (the infinitesimal jackknife).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class RowInfluences:
    """A value and what each row adds to it.

    Attributes
    ----------
    value : float
        From all rows.
    of_rows : Tensor of shape (n_rows,)
        float64; the derivative of the value with respect to the weight of the row. Their sum is 0:
        weighing all rows the same changes nothing.
    when_left_out : Tensor of shape (n_rows,), optional
        What the value loses when the row is left out in fact, where the measure knows that too.
    """

    value: float
    of_rows: Tensor
    when_left_out: Tensor | None = None

    def of_units(self, unit: Tensor, n_units: int) -> Tensor:
        """Sum what the rows of each unit add, (n_units,).

        Where both are known, what a unit adds is the root of the product of its derivative and of
        what leaving it out takes beyond the mean, and nothing where these differ in sign. A row
        pulls the fit towards itself: its derivative is too small by a factor by which its leaving
        is too large.

        Parameters
        ----------
        unit : Tensor of shape (n_rows,)
            Unit of each row, from 0.
        n_units : int
            Units.
        """
        added = _sums(self.of_rows, unit, n_units)
        if self.when_left_out is None:
            return added
        lost = _sums(self.when_left_out, unit, n_units)
        return added.sign() * (added * (lost - lost.mean())).clamp(min=0).sqrt()


def _sums(of_rows: Tensor, unit: Tensor, n_units: int) -> Tensor:
    return of_rows.new_zeros(n_units).index_add_(0, unit, of_rows)


@dataclass(frozen=True)
class Influences:
    """How a measure knows its influences.

    Attributes
    ----------
    combine : callable
        ``combine(prepared_x, prepared_y)``: the :class:`RowInfluences` of a pair.
    corrected : bool
        Whether their squares miss the variance by a factor that layers drawn for the purpose have
        to tell, see :func:`~collect.measures.jackknife_bias.variance_ratio`; there is no interval
        without.
    """

    combine: Callable[[Any, Any], RowInfluences]
    corrected: bool = False
