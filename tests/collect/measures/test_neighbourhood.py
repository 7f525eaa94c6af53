"""Shared neighbours: scikit-learn, and loops."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from collect.measures.neighbourhood import knn_jaccard, mutual_knn
from collect.measures.rsa import rsa


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(25, 6)) + 1
    return x, x[:, :5] + rng.normal(size=(25, 5))


@pytest.fixture(params=[1, 10, 21])
def k(request):
    return request.param


def neighbours_by_loops(z, k, image):
    def nearest(i):
        cosine = z @ z[i] / np.linalg.norm(z, axis=1)
        others = (j for j in range(len(z)) if image[j] != image[i])
        return set(sorted(others, key=lambda j: -cosine[j])[:k])

    return [nearest(i) for i in range(len(z))]


def neighbours_by_scikit_learn(z, k, image):
    same = image[:, None] == image
    distances = np.where(same, 9, pairwise_distances(z, metric="cosine"))
    search = NearestNeighbors(n_neighbors=k, metric="precomputed").fit(distances)
    return [set(found) for found in search.kneighbors(distances, return_distance=False)]


@pytest.mark.parametrize("oracle", [neighbours_by_loops, neighbours_by_scikit_learn])
def test_shared_neighbours_are_counted(pair, k, image, groups, oracle):
    value = mutual_knn(*map(torch.from_numpy, pair), n_neighbours=k, groups=groups)
    sets = zip(*(oracle(z, k, image) for z in pair), strict=True)
    assert_allclose(value, np.mean([len(a & b) / k for a, b in sets]), rtol=1e-10)


@pytest.mark.parametrize("oracle", [neighbours_by_loops, neighbours_by_scikit_learn])
def test_jaccard_similarities_are_averaged(pair, k, image, groups, oracle):
    value = knn_jaccard(*map(torch.from_numpy, pair), n_neighbours=k, groups=groups)
    sets = zip(*(oracle(z, k, image) for z in pair), strict=True)
    assert_allclose(value, np.mean([len(a & b) / len(a | b) for a, b in sets]), rtol=1e-10)


def test_unrelated_layers_share_neighbours_by_chance(rng):
    values = [mutual_knn(*torch.from_numpy(rng.normal(size=(2, 30, 4)))) for _ in range(200)]
    assert np.mean(values) == pytest.approx(10 / 29, abs=4 * np.std(values) / np.sqrt(200))


@pytest.mark.parametrize(("measure", "chance"), [(rsa, 0), (mutual_knn, 10 / 56)])
def test_positions_that_are_alike_do_not_feign_similarity(rng, measure, chance):
    groups = torch.arange(60) // 4

    def layer():
        image = rng.normal(size=(15, 6)).repeat(4, axis=0)
        return torch.from_numpy(image + 0.2 * rng.normal(size=(60, 6)))

    values = [measure(layer(), layer(), groups=groups) for _ in range(100)]
    assert np.mean(values) == pytest.approx(chance, abs=4 * np.std(values) / 10)
    assert measure(layer(), layer()) > chance + 0.1


def test_shared_neighbours_of_other_images_must_be_enough(pair):
    x, y = map(torch.from_numpy, pair)
    groups = torch.arange(25).clamp(max=9)
    with pytest.raises(ValueError, match="x has a row with 9 of other groups: too few for 10"):
        mutual_knn(x, y, groups=groups)


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
