"""Values of a pair of layers without some of its images or patients."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from torch import Tensor

from collect.measures.half_samples import HalfSamples, half_samples
from collect.measures.intervals import FisherInterval, Jackknife, block_jackknife
from collect.measures.measured_layer import MeasuredLayer, value_of
from collect.measures.representation import units
from collect.measures.similarity_measure import SimilarityMeasure
from collect.measures.thirds import Thirds, without_thirds
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
    if influences is None or len(taken := _units_taken(x)) < MINIMUM_TO_LEAVE_ONE:
        return None
    found = influences.combine(x.prepared, y.prepared)
    unit, n_units = units(len(x.x), x.groups)
    added = found.of_units(unit.to(found.of_rows.device), n_units).cpu()[taken]
    return Jackknife(found.value, found.value - len(taken) / (len(taken) - 1) * added)


def largest_influence(x: MeasuredLayer, y: MeasuredLayer, left_out: Jackknife) -> float | None:
    """Change of the value without the unit that changes it most.

    Of influences to first order the value is computed anew without each of the largest few.
    """
    if not x.measure.influences:
        return left_out.influence
    unit = units(len(x.x), x.groups)[0].cpu()
    changes = (left_out.without - left_out.value).abs()
    largest = _units_taken(x)[changes.argsort(descending=True)[:N_LEFT_OUT_ANEW]]
    try:
        anew = [_without_unit(x, y, unit == u) for u in largest]
    except ValueError:  # the value exists, but not without one of the units
        return None
    return max(abs(value - left_out.value) for value in anew)


def _units_taken(x: MeasuredLayer) -> Tensor:
    """Units that have rows behind the value, on the CPU."""
    unit = units(len(x.x), x.groups)[0].cpu()
    if x.measure.rows_taken:
        unit = unit[x.measure.rows_taken(len(x.x), x.groups).cpu()]
    return unit.bincount().nonzero().flatten()


def _without_unit(x: MeasuredLayer, y: MeasuredLayer, is_left_out: Tensor) -> float:
    rows = (~is_left_out).nonzero().flatten()
    return value_of(x.part(rows), y.part(rows))


def without_parts(
    x: MeasuredLayer, y: MeasuredLayer, *, n_blocks: int, seed: int
) -> HalfSamples | Thirds | Jackknife | None:
    """Take the parts that the measure asks for, else leave out blocks; None where undefined."""
    measure, how = x.measure, {"n_blocks": n_blocks, "seed": seed}

    def value_by(of_rest: SimilarityMeasure) -> Callable[[Tensor], float]:
        def value(rows: Tensor) -> float:
            if len(rows) == len(x.x):
                return value_of(x, y)
            return value_of(x.part(rows, of_rest), y.part(rows, of_rest))

        return value

    if measure.combine_two_thirds:
        of_rest = replace(measure, combine=measure.combine_two_thirds)
        with suppress(ValueError):  # two thirds say too little: blocks, then
            return without_thirds(value_by(of_rest), len(x.x), x.groups, **how)
    half = measure.prepare_half
    try:
        if half:
            of_half = value_by(replace(measure, prepare=half))
            return half_samples(of_half, len(x.x), x.groups, **how)
        return block_jackknife(value_by(measure), len(x.x), x.groups, **how)
    except ValueError:  # the value exists, but not without a block, or of a half
        return None


def without_far_units(x: MeasuredLayer, y: MeasuredLayer, *, share: float) -> float | None:
    """Value without the units farthest from the mean; None where it is undefined."""
    try:
        rows = typical_rows(x.x, y.x, x.groups, share=share)
        return value_of(x.part(rows), y.part(rows))
    except ValueError:  # the value exists, but not without these units
        return None
