"""Mean CCA: the textbook eigenproblem, closed forms, pathologies that break other code."""

from itertools import permutations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cca import (
    cca_mean,
    cca_yanai,
    null_terms_of_whitened,
    shared_dimensions,
    whitened_layer,
)
from collect.measures.null import pairing_null


def correlations_by_eigenproblem(x, y):
    """Hotelling (1936): eigenvalues of Sxx^-1 Sxy Syy^-1 Syx are squared correlations."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    sxx, syy, sxy = x.T @ x, y.T @ y, x.T @ y
    eigenvalues = np.linalg.eigvals(np.linalg.solve(sxx, sxy) @ np.linalg.solve(syy, sxy.T))
    return np.sqrt(np.sort(eigenvalues.real)[::-1][: min(x.shape[1], y.shape[1])])


@pytest.fixture
def x(rng):
    return rng.normal(size=(60, 5)) + 2


@pytest.fixture
def y(rng, x):
    return x[:, :3] @ rng.normal(size=(3, 4)) + rng.normal(size=(60, 4))


def mean_cca(x, y):
    return cca_mean(torch.from_numpy(x), torch.from_numpy(y))


def test_is_the_mean_of_the_textbook_correlations(x, y):
    assert_allclose(mean_cca(x, y), correlations_by_eigenproblem(x, y).mean(), rtol=1e-10)


def test_one_feature_each_is_the_absolute_correlation(x):
    expected = abs(np.corrcoef(x[:, 0], x[:, 1])[0, 1])
    assert_allclose(mean_cca(x[:, :1], x[:, 1:2]), expected, rtol=1e-10)


def test_a_shared_subspace_counts_its_share(rng):
    # orthonormal zero-mean columns, k of q shared: k correlations are 1, the others 0
    basis = rng.normal(size=(50, 9))
    basis, _ = np.linalg.qr(basis - basis.mean(axis=0))
    assert_allclose(mean_cca(basis[:, :6], basis[:, 4:9]), 2 / 5, rtol=1e-10)


def yanai_by_eigenproblem(x, y):
    ranks = np.array([x.shape[1], y.shape[1]])
    return (correlations_by_eigenproblem(x, y) ** 2).sum() / np.sqrt(ranks.prod())


def yanai_by_projections(x, y):
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    p, q = (z @ np.linalg.pinv(z) for z in (x, y))
    return np.trace(p @ q) / np.sqrt(np.trace(p) * np.trace(q))


@pytest.mark.parametrize("oracle", [yanai_by_eigenproblem, yanai_by_projections])
def test_yanai_is_the_definition(x, y, oracle):
    assert_allclose(cca_yanai(*map(torch.from_numpy, (x, y))), oracle(x, y), rtol=1e-10)


def test_yanai_of_a_shared_subspace_counts_its_share(rng):
    basis = rng.normal(size=(50, 9))
    basis, _ = np.linalg.qr(basis - basis.mean(axis=0))
    value = cca_yanai(torch.from_numpy(basis[:, :6]), torch.from_numpy(basis[:, 4:9]))
    assert_allclose(value, 2 / np.sqrt(6 * 5), rtol=1e-10)


def test_null_of_yanai_is_that_of_all_pairings(rng):
    x, y = (whitened_layer(torch.from_numpy(rng.normal(size=(7, p)) + 1)) for p in (2, 3))
    orders = map(torch.tensor, permutations(range(7)))
    values = [shared_dimensions(x, y.reordered(order)) for order in orders]
    null = pairing_null(null_terms_of_whitened(x), null_terms_of_whitened(y))
    centred = np.array(values) - np.mean(values)
    assert_allclose([null.mean, null.sd], [np.mean(values), np.std(values)], rtol=1e-9)
    assert_allclose(null.mean, np.sqrt(2 * 3) / 6, rtol=1e-9)
    assert_allclose(null.skewness, (centred**3).mean() / np.std(values) ** 3, rtol=1e-8)


def test_refuses_a_layer_that_spans_all_that_its_rows_can(rng):
    with pytest.raises(ValueError, match="y has 20 rows and rank 19: canonical correlations with"):
        mean_cca(rng.normal(size=(20, 3)), rng.normal(size=(20, 19)))


def test_a_duplicated_channel_changes_nothing(x, y):
    doubled = np.hstack([x, x[:, :2]])
    assert_allclose(mean_cca(doubled, y), mean_cca(x, y), rtol=1e-10)


def test_a_dead_channel_changes_nothing(x, y):
    assert_allclose(mean_cca(np.hstack([x, np.ones((60, 1))]), y), mean_cca(x, y), rtol=1e-10)


def test_a_channel_in_other_units_changes_nothing(x, y):
    assert_allclose(mean_cca(x * [1e4, 1, 1, 1, 1e-4], y), mean_cca(x, y), rtol=1e-8)


def test_rank_counts_what_the_channels_span(x):
    layer = torch.from_numpy(np.hstack([x, x[:, :2], np.zeros((60, 1))]))
    assert whitened_layer(layer).basis.shape == (60, 5)


def test_refuses_no_more_rows_than_features(rng):
    with pytest.raises(ValueError, match="y has 20 rows and 20 features"):
        mean_cca(rng.normal(size=(20, 3)), rng.normal(size=(20, 20)))
