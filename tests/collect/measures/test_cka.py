"""Linear CKA: the definitions written slowly, closed forms, and float32 against float64."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cka import cka_linear, cka_linear_debiased

SHAPES = [(12, 3, 5), (12, 40, 5), (12, 40, 50)]


def hsic_by_definition(x, y):
    """Kornblith et al. (2019) eq. 3 with an explicit centering matrix."""
    n = len(x)
    h = np.eye(n) - np.ones((n, n)) / n
    return np.trace(x @ x.T @ h @ y @ y.T @ h) / (n - 1) ** 2


def u_centred(k):
    """Székely and Rizzo (2014), definition 2, entry by entry."""
    n = len(k)
    out = np.zeros_like(k)
    off = k - np.diag(np.diag(k))
    for i in range(n):
        for j in range(n):
            if i != j:
                out[i, j] = (
                    off[i, j]
                    - off[i].sum() / (n - 2)
                    - off[:, j].sum() / (n - 2)
                    + off.sum() / ((n - 1) * (n - 2))
                )
    return out


def hsic_over_quadruples(x, y):
    """Unbiased HSIC as its defining mean over ordered quadruples of distinct inputs."""
    n = len(x)
    k, l = x @ x.T, y @ y.T  # noqa: E741
    total, count = 0.0, 0
    for i in range(n):
        for j in set(range(n)) - {i}:
            for q in set(range(n)) - {i, j}:
                for r in set(range(n)) - {i, j, q}:
                    total += k[i, j] * (l[i, j] + l[q, r] - 2 * l[i, q])
                    count += 1
    return total / count


def by(hsic, x, y):
    return hsic(x, y) / np.sqrt(hsic(x, x) * hsic(y, y))


def pair(rng, n, p, q):
    x = rng.normal(size=(n, p)) + 3
    return x, x[:, :1] + rng.normal(size=(n, q))


@pytest.mark.parametrize(("n", "p", "q"), SHAPES)
def test_biased_is_the_definition(rng, n, p, q):
    x, y = pair(rng, n, p, q)
    value = cka_linear(torch.from_numpy(x), torch.from_numpy(y))
    assert_allclose(value, by(hsic_by_definition, x, y), rtol=1e-10)


@pytest.mark.parametrize(("p", "q"), [(4, 1), (4, 2), (9, 3)])
def test_nested_orthonormal_features_have_a_closed_form(rng, p, q):
    # X orthonormal with zero-mean columns, Y its first q columns:
    # ||Y'X||^2 / (||X'X|| ||Y'Y||) = q / sqrt(p q) = sqrt(q / p)
    x = rng.normal(size=(30, p))
    x, _ = np.linalg.qr(x - x.mean(axis=0))
    x = torch.from_numpy(x)
    assert_allclose(cka_linear(x, x[:, :q]), np.sqrt(q / p), rtol=1e-10)


@pytest.mark.parametrize(("n", "p", "q"), SHAPES)
def test_debiased_is_the_correlation_of_u_centred_gram_matrices(rng, n, p, q):
    x, y = pair(rng, n, p, q)
    a, b = u_centred(x @ x.T), u_centred(y @ y.T)
    expected = (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())
    value = cka_linear_debiased(torch.from_numpy(x), torch.from_numpy(y))
    assert_allclose(value, expected, rtol=1e-10)


def test_debiased_is_the_mean_over_quadruples(rng):
    x, y = pair(rng, 7, 3, 2)
    value = cka_linear_debiased(torch.from_numpy(x), torch.from_numpy(y))
    assert_allclose(value, by(hsic_over_quadruples, x, y), rtol=1e-10, atol=1e-12)


def test_debiased_is_zero_on_average_for_unrelated_layers_and_biased_is_not(rng):
    x, y = torch.from_numpy(rng.normal(size=(2, 200, 20, 300)))
    debiased = [cka_linear_debiased(a, b) for a, b in zip(x, y, strict=True)]
    assert abs(np.mean(debiased)) < 4 * np.std(debiased) / np.sqrt(len(debiased))
    assert min(debiased) < 0  # not clamped
    assert min(cka_linear(a, b) for a, b in zip(x, y, strict=True)) > 0.9


@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_float32_is_within_a_millionth_of_float64(rng, offset):
    x = torch.from_numpy(rng.normal(size=(1512, 768)) + offset).float()
    y = torch.from_numpy(rng.normal(size=(1512, 768)) + offset).float() + x
    error = cka_linear_debiased(x, y) - cka_linear_debiased(x.double(), y.double())
    assert abs(error) < 1e-6


@pytest.mark.parametrize("measure", [cka_linear, cka_linear_debiased])
def test_half_precision_and_integers_are_accepted(rng, measure):
    x = torch.from_numpy(rng.integers(-8, 8, size=(20, 4)))
    assert_allclose(measure(x.half(), x.half()), 1.0, rtol=1e-6)
    assert_allclose(measure(x, x.double() * 2 + 1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_refuses_a_layer_that_one_row_dominates(dtype):
    x = torch.zeros(10, 1, dtype=dtype)
    x[3] = 7
    with pytest.raises(ValueError, match=r"HSIC of a layer with itself is .*, not positive"):
        cka_linear_debiased(x, x)
