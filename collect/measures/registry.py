"""The measures by name, each with what it claims; tests hold each to exactly its claims."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from torch import Tensor

from collect.measures.cca import mean_correlation, whitened_layer
from collect.measures.cka import biased_alignment, centred_layer, debiased_alignment
from collect.measures.null import NullTerms, null_terms
from collect.measures.representation import paired_representations

Kind = Literal["similarity", "distance"]
Transformation = Literal[
    "translation", "isotropic_scaling", "permutation", "rotation", "channel_scaling", "linear"
]

SHAPE_PRESERVING: frozenset[Transformation] = frozenset(
    {"translation", "isotropic_scaling", "permutation", "rotation"}
)
ANY_INVERTIBLE_MAP: frozenset[Transformation] = SHAPE_PRESERVING | {"channel_scaling", "linear"}


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
    null_terms : callable, optional
        ``null_terms(prepared)``: what the exact distribution under random pairing needs of one
        layer; None where it has no closed form.
    """

    name: str
    kind: Kind
    prepare: Callable[[Tensor, str], Any]
    combine: Callable[[Any, Any], float]
    invariant_to: frozenset[Transformation]
    range: tuple[float, float]
    symmetric: bool = True
    metric: bool = False
    null_terms: Callable[[Any], NullTerms] | None = None

    def compute(self, x: Tensor, y: Tensor) -> float:
        """Value for one pair of representations of the same inputs."""
        x, y = paired_representations(x, y)
        return self.combine(self.prepare(x, "x"), self.prepare(y, "y"))


MEASURES: dict[str, SimilarityMeasure] = {
    measure.name: measure
    for measure in (
        SimilarityMeasure(
            name="cka_linear",
            kind="similarity",
            prepare=centred_layer,
            combine=biased_alignment,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, 1.0),
            null_terms=partial(null_terms, debiased=False),
        ),
        SimilarityMeasure(
            name="cka_linear_debiased",
            kind="similarity",
            prepare=centred_layer,
            combine=debiased_alignment,
            invariant_to=SHAPE_PRESERVING,
            range=(-1.0, 1.0),
            null_terms=partial(null_terms, debiased=True),
        ),
        SimilarityMeasure(
            name="cca_mean",
            kind="similarity",
            prepare=whitened_layer,
            combine=mean_correlation,
            invariant_to=ANY_INVERTIBLE_MAP,
            range=(0.0, 1.0),
        ),
    )
}
