"""Debiased CKA over units in other pairings: what rows in that order give, and its mean of 0."""

from itertools import permutations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.permutation import row_permutations
from collect.measures.unit_pairings import Pairings
from collect.measures.unit_sums import cka_over_units, grouped_layer, hsic_over_units

UNEQUAL = torch.tensor([3, 3, 3, 1, 1, 0, 5, 0, 5, 2, 7, 4, 9, 9, 9])


def layers(rng, groups, n_features):
    x = torch.from_numpy(rng.normal(size=(len(groups), n_features)) + 1)
    y = x + torch.from_numpy(rng.normal(size=(len(groups), n_features)))
    return x, y


@pytest.mark.parametrize("n_features", [4, 20], ids=["multiplied anew", "looked up"])
@pytest.mark.parametrize("groups", [UNEQUAL, torch.arange(15)], ids=["images", "rows"])
def test_a_pairing_is_what_rows_in_that_order_give(rng, groups, n_features):
    x, y = layers(rng, groups, n_features)
    pairings = Pairings(*(grouped_layer(a, "x", groups) for a in (x, y)))
    for order in row_permutations(15, groups, n_permutations=10):
        expected = cka_over_units(*(grouped_layer(a, "x", groups) for a in (x, y[order])))
        assert_allclose(pairings.value(order), expected, rtol=1e-10, atol=1e-12)


def test_the_mean_over_all_pairings_of_single_rows_is_zero(rng):
    # over all permutations every quadruple of rows of y meets every quadruple of rows of x,
    # and E K_ij (L_ij + L_kl - 2 L_ik) of exchangeable rows is 0
    groups = torch.arange(6)
    x, y = layers(rng, groups, 10)
    pairings = Pairings(*(grouped_layer(a, "x", groups) for a in (x, y)))
    values = [pairings.value(torch.tensor(order)) for order in permutations(range(6))]
    assert np.std(values) > 0.1
    assert_allclose(np.mean(values), 0, atol=1e-12)


def test_the_pairing_as_it_is_is_the_value(rng):
    x, y = (grouped_layer(a, "x", UNEQUAL) for a in layers(rng, UNEQUAL, 20))
    scale = np.sqrt(float(hsic_over_units(x, x).value) * float(hsic_over_units(y, y).value))
    expected = float(hsic_over_units(x, y).value) / scale
    assert_allclose(Pairings(x, y).value(torch.arange(15)), expected, rtol=1e-12)
