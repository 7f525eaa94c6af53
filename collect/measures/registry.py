"""The measures by name, each with what it claims; tests hold each to exactly its claims.

Installed packages add measures of their own by an entry point in the group ``repdrift.measures``,
under the measure's name, that is a
:class:`~collect.measures.similarity_measure.SimilarityMeasure`.
"""

import math
from functools import partial
from importlib.metadata import EntryPoints, entry_points

from collect.measures.cca import (
    WhitenedLayer,
    mean_correlation,
    null_terms_of_whitened,
    shared_dimensions,
    whitened_layer,
)
from collect.measures.cca_influences import (
    mean_correlation_influences,
    repeated_correlation_influences,
    shared_dimensions_influences,
    weighted_correlation_influences,
)
from collect.measures.cca_sampling import (
    OVER_IMAGES,
    PUBLISHED,
    repeated_correlation,
    rows_of_a_draw,
    sampled_layers,
)
from collect.measures.gram import CentredLayer
from collect.measures.influences import Influences
from collect.measures.kernel import KernelLayer, kernel_alignment, kernel_layer
from collect.measures.large_layers import (
    comparable_layer,
    null_terms_of,
    reordered,
    streamed_alignment,
    streamed_alignments,
)
from collect.measures.leave_one_out import (
    angle_without_each_unit,
    biased_cka_without_each_unit,
    plain_layer,
)
from collect.measures.mantel import mantel_null
from collect.measures.mean_rows import mean_cosine, mean_cosine_interval, mean_row, uncertain_mean
from collect.measures.minibatch import batch_alignment, batches
from collect.measures.neighbourhood import (
    half_the_neighbours,
    jaccard,
    neighbour_sets,
    overlap,
    reordered_rows_and_columns,
)
from collect.measures.null import pairing_null
from collect.measures.prediction import (
    PredictiveLayer,
    explained_share,
    explained_share_influences,
)
from collect.measures.rsa import (
    RankedPairs,
    mantel_terms_of_ranks,
    rank_correlation,
    ranked_pairs,
    rsa_without_each_unit,
)
from collect.measures.shape import (
    angle,
    procrustes_distance,
    reordered_rows,
    unit_shape,
    wide_layer,
)
from collect.measures.similarity_measure import (
    ExactNull,
    LeaveOneOut,
    OwnInterval,
    SimilarityMeasure,
    Transformation,
)
from collect.measures.svcca import (
    ProjectedLayer,
    component_correlation,
    correlation_of_two_thirds,
    principal_layer,
    projected_layer,
    weighted_correlation,
)
from collect.measures.unit_sums import cka_without_each_unit, grouped_layer

GROUP = "repdrift.measures"
SHAPE_PRESERVING: frozenset[Transformation] = frozenset(
    {"translation", "isotropic_scaling", "permutation", "rotation"}
)
ANY_INVERTIBLE_MAP: frozenset[Transformation] = SHAPE_PRESERVING | {"channel_scaling", "linear"}

OWN_MEASURES: dict[str, SimilarityMeasure] = {
    measure.name: measure
    for measure in (
        SimilarityMeasure(
            name="cka_linear",
            kind="similarity",
            prepare=comparable_layer,
            combine=partial(streamed_alignment, debiased=False),
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, 1.0),
            exact_null=ExactNull(partial(null_terms_of, debiased=False), pairing_null),
            leave_one_out=LeaveOneOut(plain_layer, biased_cka_without_each_unit),
            all_pairs=partial(streamed_alignments, debiased=False),
            reorder=reordered,
        ),
        SimilarityMeasure(
            name="cka_linear_debiased",
            kind="similarity",
            prepare=comparable_layer,
            combine=partial(streamed_alignment, debiased=True),
            invariant_to=SHAPE_PRESERVING,
            range=(-1.0, 1.0),
            exact_null=ExactNull(partial(null_terms_of, debiased=True), pairing_null),
            leave_one_out=LeaveOneOut(grouped_layer, cka_without_each_unit),
            all_pairs=partial(streamed_alignments, debiased=True),
            reorder=reordered,
        ),
        SimilarityMeasure(
            name="cka_minibatch",
            kind="similarity",
            prepare=batches,
            combine=batch_alignment,
            knows_groups=True,
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
            influences=Influences(mean_correlation_influences, corrected=True),
            invariant_to=ANY_INVERTIBLE_MAP,
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="cca_yanai",
            kind="similarity",
            prepare=whitened_layer,
            combine=shared_dimensions,
            reorder=WhitenedLayer.reordered,
            influences=Influences(shared_dimensions_influences, corrected=True),
            invariant_to=ANY_INVERTIBLE_MAP,
            range=(0.0, 1.0),
            exact_null=ExactNull(null_terms_of_whitened, pairing_null),
        ),
        SimilarityMeasure(
            name="cca_mean_juodelyte",
            kind="similarity",
            prepare=sampled_layers,
            combine=repeated_correlation,
            influences=Influences(repeated_correlation_influences, corrected=True),
            invariant_to=frozenset({"translation", "isotropic_scaling", "channel_scaling"}),
            range=(0.0, 1.0),
            knows_groups=True,
            rows_taken=partial(rows_of_a_draw, plan=PUBLISHED),
        ),
        SimilarityMeasure(
            name="cca_mean_juodelyte_images",
            kind="similarity",
            prepare=partial(sampled_layers, plan=OVER_IMAGES),
            combine=repeated_correlation,
            influences=Influences(repeated_correlation_influences, corrected=True),
            invariant_to=frozenset({"translation", "isotropic_scaling", "channel_scaling"}),
            range=(0.0, 1.0),
            knows_groups=True,
            rows_taken=partial(rows_of_a_draw, plan=OVER_IMAGES),
        ),
        SimilarityMeasure(
            name="svcca",
            kind="similarity",
            prepare=principal_layer,
            combine=component_correlation,
            reorder=WhitenedLayer.reordered,
            combine_two_thirds=correlation_of_two_thirds,
            invariant_to=SHAPE_PRESERVING,
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="pwcca",
            kind="similarity",
            prepare=projected_layer,
            combine=weighted_correlation,
            reorder=ProjectedLayer.reordered,
            influences=Influences(weighted_correlation_influences, corrected=True),
            invariant_to=SHAPE_PRESERVING - {"rotation"},
            range=(0.0, 1.0),
            symmetric=False,
        ),
        SimilarityMeasure(
            name="rsa",
            kind="similarity",
            prepare=ranked_pairs,
            combine=rank_correlation,
            knows_groups=True,
            reorder=RankedPairs.reordered,
            exact_null=ExactNull(mantel_terms_of_ranks, mantel_null),
            leave_one_out=LeaveOneOut(ranked_pairs, rsa_without_each_unit),
            invariant_to=frozenset({"isotropic_scaling", "permutation"}),
            range=(-1.0, 1.0),
        ),
        SimilarityMeasure(
            name="mutual_knn",
            kind="similarity",
            prepare=neighbour_sets,
            combine=overlap,
            knows_groups=True,
            prepare_half=half_the_neighbours,
            reorder=reordered_rows_and_columns,
            invariant_to=frozenset({"isotropic_scaling", "permutation", "rotation"}),
            range=(0.0, 1.0),
        ),
        SimilarityMeasure(
            name="knn_jaccard",
            kind="similarity",
            prepare=neighbour_sets,
            combine=jaccard,
            knows_groups=True,
            prepare_half=half_the_neighbours,
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
            influences=Influences(explained_share_influences),
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
            own_interval=OwnInterval(uncertain_mean, mean_cosine_interval),
            sees_pairing=False,
        ),
    )
}


def added_measures(found: EntryPoints) -> dict[str, SimilarityMeasure]:
    """Measures that other packages bring.

    Parameters
    ----------
    found : EntryPoints
        Of the group ``repdrift.measures``.

    Returns
    -------
    dict of str to SimilarityMeasure
        By name.

    Raises
    ------
    ValueError
        If one is no measure, has another name than its entry point, or the name of another measure.
    """
    added: dict[str, SimilarityMeasure] = {}
    for entry in found:
        measure = entry.load()
        where = f"the entry point {entry.name} = {entry.value} in {GROUP}"
        if not isinstance(measure, SimilarityMeasure):
            raise ValueError(f"{where} is no SimilarityMeasure")
        if measure.name != entry.name:
            raise ValueError(f"{where} is the measure {measure.name!r}: name both alike")
        if measure.name in OWN_MEASURES or measure.name in added:
            raise ValueError(f"{where}: there is a measure of that name already")
        added[measure.name] = measure
    return added


MEASURES: dict[str, SimilarityMeasure] = OWN_MEASURES | added_measures(entry_points(group=GROUP))
