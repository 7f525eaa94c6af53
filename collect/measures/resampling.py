"""Values of a pair of layers without some of its images or patients."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from collect.measures.intervals import (
    BalancedJackknife,
    Jackknife,
    balanced_jackknife,
    block_jackknife,
)
from collect.measures.measured_layer import MeasuredLayer, value_of
from collect.measures.representation import units
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


def without_parts(
    x: MeasuredLayer, y: MeasuredLayer, *, n_blocks: int, seed: int
) -> BalancedJackknife | Jackknife | None:
    """Leave out the parts that the measure asks for, or blocks; None where a value is undefined."""
    parts = x.measure.leave_parts
    if parts and (not parts.suffice or parts.suffice(x.prepared, y.prepared)):
        resample = partial(balanced_jackknife, n_parts=parts.n_parts, n_blocks=n_blocks, seed=seed)
        found = _resampled(resample, parts.combine, x, y)
        if found:
            return found
    return _resampled(partial(block_jackknife, n_blocks=n_blocks, seed=seed), None, x, y)


def _resampled(
    resample: Callable[..., BalancedJackknife | Jackknife],
    combine: Callable[[Any, Any], float] | None,
    x: MeasuredLayer,
    y: MeasuredLayer,
) -> BalancedJackknife | Jackknife | None:
    def value(rows: Tensor) -> float:
        parts = x.part(rows), y.part(rows)
        return combine(*(part.prepared for part in parts)) if combine else value_of(*parts)

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
