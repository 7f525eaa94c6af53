"""What a similarity measure claims of itself, so that tests can hold it to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from collect.measures.influences import Influences
from collect.measures.intervals import FisherInterval
from collect.measures.null import NullDistribution
from collect.measures.representation import paired_representations
from collect.measures.unit_products import Statistic

Kind = Literal["similarity", "distance"]
Transformation = Literal[
    "translation", "isotropic_scaling", "permutation", "rotation", "channel_scaling", "linear"
]


@dataclass(frozen=True)
class ExactNull:
    """The distribution under random pairing of rows, by its moments.

    Attributes
    ----------
    terms : callable
        ``terms(prepared)``: what it needs of one layer.
    combine : callable
        ``combine(terms_x, terms_y)``: the distribution.
    """

    terms: Callable[[Any], Any]
    combine: Callable[[Any, Any], NullDistribution]


@dataclass(frozen=True)
class LeaveOneOut:
    """What a measure becomes without each image or patient, by a shortcut.

    Attributes
    ----------
    prepare : callable
        ``prepare(x, name, groups)``: what belongs to one layer.
    combine : callable
        ``combine(prepared_x, prepared_y)``: the value, and the value without each unit.
    """

    prepare: Callable[[Tensor, str, Tensor | None], Any]
    combine: Callable[[Any, Any], Statistic]


@dataclass(frozen=True)
class OwnInterval:
    """An interval over images or patients that leaves none of them out.

    Attributes
    ----------
    prepare : callable
        ``prepare(x, name, groups)``: what belongs to one layer.
    combine : callable
        ``combine(prepared_x, prepared_y, seed)``: what has the interval.
    """

    prepare: Callable[[Tensor, str, Tensor | None], Any]
    combine: Callable[[Any, Any, int], FisherInterval]


@dataclass(frozen=True)
class SimilarityMeasure:
    """A function of two representations of the same inputs, and its claims.

    Attributes
    ----------
    name : str
        As in the warehouse; the estimator is part of it.
    kind : {'similarity', 'distance'}
        A similarity grows with likeness, a distance does not.
    prepare : callable
        ``prepare(x, name)``: what belongs to one layer, computed once for all its pairs.
    combine : callable
        ``combine(prepared_x, prepared_y)``: the value of the pair.
    invariant_to : frozenset of str
        Transformations of ``x`` alone that leave the value as it is.
    range : tuple of float
        Bounds of the value.
    symmetric : bool
        Whether ``compute(x, y) == compute(y, x)``.
    metric : bool
        Whether it obeys the triangle inequality and vanishes only between equivalent layers.
    exact_null : ExactNull, optional
        The distribution under random pairing, where it has a closed form.
    all_pairs : callable, optional
        ``all_pairs(prepared_xs, prepared_ys)``: a matrix of values, where that is cheaper than
        ``combine`` of every pair.
    reorder : callable, optional
        ``reorder(prepared, order)``: the prepared layer with its rows in another order, where that
        is cheaper than preparing anew.
    leave_one_out : LeaveOneOut, optional
        The value without each unit, where that takes no computation anew.
    own_interval : OwnInterval, optional
        What the value would be over other images, where the measure knows without leaving any out.
    influences : Influences, optional
        What each row adds to the value, to first order, for a measure without a shortcut.
    prepare_half : callable, optional
        ``prepare`` for half of the units, of a value that is not smooth in the data, see
        :func:`~collect.measures.half_samples.half_samples`.
    combine_two_thirds : callable, optional
        ``combine`` for two thirds of the units, of a value whose parts come and go, see
        :func:`~collect.measures.thirds.without_thirds`; a ValueError where they say too little. Of
        a measure with none of these five, and then, blocks of units are left out.
    sees_pairing : bool
        Whether the value depends on which rows belong together.
    knows_groups : bool
        Whether ``prepare`` takes the image of each row as its third argument.
    rows_taken : callable, optional
        ``rows_taken(n_rows, groups)``: the rows that one draw takes, where a value does not rest on
        all; n_images, n_rows and n_effective are then of these.
    """

    name: str
    kind: Kind
    prepare: Callable[..., Any]
    combine: Callable[[Any, Any], float]
    invariant_to: frozenset[Transformation]
    range: tuple[float, float]
    symmetric: bool = True
    metric: bool = False
    exact_null: ExactNull | None = None
    all_pairs: Callable[[Sequence[Any], Sequence[Any]], Tensor] | None = None
    reorder: Callable[[Any, Tensor], Any] | None = None
    leave_one_out: LeaveOneOut | None = None
    own_interval: OwnInterval | None = None
    influences: Influences | None = None
    prepare_half: Callable[..., Any] | None = None
    combine_two_thirds: Callable[[Any, Any], float] | None = None
    sees_pairing: bool = True
    knows_groups: bool = False
    rows_taken: Callable[[int, Tensor | None], Tensor] | None = None

    @property
    def needs_correction(self) -> bool:
        """Whether an interval takes Gaussian layers to draw."""
        return self.influences is not None and self.influences.corrected

    def prepared(self, x: Tensor, name: str = "x", groups: Tensor | None = None) -> Any:  # noqa: ANN401
        """Prepare one layer, with the image of each row if the measure wants to know it."""
        return self.prepare(x, name, groups) if self.knows_groups else self.prepare(x, name)

    def compute(self, x: Tensor, y: Tensor) -> float:
        """Value for one pair of representations of the same inputs."""
        x, y = paired_representations(x, y)
        return self.combine(self.prepare(x, "x"), self.prepare(y, "y"))
