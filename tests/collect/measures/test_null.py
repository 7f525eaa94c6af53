"""Moments of linear CKA under random pairing: every permutation counted, and many of them drawn."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cka import cka_linear, cka_linear_debiased
from collect.measures.gram import centred_layer
from collect.measures.null import pairing_null
from collect.measures.null_terms import null_terms

ESTIMATORS = {False: cka_linear, True: cka_linear_debiased}


def null_of(x, y, *, debiased):
    return pairing_null(*(null_terms(centred_layer(a), debiased=debiased) for a in (x, y)))


def skewed(rng, n, p):
    return torch.from_numpy(rng.normal(size=(n, p)) ** 3)


@pytest.mark.parametrize("debiased", ESTIMATORS)
@pytest.mark.parametrize("n", [6])
def test_moments_are_those_of_all_permutations(rng, n, debiased):
    x, y = skewed(rng, n, 8), skewed(rng, n, 9)
    estimator = ESTIMATORS[debiased]
    values = np.array([estimator(x, y[list(order)]) for order in permutations(range(n))])
    null = null_of(x, y, debiased=debiased)
    deviations = values - values.mean()
    assert_allclose(null.mean, values.mean(), rtol=1e-10, atol=1e-12)
    assert_allclose(null.sd, values.std(), rtol=1e-10)
    assert_allclose(null.skewness, (deviations**3).mean() / values.std() ** 3, rtol=1e-8)


@pytest.mark.parametrize("debiased", ESTIMATORS)
def test_moments_agree_with_drawn_permutations(rng, debiased):
    x, y = skewed(rng, 60, 10), skewed(rng, 60, 20)
    estimator = ESTIMATORS[debiased]
    values = np.array([estimator(x, y[rng.permutation(60)]) for _ in range(2000)])
    null = null_of(x, y, debiased=debiased)
    assert null.mean == pytest.approx(values.mean(), abs=4 * values.std() / math.sqrt(2000))
    assert null.sd == pytest.approx(values.std(), rel=0.1)


@pytest.mark.parametrize("n", [6, 20, 300])
def test_sd_of_debiased_cka_depends_on_the_number_of_rows_alone(rng, n):
    null = null_of(skewed(rng, n, 30), skewed(rng, n, 7), debiased=True)
    assert null.mean == 0
    assert_allclose(null.sd, math.sqrt(2 / (n * (n - 3))), rtol=1e-10)


@pytest.mark.parametrize("debiased", ESTIMATORS)
def test_p_values_of_unrelated_layers_are_uniform(rng, debiased):
    p_values = []
    for _ in range(400):
        x, y = (torch.from_numpy(rng.normal(size=(25, 6))) for _ in range(2))
        p_values.append(null_of(x, y, debiased=debiased).p_value(ESTIMATORS[debiased](x, y)))
    for level in (0.05, 0.25, 0.5):
        tolerance = 4 * math.sqrt(level * (1 - level) / 400)
        assert np.mean(np.array(p_values) < level) == pytest.approx(level, abs=tolerance)


def test_a_value_that_every_pairing_gives_is_no_evidence(rng):
    x = torch.from_numpy(rng.normal(size=(65, 64)))
    everything = torch.linalg.qr(x - x.mean(dim=0)).Q
    y = skewed(rng, 65, 5)
    null = null_of(everything, y, debiased=False)
    value = ESTIMATORS[False](everything, y)
    assert_allclose([null.mean, null.sd], [value, 0], rtol=1e-10)
    assert null.p_value(value) == 1


def test_refuses_too_few_rows(rng):
    with pytest.raises(ValueError, match="5 rows: moments under random pairing need 6"):
        null_terms(centred_layer(skewed(rng, 5, 2)), debiased=False)
