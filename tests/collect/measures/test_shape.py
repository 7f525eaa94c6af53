"""Shape distances: scipy's Procrustes, and angles of vectors."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes as scipy_procrustes

from collect.measures.shape import angular_cka, procrustes


def unit(x):
    x = x - x.mean(axis=0)
    return x / np.linalg.norm(x)


def pair(rng, n, p, q):
    x = rng.normal(size=(n, p)) + 3
    return x, x[:, :1] + rng.normal(size=(n, q))


@pytest.mark.parametrize(("n", "p"), [(12, 3), (12, 40)])
def test_procrustes_is_the_residual_of_the_best_rotation(rng, n, p):
    x, y = pair(rng, n, p, p)
    q, _ = orthogonal_procrustes(unit(y), unit(x))
    expected = np.linalg.norm(unit(x) - unit(y) @ q)
    assert_allclose(procrustes(torch.from_numpy(x), torch.from_numpy(y)), expected, rtol=1e-10)


def test_procrustes_agrees_with_the_disparity_of_scipy(rng):
    # scipy also scales: its disparity is 1 - s^2 with s = ||X'Y||_*, and ours is sqrt(2 - 2 s)
    x, y = pair(rng, 12, 3, 3)
    s = math.sqrt(1 - scipy_procrustes(x, y)[2])
    value = procrustes(torch.from_numpy(x), torch.from_numpy(y))
    assert_allclose(value, math.sqrt(2 - 2 * s), rtol=1e-10)


@pytest.mark.parametrize(("n", "p", "q"), [(12, 3, 5), (12, 40, 5), (12, 40, 50)])
def test_angle_is_that_of_the_flattened_gram_matrices(rng, n, p, q):
    x, y = pair(rng, n, p, q)
    k, l = (unit(z) @ unit(z).T for z in (x, y))  # noqa: E741
    cosine = k.flatten() @ l.flatten() / np.linalg.norm(k) / np.linalg.norm(l)
    value = angular_cka(torch.from_numpy(x), torch.from_numpy(y))
    assert_allclose(value, math.acos(cosine), rtol=1e-10)


@pytest.mark.parametrize(("p", "q"), [(4, 1), (9, 3)])
def test_nested_orthonormal_features_have_closed_forms(rng, p, q):
    # ||X'Y||_* = q / sqrt(p q) and CKA = sqrt(q / p)
    x = rng.normal(size=(30, p))
    x, _ = np.linalg.qr(x - x.mean(axis=0))
    x = torch.from_numpy(x)
    assert_allclose(procrustes(x, x[:, :q]), math.sqrt(2 - 2 * math.sqrt(q / p)), rtol=1e-10)
    assert_allclose(angular_cka(x, x[:, :q]), math.acos(math.sqrt(q / p)), rtol=1e-10)


@pytest.mark.parametrize("distance", [procrustes, angular_cka])
def test_float32_input_is_computed_in_float64(rng, distance):
    x = torch.from_numpy(rng.normal(size=(40, 5))).float()
    assert distance(x, x) < 1e-7
