"""The measures by name, each with what it claims; tests hold each to exactly its claims."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from torch import Tensor

from collect.measures.cca import WhitenedLayer, mean_correlation, whitened_layer
from collect.measures.cca_sampling import repeated_correlation, sampled_layers
from collect.measures.cka import alignments, biased_alignment, debiased_alignment
from collect.measures.gram import CentredLayer, centred_layer
from collect.measures.kernel import KernelLayer, kernel_alignment, kernel_layer
from collect.measures.leave_one_out import (
    angle_without_each_unit,
    biased_cka_without_each_unit,
    plain_layer,
)
from collect.measures.minibatch import batch_alignment, batches
from collect.measures.neighbourhood import (
    dissimilarity_ranks,
    neighbour_sets,
    overlap,
    rank_correlation,
    reordered_rows_and_columns,
)
from collect.measures.null_terms import NullTerms, null_terms
from collect.measures.prediction import PredictiveLayer, explained_share, mean_cosine, mean_row
from collect.measures.representation import paired_representations
from collect.measures.shape import (
    angle,
    procrustes_distance,
    reordered_rows,
    unit_shape,
    wide_layer,
)
from collect.measures.svcca import (
    ProjectedLayer,
    component_correlation,
    principal_layer,
    projected_layer,
    weighted_correlation,
)
from collect.measures.unit_sums import Statistic, cka_without_each_unit, grouped_layer

Kind = Literal["similarity", "distance"]
Transformation = Literal[
    "translation", "isotropic_scaling", "permutation", "rotation", "channel_scaling", "linear"
]

SHAPE_PRESERVING: frozenset[Transformation] = frozenset(
    {"translation", "isotropic_scaling", "permutation", "rotation"}
)
ANY_INVERTIBLE_MAP: frozenset[Transformation] = SHAPE_PRESERVING | {"channel_scaling", "linear"}


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
    all_pairs : callable, optional
        ``all_pairs(prepared_xs, prepared_ys)``: a matrix of values, where that is cheaper than
        ``combine`` of every pair.
    reorder : callable, optional
        ``reorder(prepared, order)``: the prepared layer with its rows in another order, where that
        is cheaper than preparing anew.
    leave_one_out : LeaveOneOut, optional
        The value without each unit, where that takes no computation anew.
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
    all_pairs: Callable[[Sequence[Any], Sequence[Any]], Tensor] | None = None
    reorder: Callable[[Any, Tensor], Any] | None = None
    leave_one_out: LeaveOneOut | None = None
    sees_pairing: bool = True
    knows_groups: bool = False

    def prepared(self, x: Tensor, name: str = "x", groups: Tensor | None = None) -> Any:  # noqa: ANN401
        """Prepare one layer, with the image of each row if the measure wants to know it."""
        return self.prepare(x, name, groups) if self.knows_groups else self.prepare(x, name)

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
            leave_one_out=LeaveOneOut(plain_layer, biased_cka_without_each_unit),
            all_pairs=partial(alignments, debiased=False),
            reorder=CentredLayer.reordered,
        ),
        SimilarityMeasure(
            name="cka_linear_debiased",
            kind="similarity",
            prepare=centred_layer,
            combine=debiased_alignment,
            invariant_to=SHAPE_PRESERVING,
            range=(-1.0, 1.0),
            null_terms=partial(null_terms, debiased=True),
            leave_one_out=LeaveOneOut(grouped_layer, cka_without_each_unit),
            all_pairs=partial(alignments, debiased=True),
            reorder=CentredLayer.reordered,
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
            reorder=KernelLayer.reordered,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="angular_cka",
            kind="distance",
            prepare=wide_layer,
            combine=angle,
            leave_one_out=LeaveOneOut(plain_layer, angle_without_each_unit),
            reorder=CentredLayer.reordered,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, math.pi / 2),
            metric=True,
        ),
        SimilarityMeasure(
            name="procrustes",
            kind="distance",
            prepare=unit_shape,
            combine=procrustes_distance,
            reorder=reordered_rows,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, math.sqrt(2)),
            metric=True,
        ),
        SimilarityMeasure(
            name="cca_mean",
            kind="similarity",
            prepare=whitened_layer,
            combine=mean_correlation,
            reorder=WhitenedLayer.reordered,
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
            reorder=WhitenedLayer.reordered,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="pwcca",
            kind="similarity",
            prepare=projected_layer,
            combine=weighted_correlation,
            reorder=ProjectedLayer.reordered,
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
            reorder=reordered_rows_and_columns,
            invariant_to=frozenset({"isotropic_scaling", "permutation", "rotation"}),
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="linear_predictivity",
            kind="similarity",
            prepare=PredictiveLayer,
            combine=explained_share,
            reorder=PredictiveLayer.reordered,
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
