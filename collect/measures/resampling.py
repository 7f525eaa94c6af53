"""Values of a pair of layers without some of its images or patients."""

from dataclasses import replace

from torch import Tensor

from collect.measures.half_samples import HalfSamples, half_samples
from collect.measures.intervals import FisherInterval, Jackknife, block_jackknife
from collect.measures.measured_layer import MeasuredLayer, value_of
from collect.measures.representation import units
from collect.measures.trimming import typical_rows
from collect.measures.unit_sums import MINIMUM_TO_LEAVE_ONE

N_LEFT_OUT_ANEW = 3


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


def influences_of_units(x: MeasuredLayer, y: MeasuredLayer) -> Jackknife | None:
    """Leave out each unit to first order; None where the measure does not know its influences.

    Also where the rows that it takes are of too few units.
    """
    influences = x.measure.influences
    unit, n_units = units(len(x.x), x.groups)
    if influences is None:
        return None
    if x.measure.rows_taken:
        taken = unit[x.measure.rows_taken(len(x.x), x.groups).to(unit.device)]
        n_units = int((taken.bincount() > 0).sum())
    if n_units < MINIMUM_TO_LEAVE_ONE:
        return None
    found = influences.combine(x.prepared, y.prepared)
    without = found.without_each_unit(unit.to(found.of_rows.device), n_units)
    return Jackknife(found.value, without.cpu())


def largest_influence(x: MeasuredLayer, y: MeasuredLayer, left_out: Jackknife) -> float | None:
    """Change of the value without the unit that changes it most.

    Of influences to first order the value is computed anew without each of the largest few.
    """
    if not x.measure.influences:
        return left_out.influence
    unit, _ = units(len(x.x), x.groups)
    first = (left_out.without - left_out.value).abs().argsort(descending=True)[:N_LEFT_OUT_ANEW]
    try:
        anew = [_without_unit(x, y, unit.cpu() == u) for u in first]
    except ValueError:  # the value exists, but not without one of the units
        return None
    return max(abs(value - left_out.value) for value in anew)


def _without_unit(x: MeasuredLayer, y: MeasuredLayer, is_left_out: Tensor) -> float:
    rows = (~is_left_out).nonzero().flatten()
    return value_of(x.part(rows), y.part(rows))


def without_parts(
    x: MeasuredLayer, y: MeasuredLayer, *, n_blocks: int, seed: int
) -> HalfSamples | Jackknife | None:
    """Take halves if the measure asks for them, else leave out blocks; None where undefined."""
    half = x.measure.prepare_half
    of_rest = replace(x.measure, prepare=half) if half else x.measure

    def value(rows: Tensor) -> float:
        if len(rows) == len(x.x):
            return value_of(x, y)
        return value_of(x.part(rows, of_rest), y.part(rows, of_rest))

    resample = half_samples if half else block_jackknife
    try:
        return resample(value, len(x.x), x.groups, n_blocks=n_blocks, seed=seed)
    except ValueError:  # the value exists, but not without a block, or of a half
        return None


def without_far_units(x: MeasuredLayer, y: MeasuredLayer, *, share: float) -> float | None:
    """Value without the units farthest from the mean; None where it is undefined."""
    try:
        rows = typical_rows(x.x, y.x, x.groups, share=share)
        return value_of(x.part(rows), y.part(rows))
    except ValueError:  # the value exists, but not without these units
        return None
