"""Values of a measure with what chance has to do with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from torch import Tensor

from collect.measures.intervals import (
    BalancedJackknife,
    Jackknife,
    balanced_jackknife,
    block_jackknife,
)
from collect.measures.large_layers import is_large
from collect.measures.null import NullDistribution, pairing_null
from collect.measures.null_terms import MINIMUM_UNITS, NullTerms
from collect.measures.permutation import PermutationNull, permutation_null, row_permutations
from collect.measures.representation import units
from collect.measures.similarity_measure import SimilarityMeasure
from collect.measures.trimming import typical_rows
from collect.measures.unit_pairings import Pairings
from collect.measures.unit_sums import (
    MINIMUM_TO_LEAVE_ONE,
    GroupedLayer,
    cka_over_units,
    grouped_layer,
)

OVER_UNITS = "cka_linear_debiased"
Pair = tuple[str, str]


@dataclass(frozen=True)
class Inference:
    """What to compute beside a value.

    Attributes
    ----------
    null : bool
        The exact distribution under random pairing, where it has a closed form (linear CKA with
        one row per unit).
    interval : bool
        The interval over units that leaves out each unit by subtraction (linear CKA and its angle),
        and the largest change that one of them makes.
    n_permutations : int
        Permutations of units for what has no closed form; 0 leaves it out. 99 or more allow a
        p-value of 0.01.
    n_blocks : int
        Blocks of units that are left out one by one, or put together to halves or thirds where the
        measure asks for it, to compute the measure anew; 0 leaves it out.
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
    trimmed: float = 0.0
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class Inferred:
    """A value with its null distribution and interval, None where not computed or undefined."""

    value: float
    null_mean: float | None = None
    null_sd: float | None = None
    null_p_value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    top_image_influence: float | None = None
    trimmed_value: float | None = None


@dataclass(frozen=True)
class _Layer:
    """What one layer brings to all its pairs."""

    x: Tensor
    name: str
    measure: SimilarityMeasure
    groups: Tensor | None
    kept: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def prepared(self) -> Any:  # noqa: ANN401 -- every measure has its own
        return self.measure.prepared(self.x, self.name, self.groups)

    @cached_property
    def null_terms(self) -> NullTerms | None:
        terms = self.measure.null_terms
        return terms(self.prepared) if terms and len(self.x) >= MINIMUM_UNITS else None

    @property
    def grouped(self) -> GroupedLayer:
        layer: GroupedLayer = self._once(
            "grouped", lambda: grouped_layer(self.x, self.name, self.groups)
        )
        return layer

    @property
    def to_leave_one_out(self) -> Any:  # noqa: ANN401 -- every measure has its own
        shortcut = self.measure.leave_one_out
        assert shortcut is not None
        if shortcut.prepare is grouped_layer:
            return self.grouped
        return self._once("left", lambda: shortcut.prepare(self.x, self.name, self.groups))

    def _once(self, what: str, compute: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Compute and remember; of a large layer compute anew, so that one copy lives at a time."""
        if is_large(self.x):
            return compute()
        if what not in self.kept:
            self.kept[what] = compute()
        return self.kept[what]


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
                value = values[a, b] if values else _value(ours[a], theirs[b])
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
) -> tuple[dict[str, _Layer], list[str]]:
    layers, problems = {}, []
    for name in dict.fromkeys(names):
        layer = _Layer(x[name], f"{kind} {name}", measure, groups)
        try:
            layer.prepared  # noqa: B018 -- computed here, so that its errors are of the layer
        except ValueError as error:
            problems.append(f"{measure.name}: {error}")
        else:
            layers[name] = layer
    return layers, problems


def _values_at_once(
    measure: SimilarityMeasure, ours: dict[str, _Layer], theirs: dict[str, _Layer], n_pairs: int
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


def _value(x: _Layer, y: _Layer) -> float:
    if _is_over_units(x):
        return cka_over_units(x.grouped, y.grouped)
    return x.measure.combine(x.prepared, y.prepared)


def _is_over_units(layer: _Layer) -> bool:
    return layer.measure.name == OVER_UNITS and layer.groups is not None


def _inferred(value: float, x: _Layer, y: _Layer, inference: Inference) -> Inferred:
    null = _null(x, y, inference)
    left_out = _without_each_unit(x, y) if inference.interval else None
    resampled = left_out or (_from_blocks(x, y, inference) if inference.n_blocks else None)
    low, high = (None, None)
    if resampled:
        low, high = resampled.interval(level=inference.level, bounds=x.measure.range)
    return Inferred(
        value,
        null_mean=null.mean if null else None,
        null_sd=null.sd if null else None,
        null_p_value=null.p_value(value) if null else None,
        ci_low=low,
        ci_high=high,
        top_image_influence=left_out.influence if left_out else None,
        trimmed_value=_without_far_units(x, y, inference) if inference.trimmed else None,
    )


def _null(x: _Layer, y: _Layer, inference: Inference) -> NullDistribution | PermutationNull | None:
    if inference.null and x.groups is None and x.null_terms and y.null_terms:
        return pairing_null(x.null_terms, y.null_terms)
    if inference.n_permutations and x.measure.sees_pairing:
        try:
            orders = row_permutations(
                len(x.x), x.groups, n_permutations=inference.n_permutations, seed=inference.seed
            )
            value = _value_by_order(x, y)
            return permutation_null(
                lambda order: value(order.to(x.x.device)), orders, kind=x.measure.kind
            )
        except ValueError:  # units of too different sizes to exchange, or a value undefined then
            return None
    return None


def _value_by_order(x: _Layer, y: _Layer) -> Callable[[Tensor], float]:
    if _is_over_units(x):
        return Pairings(x.grouped, y.grouped).value
    return partial(_value_reordered, x, y)


def _value_reordered(x: _Layer, y: _Layer, order: Tensor) -> float:
    if y.measure.reorder:
        return y.measure.combine(x.prepared, y.measure.reorder(y.prepared, order))
    return _value(x, _Layer(y.x[order], y.name, y.measure, y.groups))


def _without_each_unit(x: _Layer, y: _Layer) -> Jackknife | None:
    shortcut = x.measure.leave_one_out
    if shortcut is None or units(len(x.x), x.groups)[1] < MINIMUM_TO_LEAVE_ONE:
        return None
    try:
        statistic = shortcut.combine(x.to_leave_one_out, y.to_leave_one_out)
    except ValueError:  # the value exists, but not without one of the units
        return None
    return Jackknife(float(statistic.value), statistic.without.cpu())


def _from_blocks(
    x: _Layer, y: _Layer, inference: Inference
) -> BalancedJackknife | Jackknife | None:
    parts = x.measure.leave_parts
    if parts and (not parts.suffice or parts.suffice(x.prepared, y.prepared)):
        resample = partial(balanced_jackknife, n_parts=parts.n_parts)
        found = _resampled(resample, parts.combine, x, y, inference)
        if found:
            return found
    return _resampled(block_jackknife, None, x, y, inference)


def _resampled(
    resample: Callable[..., BalancedJackknife | Jackknife],
    combine: Callable[[Any, Any], float] | None,
    x: _Layer,
    y: _Layer,
    inference: Inference,
) -> BalancedJackknife | Jackknife | None:
    def value(rows: Tensor) -> float:
        parts = _part(x, rows), _part(y, rows)
        return combine(*(part.prepared for part in parts)) if combine else _value(*parts)

    try:
        return resample(value, len(x.x), x.groups, n_blocks=inference.n_blocks, seed=inference.seed)
    except ValueError:  # the value exists, but not without a block, or a large part
        return None


def _without_far_units(x: _Layer, y: _Layer, inference: Inference) -> float | None:
    try:
        rows = typical_rows(x.x, y.x, x.groups, share=inference.trimmed)
        return _value(_part(x, rows), _part(y, rows))
    except ValueError:  # the value exists, but not without these units
        return None


def _part(layer: _Layer, rows: Tensor) -> _Layer:
    rows = rows.to(layer.x.device)
    groups = None if layer.groups is None else layer.groups[rows.to(layer.groups.device)]
    return _Layer(layer.x[rows], layer.name, layer.measure, groups)
