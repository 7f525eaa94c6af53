"""Moments of RSA under random pairing: all pairings of few rows, permutations of many."""

from itertools import permutations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import skew

from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.mantel import THREE_EDGES, TWO_EDGES, mantel_null, mantel_terms
from collect.measures.permutation import row_permutations
from collect.measures.rsa import rank_correlation, ranked_pairs


def matrix(rng, n):
    entries = np.triu(rng.exponential(size=(n, n)) ** 2, 1)
    entries[np.triu_indices(n, 1)] -= entries[np.triu_indices(n, 1)].mean()
    return torch.from_numpy(entries + entries.T)


@pytest.mark.parametrize("n", [6, 7])
def test_moments_are_those_of_all_pairings(rng, n):
    a, b = matrix(rng, n), matrix(rng, n)
    orders = map(list, permutations(range(n)))
    every = np.array([float((a * b[order][:, order]).sum() / 2) for order in orders])
    null = mantel_null(mantel_terms(a), mantel_terms(b))
    assert null.mean == pytest.approx(every.mean(), abs=1e-12)
    assert_allclose(null.sd, every.std(), rtol=1e-9)
    assert_allclose(null.skewness, float(skew(every)), rtol=1e-9)


def test_edges_make_a_graph_in_so_many_ways():
    """Partitions of the ends of two or three edges in which no edge ends where it starts."""
    assert sum(ways for ways, _ in TWO_EDGES.values()) == 7
    assert sum(ways for ways, _ in THREE_EDGES.values()) == 87


def test_equal_entries_have_no_spread(rng):
    equal = torch.zeros(6, 6, dtype=torch.float64)
    assert mantel_null(mantel_terms(equal), mantel_terms(matrix(rng, 6))).sd == 0


def related(rng, n, share):
    x = rng.normal(size=(n, 8))
    return torch.from_numpy(x), torch.from_numpy(share * x[:, :6] + rng.normal(size=(n, 6)))


def test_rsa_has_the_null_of_permutations_without_any(rng):
    x, y = related(rng, 40, 0.4)
    found = compare({"a": x}, {"a": y}, measures=["rsa"])[0]
    ours, theirs = ranked_pairs(x), ranked_pairs(y)
    orders = row_permutations(40, None, n_permutations=4000, seed=0)
    values = np.array([rank_correlation(ours, theirs.reordered(order)) for order in orders])
    assert found.null_mean == 0
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(4000)
    assert found.null_sd == pytest.approx(values.std(), rel=0.05)
    chance = np.mean(values >= found.value)
    assert found.null_p_value == pytest.approx(chance, abs=0.02)
    assert 0.001 < chance < 0.5


def test_unrelated_layers_have_uniform_p_values(rng):
    p = [
        compare({"a": x}, {"a": y}, measures=["rsa"], inference=Inference(interval=False))[0]
        for x, y in (related(rng, 30, 0.0) for _ in range(400))
    ]
    values = np.array([one.null_p_value for one in p], dtype=float)
    shares = [np.mean(values < level) for level in (0.05, 0.5)]
    assert shares == pytest.approx([0.05, 0.5], abs=0.075)
    assert shares[0] < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def test_positions_of_an_image_have_no_closed_form(rng):
    x, y = related(rng, 40, 0.2)
    groups = torch.arange(40) // 2
    found = compare({"a": x}, {"a": y}, measures=["rsa"], groups=groups)[0]
    assert found.null_mean is None
