"""What analysis takes for the range of a measure is what the measure declares."""

from analysis.means.bounds import RANGES
from collect.measures.registry import MEASURES


def test_ranges_of_measures_are_those_that_their_registry_declares():
    declared = {name: measure.range for name, measure in MEASURES.items()}
    assert {name: RANGES[name] for name in declared} == declared
