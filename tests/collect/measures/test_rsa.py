"""RSA: scipy and loops; without an image, and with exchanged ones, computed anew."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from collect.measures.compare import compare
from collect.measures.permutation import row_permutations
from collect.measures.rsa import (
    RankedPairs,
    rank_correlation,
    ranked_pairs,
    rsa,
    rsa_without_each_unit,
)
from tests.collect.measures.similarity_coverage import coverage
from tests.collect.measures.similarity_designs import DESIGNS


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(25, 6)) + 1
    return x, x[:, :5] + rng.normal(size=(25, 5))


def ranks_by_counting(values):
    return [sum(v < u for v in values) + (1 + sum(v == u for v in values)) / 2 for u in values]


def rsa_by_loops(x, y, image):
    pairs = [(i, j) for i in range(len(x)) for j in range(i + 1, len(x)) if image[i] != image[j]]
    ranks = [
        ranks_by_counting([1 - np.corrcoef(z[i], z[j])[0, 1] for i, j in pairs]) for z in (x, y)
    ]
    return np.corrcoef(*ranks)[0, 1]


def rsa_by_scipy(x, y, image):
    other = pdist(image[:, None]) > 0
    a, b = (pdist(z, "correlation")[other] for z in (x, y))
    return spearmanr(a, b).statistic


@pytest.mark.parametrize("oracle", [rsa_by_loops, rsa_by_scipy])
def test_rsa_is_the_definition(pair, image, groups, oracle):
    value = rsa(*map(torch.from_numpy, pair), groups=groups)
    assert_allclose(value, oracle(*pair, image), rtol=1e-10)


def test_rsa_refuses_a_row_without_pattern(pair):
    x, y = map(torch.from_numpy, pair)
    x[3] = 2.5
    with pytest.raises(ValueError, match="row 3 of x has the same value in all features"):
        rsa(x, y)


def test_rsa_refuses_equal_dissimilarities():
    x = torch.eye(4, dtype=torch.float64)
    with pytest.raises(ValueError, match="all dissimilarities of x are equal"):
        rsa(x, torch.randn(4, 3))


def layers_with_ties(rng, *, has_ties):
    x = torch.from_numpy(rng.normal(size=(90, 6)))
    y = x[:, :5] + 0.5 * torch.from_numpy(rng.normal(size=(90, 5)))
    if has_ties:  # most dissimilarities are one of a few
        x = torch.eye(6, dtype=torch.float64)[x.argmax(dim=1)]
    return x, y


@pytest.mark.parametrize("has_ties", [False, True])
@pytest.mark.parametrize(
    "groups", [None, torch.arange(90) // 3, torch.tensor([*range(45)] * 2).clamp(min=7)]
)
def test_without_each_image_is_nearly_what_ranking_anew_gives(rng, groups, has_ties):
    x, y = layers_with_ties(rng, has_ties=has_ties)
    found = rsa_without_each_unit(*(ranked_pairs(a, "x", groups) for a in (x, y)))
    units = torch.arange(90) if groups is None else groups
    changes = []
    for unit in torch.unique(units):
        kept = units != unit
        others = None if groups is None else groups[kept]
        changes.append(rsa(x[kept], y[kept], groups=others) - float(found.value))
    largest = np.abs(changes).max()
    assert_allclose(found.without - found.value, changes, atol=0.02 * largest)
    assert_allclose(found.value, rsa(x, y, groups=groups), rtol=1e-12)


def test_sums_above_take_half_of_what_has_the_same_rank():
    pairs = RankedPairs(torch.tensor([-1.0, -1.0, 2.0]), 1.0, torch.arange(3), 3)
    assert pairs.sums_above(torch.tensor([1.0, 3.0, 10.0])).tolist() == [12.0, 12.0, 5.0]


def test_the_interval_is_the_jackknife_of_these(rng):
    x, y = layers_with_ties(rng, has_ties=False)
    without = rsa_without_each_unit(ranked_pairs(x), ranked_pairs(y)).without
    found = compare({"a": x}, {"a": y}, measures=["rsa"])[0]
    std_error = float((89 / 90 * (without - without.mean()).square().sum()).sqrt())
    assert found.ci_high is not None
    assert found.ci_high - found.value == pytest.approx(1.987 * std_error, rel=1e-3)
    assert found.top_image_influence == pytest.approx(float((without - found.value).abs().max()))


def test_too_few_images_have_no_interval(rng):
    x, y = layers_with_ties(rng, has_ties=False)
    few = [ranked_pairs(a, "x", torch.arange(90) // 23) for a in (x, y)]
    with pytest.raises(ValueError, match="4 units: leaving one out takes at least 5"):
        rsa_without_each_unit(*few)
    lonely = torch.tensor([0] * 86 + [1, 2, 3, 4])
    left = rsa_without_each_unit(*(ranked_pairs(a, "x", lonely) for a in (x, y))).without
    assert left.isfinite().all()


@pytest.mark.parametrize("groups", [None, torch.arange(90) // 3])
def test_exchanged_images_are_ranked_without_ranking_anew(rng, groups):
    x, y = layers_with_ties(rng, has_ties=True)
    ranked_x, ranked_y = (ranked_pairs(a, "x", groups) for a in (x, y))
    for order in row_permutations(90, groups, n_permutations=5, seed=1):
        expected = rsa(x, y[order], groups=groups)
        assert_allclose(rank_correlation(ranked_x, ranked_y.reordered(order)), expected, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["nearly the same", "4 positions"])
def test_intervals_hold_as_often_as_they_say(design):
    """Of layers that are nearly the same, blocks held 98.5 %."""
    held = coverage("rsa", DESIGNS[design], 1000).share
    assert held == pytest.approx(0.955, abs=0.022)
