"""What other packages take a measure to be is what the measure declares."""

import re

import pytest

from analysis.means.bounds import RANGES
from collect.measures.registry import MEASURES, OWN_MEASURES
from warehouse.views import view_sql


def test_ranges_of_measures_are_those_that_their_registry_declares():
    declared = {name: measure.range for name, measure in MEASURES.items()}
    assert {name: RANGES[name] for name in declared} == declared


@pytest.mark.parametrize("kind", ["distance", "similarity"])
def test_every_measure_that_sees_the_pairing_has_a_calibrated_value(kind):
    listed = re.findall(r"measure in \(([^)]*)\)", view_sql("staging.similarities"))
    names = {m.name for m in OWN_MEASURES.values() if m.kind == kind and m.sees_pairing}
    assert names in [set(re.findall(r"'(\w+)'", each)) for each in listed]
