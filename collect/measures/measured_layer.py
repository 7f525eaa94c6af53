"""One layer with what a measure makes of it, computed once for all its pairs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from torch import Tensor

from collect.measures.large_layers import is_large
from collect.measures.null_terms import MINIMUM_UNITS
from collect.measures.similarity_measure import SimilarityMeasure
from collect.measures.unit_pairings import Pairings
from collect.measures.unit_sums import GroupedLayer, cka_over_units, grouped_layer

OVER_UNITS = "cka_linear_debiased"


@dataclass(frozen=True)
class MeasuredLayer:
    """What one layer brings to all its pairs.

    Attributes
    ----------
    x : Tensor of shape (n_rows, n_features)
        Checked activations.
    name : str
        How error messages call it.
    measure : SimilarityMeasure
        Which.
    groups : Tensor of shape (n_rows,) or None
        Image or patient of each row.
    """

    x: Tensor
    name: str
    measure: SimilarityMeasure
    groups: Tensor | None
    kept: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def prepared(self) -> Any:  # noqa: ANN401 -- every measure has its own
        """What the measure computes of this layer alone."""
        return self.measure.prepared(self.x, self.name, self.groups)

    @cached_property
    def null_terms(self) -> Any:  # noqa: ANN401 -- every measure has its own
        """What the exact null needs of it; None where there is no closed form, or too few rows."""
        null = self.measure.exact_null
        return null.terms(self.prepared) if null and len(self.x) >= MINIMUM_UNITS else None

    @property
    def grouped(self) -> GroupedLayer:
        """The layer with its units, for debiased CKA over them."""
        layer: GroupedLayer = self._once(
            "grouped", lambda: grouped_layer(self.x, self.name, self.groups)
        )
        return layer

    @property
    def to_leave_one_out(self) -> Any:  # noqa: ANN401 -- every measure has its own
        """What the measure's shortcut needs to leave out each unit."""
        shortcut = self.measure.leave_one_out
        assert shortcut is not None
        if shortcut.prepare is grouped_layer:
            return self.grouped
        if shortcut.prepare is self.measure.prepare:
            return self.prepared
        return self._once("left", lambda: shortcut.prepare(self.x, self.name, self.groups))

    @property
    def for_own_interval(self) -> Any:  # noqa: ANN401 -- every measure has its own
        """What the measure's own interval needs."""
        own = self.measure.own_interval
        assert own is not None
        return self._once("own", lambda: own.prepare(self.x, self.name, self.groups))

    @property
    def is_over_units(self) -> bool:
        """Whether the value is that of debiased CKA over units of several rows."""
        return self.measure.name == OVER_UNITS and self.groups is not None

    def part(self, rows: Tensor, measure: SimilarityMeasure | None = None) -> "MeasuredLayer":
        """Take some of the rows, with their groups, for the same measure or another one."""
        rows = rows.to(self.x.device)
        groups = None if self.groups is None else self.groups[rows.to(self.groups.device)]
        return MeasuredLayer(self.x[rows], self.name, measure or self.measure, groups)

    def reordered(self, order: Tensor) -> "MeasuredLayer":
        """Take the rows in another order, in which each unit takes the place of another."""
        return MeasuredLayer(self.x[order], self.name, self.measure, self.groups)

    def _once(self, what: str, compute: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Compute and remember; of a large layer compute anew, so that one copy lives at a time."""
        if is_large(self.x):
            return compute()
        if what not in self.kept:
            self.kept[what] = compute()
        return self.kept[what]


def value_of(x: MeasuredLayer, y: MeasuredLayer) -> float:
    """Value of one pair of layers."""
    if x.is_over_units:
        return cka_over_units(x.grouped, y.grouped)
    return x.measure.combine(x.prepared, y.prepared)


def value_by_order(x: MeasuredLayer, y: MeasuredLayer) -> Callable[[Tensor], float]:
    """Return a function of the order in which to take the rows of y."""
    if x.is_over_units:
        return Pairings(x.grouped, y.grouped).value
    return partial(_value_reordered, x, y)


def _value_reordered(x: MeasuredLayer, y: MeasuredLayer, order: Tensor) -> float:
    if y.measure.reorder:
        return y.measure.combine(x.prepared, y.measure.reorder(y.prepared, order))
    return value_of(x, y.reordered(order))
