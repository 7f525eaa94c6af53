"""Measures of other packages are found by their entry points, and are measures like the others."""

from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints

import pytest
import torch

from collect.measures.registry import GROUP, MEASURES, OWN_MEASURES, added_measures

HERE = "tests.collect.measures.test_added_measures"
DOUBLED = replace(OWN_MEASURES["cka_linear"], name="doubled", combine=lambda *_: 2.0)
NO_MEASURE = "a string"


def points(*named):
    return EntryPoints(EntryPoint(name, f"{HERE}:{value}", GROUP) for name, value in named)


def test_an_entry_point_is_a_measure():
    found = added_measures(points(("doubled", "DOUBLED")))
    assert list(found) == ["doubled"]
    assert found["doubled"].compute(torch.eye(5), torch.eye(5)) == 2


def test_without_other_packages_the_measures_are_our_own():
    assert added_measures(EntryPoints()) == {}
    assert OWN_MEASURES.items() <= MEASURES.items()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            [("doubled", "NO_MEASURE")],
            "doubled = .*NO_MEASURE in repdrift.measures is no Similarity",
        ),
        ([("other", "DOUBLED")], "is the measure 'doubled': name both alike"),
        ([("doubled", "DOUBLED")] * 2, "there is a measure of that name already"),
    ],
)
def test_refuses(named, message):
    with pytest.raises(ValueError, match=message):
        added_measures(points(*named))
