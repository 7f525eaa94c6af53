"""Effective rank and top component: spectra that are known."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA

from collect.measures.spectrum import spectrum


@pytest.mark.parametrize(("n", "p"), [(30, 5), (10, 40)])
def test_shares_are_those_of_principal_components(rng, n, p):
    x = rng.normal(size=(n, p)) * np.linspace(0.1, 3, p) + 7
    shares = PCA(min(n - 1, p)).fit(x).explained_variance_ratio_
    found = spectrum(torch.from_numpy(x))
    assert_allclose(found.top_component_share, shares[0], rtol=1e-10)
    assert_allclose(found.effective_rank, math.exp(-(shares * np.log(shares)).sum()), rtol=1e-10)


def test_equal_directions_count_one_each(rng):
    basis = rng.normal(size=(50, 7))
    basis, _ = np.linalg.qr(basis - basis.mean(axis=0))
    found = spectrum(torch.from_numpy(basis))
    assert_allclose([found.effective_rank, found.top_component_share], [7, 1 / 7], rtol=1e-10)


def test_one_direction_has_rank_one(rng):
    x = np.outer(rng.normal(size=30), rng.normal(size=6))
    found = spectrum(torch.from_numpy(x))
    assert_allclose([found.effective_rank, found.top_component_share], [1, 1], rtol=1e-10)


def test_names_the_layer_that_it_refuses():
    with pytest.raises(ValueError, match="block3 is constant"):
        spectrum(torch.ones(9, 2), "block3")
