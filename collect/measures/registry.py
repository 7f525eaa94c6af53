"""The measures by name, each with what it claims; tests hold each to exactly its claims."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from torch import Tensor

from collect.measures.cca import mean_correlation, whitened_layer
from collect.measures.cca_sampling import repeated_correlation, sampled_layers
from collect.measures.cka import biased_alignment, debiased_alignment
from collect.measures.gram import centred_layer
from collect.measures.kernel import kernel_alignment, kernel_layer
from collect.measures.minibatch import batch_alignment, batches
from collect.measures.neighbourhood import (
    dissimilarity_ranks,
    neighbour_sets,
    overlap,
    rank_correlation,
)
from collect.measures.null import NullTerms, null_terms
from collect.measures.prediction import PredictiveLayer, explained_share, mean_cosine, mean_row
from collect.measures.representation import paired_representations
from collect.measures.shape import angle, procrustes_distance, unit_shape, wide_layer
from collect.measures.svcca import (
    component_correlation,
    principal_layer,
    projected_layer,
    weighted_correlation,
)

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
    sees_pairing : bool
        Whether the value depends on which rows belong together.
    knows_groups : bool
        Whether ``prepare`` takes the image of each row as its third argument.
    """

    name: str
    kind: Kind
    prepare: Callable[..., Any]
    combine: Callable[[Any, Any], float]
    invariant_to: frozenset[Transformation]
    range: tuple[float, float]
    symmetric: bool = True
    metric: bool = False
    null_terms: Callable[[Any], NullTerms] | None = None
    sees_pairing: bool = True
    knows_groups: bool = False

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
            name="cka_minibatch",
            kind="similarity",
            prepare=batches,
            combine=batch_alignment,
            invariant_to=SHAPE_PRESERVING,
            range=(-1.0, 1.0),
        ),
        SimilarityMeasure(
            name="cka_rbf",
            kind="similarity",
            prepare=kernel_layer,
            combine=kernel_alignment,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="angular_cka",
            kind="distance",
            prepare=wide_layer,
            combine=angle,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, math.pi / 2),
            metric=True,
        ),
        SimilarityMeasure(
            name="procrustes",
            kind="distance",
            prepare=unit_shape,
            combine=procrustes_distance,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, math.sqrt(2)),
            metric=True,
        ),
        SimilarityMeasure(
            name="cca_mean",
            kind="similarity",
            prepare=whitened_layer,
            combine=mean_correlation,
            invariant_to=ANY_INVERTIBLE_MAP,
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="cca_mean_juodelyte",
            kind="similarity",
            prepare=sampled_layers,
            combine=repeated_correlation,
            invariant_to=frozenset({"translation", "isotropic_scaling", "channel_scaling"}),
            range=(0.0, 1.0),
            knows_groups=True,
        ),
        SimilarityMeasure(
            name="svcca",
            kind="similarity",
            prepare=principal_layer,
            combine=component_correlation,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="pwcca",
            kind="similarity",
            prepare=projected_layer,
            combine=weighted_correlation,
            invariant_to=SHAPE_PRESERVING - {"rotation"},
            range=(0.0, 1.0),
            symmetric=False,
        ),
        SimilarityMeasure(
            name="rsa",
            kind="similarity",
            prepare=dissimilarity_ranks,
            combine=rank_correlation,
            invariant_to=frozenset({"isotropic_scaling", "permutation"}),
            range=(-1.0, 1.0),
        ),
        SimilarityMeasure(
            name="mutual_knn",
            kind="similarity",
            prepare=neighbour_sets,
            combine=overlap,
            invariant_to=frozenset({"isotropic_scaling", "permutation", "rotation"}),
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="linear_predictivity",
            kind="similarity",
            prepare=PredictiveLayer,
            combine=explained_share,
            invariant_to=ANY_INVERTIBLE_MAP,
            range=(0.0, 1.0),
            symmetric=False,
        ),
        SimilarityMeasure(
            name="mean_representation",
            kind="similarity",
            prepare=mean_row,
            combine=mean_cosine,
            invariant_to=frozenset({"isotropic_scaling"}),
            range=(-1.0, 1.0),
            sees_pairing=False,
        ),
    )
}
