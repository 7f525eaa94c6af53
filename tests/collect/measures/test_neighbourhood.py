"""RSA and shared neighbours: scipy, scikit-learn, and loops."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.neighbors import NearestNeighbors

from collect.measures.neighbourhood import mutual_knn, rsa


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(25, 6)) + 1
    return x, x[:, :5] + rng.normal(size=(25, 5))


def ranks_by_counting(values):
    return [sum(v < u for v in values) + (1 + sum(v == u for v in values)) / 2 for u in values]


def rsa_by_loops(x, y):
    n = len(x)
    ranks = [
        ranks_by_counting(
            [1 - np.corrcoef(z[i], z[j])[0, 1] for i in range(n) for j in range(i + 1, n)]
        )
        for z in (x, y)
    ]
    return np.corrcoef(*ranks)[0, 1]


def rsa_by_scipy(x, y):
    return spearmanr(pdist(x, "correlation"), pdist(y, "correlation")).statistic


@pytest.mark.parametrize("oracle", [rsa_by_loops, rsa_by_scipy])
def test_rsa_is_the_definition(pair, oracle):
    assert_allclose(rsa(*map(torch.from_numpy, pair)), oracle(*pair), rtol=1e-10)


def test_rsa_refuses_a_row_without_pattern(pair):
    x, y = map(torch.from_numpy, pair)
    x[3] = 2.5
    with pytest.raises(ValueError, match="row 3 of x has the same value in all features"):
        rsa(x, y)


def test_rsa_refuses_equal_dissimilarities():
    x = torch.eye(4, dtype=torch.float64)
    with pytest.raises(ValueError, match="all dissimilarities of x are equal"):
        rsa(x, torch.randn(4, 3))


def overlap_by_loops(x, y, k):
    def nearest(z, i):
        cosine = z @ z[i] / np.linalg.norm(z, axis=1)
        return set(sorted((j for j in range(len(z)) if j != i), key=lambda j: -cosine[j])[:k])

    return np.mean([len(nearest(x, i) & nearest(y, i)) / k for i in range(len(x))])


def overlap_by_scikit_learn(x, y, k):
    sets = [NearestNeighbors(n_neighbors=k, metric="cosine").fit(z).kneighbors()[1] for z in (x, y)]
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(*sets, strict=True)])


@pytest.mark.parametrize("oracle", [overlap_by_loops, overlap_by_scikit_learn])
@pytest.mark.parametrize("k", [1, 10, 24])
def test_shared_neighbours_are_counted(pair, k, oracle):
    value = mutual_knn(*map(torch.from_numpy, pair), n_neighbours=k)
    assert_allclose(value, oracle(*pair, k), rtol=1e-10)


def test_unrelated_layers_share_neighbours_by_chance(rng):
    values = [mutual_knn(*torch.from_numpy(rng.normal(size=(2, 30, 4)))) for _ in range(200)]
    assert np.mean(values) == pytest.approx(10 / 29, abs=4 * np.std(values) / np.sqrt(200))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.eye(10), "x has 10 rows: too few for 10 neighbours"),
        (torch.eye(12)[:, :11], "row 11 of x is 0: its cosine is undefined"),
    ],
)
def test_shared_neighbours_refuse(x, message):
    with pytest.raises(ValueError, match=message):
        mutual_knn(x, x)
