"""Tests of a slope keep their level in the designs that a study may have, or the docs say how not.

`tests/analysis/designs.py` simulates them; docs/analysis.md prints its table.
"""

import numpy as np
import pytest

from tests.analysis.designs import DESIGNS, METHODS, N_DATASETS, rejections
from tests.analysis.documented import documented_rates

TRIALS = 400
ROBUST = ("cluster_cr2", "cluster_cr3", "wild_cluster")
TABLE = "| similarity varies | `ols` |"


def error(rate, trials):
    return np.sqrt(rate * (1 - rate) / trials)


@pytest.mark.parametrize("name", ["between, unequal runs", "both, unequal slopes"])
def test_robust_methods_keep_their_level_with_seven_datasets(name):
    rates = rejections(DESIGNS[name], 7, trials=TRIALS)
    for method in ROBUST:
        assert rates[method] < 0.07 + 4 * error(0.07, TRIALS), method
    assert rates["cluster_cr1"] > 0.07
    assert rates["ols"] > 0.2


def test_a_random_intercept_alone_takes_unequal_slopes_for_a_slope():
    rates = rejections(DESIGNS["within, unequal slopes"], 7, trials=TRIALS)
    assert rates["mixed"] > 0.15
    assert rates["mixed_cr2"] < 0.05 + 4 * error(0.05, TRIALS)
    assert rates["cluster_cr2"] < 0.05 + 4 * error(0.05, TRIALS)


def test_every_design_is_documented():
    assert list(documented_rates(TABLE)) == list(DESIGNS)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_documented_rates_are_those_of_the_designs(name):
    for place, n_datasets in enumerate(N_DATASETS):
        rates = rejections(DESIGNS[name], n_datasets, trials=2000)
        for method, cells in zip(METHODS, documented_rates(TABLE)[name], strict=True):
            assert cells[place] == pytest.approx(100 * rates[method], abs=0.15), method
