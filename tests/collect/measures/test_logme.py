"""LogME, against the evidence by definition, the published iteration, and scikit-learn."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.linear_model import BayesianRidge

from collect.measures.logme import logme


def by_definition(x, y):
    """Largest log density of y under N(0, F F' / alpha + I / beta), per image."""

    def minus_evidence(logs):
        alpha, beta = np.exp(np.clip(logs, -25, 25))
        return -multivariate_normal(cov=x @ x.T / alpha + np.eye(len(x)) / beta).logpdf(y)

    starts = [(-2.0, 0.0), (0.0, 0.0), (2.0, 2.0), (4.0, 0.0)]
    options: Any = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    found = [
        minimize(minus_evidence, np.array(start), method="Nelder-Mead", options=options)
        for start in starts
    ]
    return -min(one.fun for one in found) / len(x)


def by_iteration(x, y):
    """You et al. (2021), algorithm 1, iterated until nothing moves."""
    n, d = x.shape
    alpha, beta = 1.0, 1.0
    for _ in range(2000):
        a = alpha * np.eye(d) + beta * x.T @ x
        m = beta * np.linalg.solve(a, x.T @ y)
        eigenvalues = np.linalg.eigvalsh(beta * x.T @ x)
        gamma = (eigenvalues / (alpha + eigenvalues)).sum()
        alpha, beta = gamma / (m @ m), (n - gamma) / ((y - x @ m) ** 2).sum()
    a = alpha * np.eye(d) + beta * x.T @ x
    m = beta * np.linalg.solve(a, x.T @ y)
    evidence = n / 2 * np.log(beta / (2 * np.pi)) + d / 2 * np.log(alpha)
    evidence -= np.linalg.slogdet(a)[1] / 2
    return (evidence - beta / 2 * ((y - x @ m) ** 2).sum() - alpha / 2 * m @ m) / n


def by_scikit_learn(x, y):
    """Evidence of Bayesian ridge regression without intercept and with flat priors."""
    flat = dict.fromkeys(["alpha_1", "alpha_2", "lambda_1", "lambda_2"], 0.0)
    model = BayesianRidge(max_iter=3000, tol=1e-14, fit_intercept=False, compute_score=True, **flat)
    return model.fit(x, y).scores_[-1] / len(x)


@pytest.fixture
def features(rng):
    return rng.normal(size=(40, 5)) + 0.5


@pytest.fixture
def labels(rng, features):
    noisy = features[:, :3] + 0.7 * rng.normal(size=(40, 3))
    return noisy.argmax(axis=1)


def score(features, labels):
    return logme(torch.from_numpy(features), torch.from_numpy(labels))


@pytest.mark.parametrize(
    ("oracle", "rtol"),
    # the simplex stops at 1e-9 of its arguments, and the evidence is flat there
    [(by_definition, 1e-8), (by_iteration, 1e-9), (by_scikit_learn, 1e-9)],
)
def test_is_the_mean_evidence_over_classes(features, labels, oracle, rtol):
    expected = np.mean([oracle(features, (labels == c).astype(float)) for c in range(3)])
    assert_allclose(score(features, labels), expected, rtol=rtol)


def test_more_features_than_images(rng):
    x = rng.normal(size=(12, 30))
    y = (x[:, 0] > 0).astype(int)
    expected = np.mean([by_definition(x, (y == c).astype(float)) for c in range(2)])
    assert_allclose(score(x, y), expected, rtol=1e-6)


def test_labels_are_averaged_like_classes(features, labels):
    multi_hot = np.eye(3, dtype=np.int64)[labels]
    assert_allclose(score(features, multi_hot), score(features, labels), rtol=1e-12)
    with_absent = np.c_[multi_hot, np.zeros(40, dtype=np.int64), np.ones(40, dtype=np.int64)]
    assert_allclose(score(features, with_absent), score(features, labels), rtol=1e-12)


def test_scale_and_rotation_of_features_do_not_matter(rng, features, labels):
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    assert_allclose(score(1e3 * features @ rotation, labels), score(features, labels), rtol=1e-9)


def test_copies_of_a_feature_do_not_break_it(features, labels):
    expected = score(np.c_[features, features], labels)
    assert_allclose(expected, score(2**0.5 * features, labels), rtol=1e-9)


def test_features_that_know_the_labels_score_higher(rng, features, labels):
    means = np.eye(5)[labels] * 3
    assert (
        score(features + means, labels)
        > score(features, labels)
        > score(rng.normal(size=(40, 5)) + 0.5, labels)
    )


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.eye(6), torch.ones(6), "all 6 images have the same labels"),
        (torch.eye(6), torch.ones(5), r"labels have shape \(5,\), the features 6 rows"),
        (torch.ones(6, 2), torch.arange(6) % 2, "features is constant"),
    ],
)
def test_refuses(x, y, message):
    with pytest.raises(ValueError, match=message):
        logme(x, y)
