"""Gaussian CKA: the definition in loops, and scikit-learn's kernel with a centring matrix."""

import math
from itertools import combinations
from statistics import median

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.metrics.pairwise import rbf_kernel

from collect.measures.kernel import cka_rbf, kernel_layer


def median_distance(x):
    return median(math.dist(a, b) for a, b in combinations(x.tolist(), 2))


def by_loops(x, y, factor):
    """HSIC as E[k l] + E[k] E[l] - 2 E[E[k] E[l]] over all pairs, repeated rows included."""

    def kernel(z):
        sigma = factor * median_distance(z)
        return np.array([[math.exp(-(math.dist(a, b) ** 2) / 2 / sigma**2) for a in z] for b in z])

    def hsic(k, l):  # noqa: E741
        n = len(k)
        total = (k * l).sum() / n**2 + k.sum() * l.sum() / n**4
        return total - 2 * (k.sum(axis=0) * l.sum(axis=0)).sum() / n**3

    k, l = kernel(x), kernel(y)  # noqa: E741
    return hsic(k, l) / math.sqrt(hsic(k, k) * hsic(l, l))


def by_scikit_learn(x, y, factor):
    n = len(x)
    h = np.eye(n) - 1 / n
    k, l = (h @ rbf_kernel(z, gamma=0.5 / (factor * median_distance(z)) ** 2) @ h for z in (x, y))  # noqa: E741
    return np.trace(k @ l) / math.sqrt(np.trace(k @ k) * np.trace(l @ l))


@pytest.mark.parametrize("oracle", [by_loops, by_scikit_learn])
@pytest.mark.parametrize("factor", [0.4, 1.0])
@pytest.mark.parametrize("n", [15, 16])
def test_is_the_definition(rng, n, factor, oracle):
    x = rng.normal(size=(n, 3)) + 5
    y = x[:, :2] + rng.normal(size=(n, 2))
    value = cka_rbf(torch.from_numpy(x), torch.from_numpy(y), bandwidth_factor=factor)
    assert_allclose(value, oracle(x, y, factor), rtol=1e-10)


def test_tells_the_bandwidth(rng):
    x = rng.normal(size=(16, 3))
    layer = kernel_layer(torch.from_numpy(x), bandwidth_factor=0.5)
    assert_allclose(layer.bandwidth, 0.5 * median_distance(x), rtol=1e-10)


def test_refuses_rows_that_are_mostly_equal():
    x = torch.zeros(10, 2)
    x[0] = 1
    with pytest.raises(ValueError, match="x: the median distance between rows is 0"):
        cka_rbf(x, x)
