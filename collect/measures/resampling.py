"""Values of a pair of layers without some of its images or patients."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import Tensor

from collect.measures.intervals import (
    BalancedJackknife,
    FisherInterval,
    Jackknife,
    balanced_jackknife,
    block_jackknife,
)
from collect.measures.measured_layer import MeasuredLayer, value_of
from collect.measures.representation import units
from collect.measures.similarity_measure import SimilarityMeasure
from collect.measures.trimming import typical_rows
from collect.measures.unit_sums import MINIMUM_TO_LEAVE_ONE


def without_each_unit(x: MeasuredLayer, y: MeasuredLayer) -> Jackknife | None:
    """Leave out each unit by subtraction; None where the measure has no such shortcut."""
    shortcut = x.measure.leave_one_out
    if shortcut is None or units(len(x.x), x.groups)[1] < MINIMUM_TO_LEAVE_ONE:
        return None
    try:
        statistic = shortcut.combine(x.to_leave_one_out, y.to_leave_one_out)
    except ValueError:  # the value exists, but not without one of the units
        return None
    return Jackknife(float(statistic.value), statistic.without.cpu())


def own_interval(x: MeasuredLayer, y: MeasuredLayer, *, seed: int) -> FisherInterval | None:
    """Ask the measure for its interval; None where it has none, or units are too few."""
    own = x.measure.own_interval
    if own is None or units(len(x.x), x.groups)[1] < MINIMUM_TO_LEAVE_ONE:
        return None
    return own.combine(x.for_own_interval, y.for_own_interval, seed)


def without_parts(
    x: MeasuredLayer, y: MeasuredLayer, *, n_blocks: int, seed: int
) -> BalancedJackknife | Jackknife | None:
    """Leave out the parts that the measure asks for, or blocks; None where a value is undefined."""
    parts = x.measure.leave_parts
    if parts and (not parts.suffice or parts.suffice(x.prepared, y.prepared)):
        resample = partial(balanced_jackknife, n_parts=parts.n_parts, n_blocks=n_blocks, seed=seed)
        of_parts = replace(
            x.measure,
            prepare=parts.prepare or x.measure.prepare,
            combine=parts.combine or x.measure.combine,
        )
        found = _resampled(resample, of_parts, x, y)
        if found:
            return found
    return _resampled(partial(block_jackknife, n_blocks=n_blocks, seed=seed), x.measure, x, y)


def _resampled(
    resample: Callable[..., BalancedJackknife | Jackknife],
    of_rest: SimilarityMeasure,
    x: MeasuredLayer,
    y: MeasuredLayer,
) -> BalancedJackknife | Jackknife | None:
    def value(rows: Tensor) -> float:
        if len(rows) == len(x.x):
            return value_of(x, y)
        return value_of(x.part(rows, of_rest), y.part(rows, of_rest))

    try:
        return resample(value, len(x.x), x.groups)
    except ValueError:  # the value exists, but not without a block, or a large part
        return None


def without_far_units(x: MeasuredLayer, y: MeasuredLayer, *, share: float) -> float | None:
    """Value without the units farthest from the mean; None where it is undefined."""
    try:
        rows = typical_rows(x.x, y.x, x.groups, share=share)
        return value_of(x.part(rows), y.part(rows))
    except ValueError:  # the value exists, but not without these units
        return None
