"""Values of a measure with what chance has to do with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from collect.measures.half_samples import HalfSamples
from collect.measures.intervals import Jackknife
from collect.measures.jackknife_bias import correction
from collect.measures.measured_layer import MeasuredLayer, value_by_order, value_of
from collect.measures.null import NullDistribution
from collect.measures.permutation import PermutationNull, permutation_null, row_permutations
from collect.measures.resampling import (
    influences_of_units,
    largest_influence,
    own_interval,
    without_each_unit,
    without_far_units,
    without_parts,
)
from collect.measures.similarity_measure import SimilarityMeasure
from collect.measures.thirds import Thirds

Pair = tuple[str, str]
MINIMUM_OF_SIMULATIONS = 50


@dataclass(frozen=True)
class Inference:
    """What to compute beside a value.

    Attributes
    ----------
    null : bool
        The exact distribution under random pairing, where it has a closed form (linear CKA,
        Yanai's coefficient and RSA, with one row per unit).
    interval : bool
        The interval over units where that takes few values anew: leaving out each unit by
        subtraction or to first order (linear CKA, its angle, RSA, linear predictivity), with the
        largest change that one of them makes, and of mean representations.
    n_permutations : int
        Permutations of units for what has no closed form; 0 leaves it out. 99 or more allow a
        p-value of 0.01.
    n_blocks : int
        Blocks of units that are left out one by one, or put together to halves or thirds where
        the measure asks for it, to compute the measure anew; 0 leaves it out.
    n_simulations : int
        Gaussian layers like the given ones that are drawn for intervals of canonical correlations,
        to see by how much first-order influences miss the variance, see
        :func:`~collect.measures.jackknife_bias.correction`; 0 leaves these intervals out, and at
        least 50 are needed.
    trimmed : float
        Share of the units, those farthest from the mean, without which the value is taken once
        more, see :func:`~collect.measures.trimming.typical_rows`; 0 leaves it out.
    level : float
        Coverage of intervals.
    seed : int
        Of permutations and blocks.
    """

    null: bool = True
    interval: bool = True
    n_permutations: int = 0
    n_blocks: int = 0
    n_simulations: int = 0
    trimmed: float = 0.0
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse so few simulations that they say nothing of a variance."""
        if 0 != self.n_simulations < MINIMUM_OF_SIMULATIONS:
            raise ValueError(
                f"n_simulations = {self.n_simulations}: expected 0 or at least "
                f"{MINIMUM_OF_SIMULATIONS}"
            )


@dataclass(frozen=True)
class Inferred:
    """A value with its null distribution and interval, None where not computed or undefined."""

    value: float
    null_mean: float | None = None
    null_sd: float | None = None
    null_p_value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_variance_ratio: float | None = None
    top_image_influence: float | None = None
    trimmed_value: float | None = None


def infer(
    measure: SimilarityMeasure,
    x: Mapping[str, Tensor],
    y: Mapping[str, Tensor],
    pairs: Sequence[Pair],
    groups: Tensor | None,
    inference: Inference,
) -> tuple[dict[Pair, Inferred], list[str]]:
    """Compute one measure of the given pairs of layers; work on one layer is done once.

    Parameters
    ----------
    measure : SimilarityMeasure
        Which.
    x, y : mapping of layer to Tensor of shape (n_rows, n_features)
        Checked activations.
    pairs : sequence of (layer, reference layer)
        What to compare.
    groups : Tensor of shape (n_rows,) or None
        Image or patient of each row.
    inference : Inference
        What to compute beside the value.

    Returns
    -------
    tuple of (dict of pair to Inferred, list of str)
        What is defined, and one line for each layer or pair that is not.
    """
    ours, problems = _layers(measure, x, [a for a, _ in pairs], "layer", groups)
    theirs, more = _layers(measure, y, [b for _, b in pairs], "reference layer", groups)
    problems += more
    found = {}
    values = _values_at_once(measure, ours, theirs, len(pairs)) if groups is None else {}
    for a, b in pairs:
        if a in ours and b in theirs:
            try:
                value = values[a, b] if values else value_of(ours[a], theirs[b])
            except ValueError as error:
                problems.append(f"{measure.name} of layer {a} and reference layer {b}: {error}")
                continue
            found[a, b] = _inferred(value, ours[a], theirs[b], inference)
    return found, problems


def _layers(
    measure: SimilarityMeasure,
    x: Mapping[str, Tensor],
    names: Sequence[str],
    kind: str,
    groups: Tensor | None,
) -> tuple[dict[str, MeasuredLayer], list[str]]:
    layers, problems = {}, []
    for name in dict.fromkeys(names):
        layer = MeasuredLayer(x[name], f"{kind} {name}", measure, groups)
        try:
            layer.prepared  # noqa: B018 -- computed here, so that its errors are of the layer
        except ValueError as error:
            problems.append(f"{measure.name}: {error}")
        else:
            layers[name] = layer
    return layers, problems


def _values_at_once(
    measure: SimilarityMeasure,
    ours: dict[str, MeasuredLayer],
    theirs: dict[str, MeasuredLayer],
    n_pairs: int,
) -> dict[Pair, float]:
    if measure.all_pairs is None or not 1 < n_pairs == len(ours) * len(theirs):
        return {}
    try:
        matrix = measure.all_pairs(
            [layer.prepared for layer in ours.values()],
            [layer.prepared for layer in theirs.values()],
        )
    except ValueError:  # one of the layers: the pairs one by one will tell which
        return {}
    return {(a, b): float(matrix[i, j]) for i, a in enumerate(ours) for j, b in enumerate(theirs)}


def _inferred(value: float, x: MeasuredLayer, y: MeasuredLayer, inference: Inference) -> Inferred:
    null = _null(x, y, inference)
    left_out = _left_out(x, y, inference)
    own = own_interval(x, y, seed=inference.seed) if inference.interval else None
    resampled = left_out or own or _without_parts(x, y, inference)
    low, high, ratio = (None, None, None)
    if resampled:
        low, high = resampled.interval(level=inference.level, bounds=x.measure.range)
        ratio = left_out.correction.ratio if left_out and left_out.correction else 1.0
    return Inferred(
        value,
        null_mean=null.mean if null else None,
        null_sd=null.sd if null else None,
        null_p_value=null.p_value(value) if null else None,
        ci_low=low,
        ci_high=high,
        ci_variance_ratio=ratio,
        top_image_influence=largest_influence(x, y, left_out) if left_out else None,
        trimmed_value=without_far_units(x, y, share=inference.trimmed)
        if inference.trimmed
        else None,
    )


def _left_out(x: MeasuredLayer, y: MeasuredLayer, inference: Inference) -> Jackknife | None:
    """Leave out each unit where the measure knows how, corrected where that is needed."""
    if not inference.interval:
        return None
    if not x.measure.needs_correction:
        return without_each_unit(x, y) or influences_of_units(x, y)
    if not inference.n_simulations:
        return None
    found = influences_of_units(x, y)
    if found is None or not x.measure.sees_pairing:  # no coupling of drawn layers is then alike
        return found
    missed = correction(x, y, n_simulations=inference.n_simulations, seed=inference.seed)
    return replace(found, correction=missed)


def _without_parts(
    x: MeasuredLayer, y: MeasuredLayer, inference: Inference
) -> HalfSamples | Thirds | Jackknife | None:
    if not inference.n_blocks or x.measure.influences:
        return None
    return without_parts(x, y, n_blocks=inference.n_blocks, seed=inference.seed)


def _null(
    x: MeasuredLayer, y: MeasuredLayer, inference: Inference
) -> NullDistribution | PermutationNull | None:
    exact = x.measure.exact_null
    if inference.null and exact and x.groups is None and x.null_terms and y.null_terms:
        return exact.combine(x.null_terms, y.null_terms)
    if inference.n_permutations and x.measure.sees_pairing:
        try:
            orders = row_permutations(
                len(x.x), x.groups, n_permutations=inference.n_permutations, seed=inference.seed
            )
            value = value_by_order(x, y)
            return permutation_null(
                lambda order: value(order.to(x.x.device)), orders, kind=x.measure.kind
            )
        except ValueError:  # units of too different sizes to exchange, or a value undefined then
            return None
    return None
