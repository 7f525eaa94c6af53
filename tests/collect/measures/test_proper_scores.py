"""Brier score and log likelihood: loops and scikit-learn."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.metrics import brier_score_loss, log_loss

from collect.measures.proper_scores import brier_score, negative_log_likelihood


@pytest.fixture
def forecasts(rng):
    return rng.dirichlet(np.ones(4), size=50), np.concatenate([range(4), rng.integers(4, size=46)])


def test_brier_score_is_the_squared_distance_to_what_came_true(forecasts):
    p, y = forecasts
    total = sum((p[i, c] - (y[i] == c)) ** 2 for i in range(50) for c in range(4))
    value = brier_score(torch.from_numpy(p), torch.from_numpy(y))
    assert_allclose(value, total / 50, rtol=1e-10)
    assert_allclose(value, brier_score_loss(y, p, labels=range(4), scale_by_half=False), rtol=1e-10)


def test_brier_score_of_two_classes_is_twice_that_of_one(rng):
    p, y = rng.uniform(size=40), rng.integers(2, size=40)
    both = torch.from_numpy(np.stack([1 - p, p], axis=1))
    expected = 2 * brier_score_loss(y, p)
    assert_allclose(brier_score(both, torch.from_numpy(y)), expected, rtol=1e-10)


def test_likelihood_is_that_of_what_came_true(forecasts):
    p, y = forecasts
    expected = -np.mean([math.log(row[label]) for row, label in zip(p, y, strict=True)])
    value = negative_log_likelihood(torch.from_numpy(p), torch.from_numpy(y))
    assert_allclose(value, expected, rtol=1e-10)
    assert_allclose(value, log_loss(y, p), rtol=1e-10)


def test_labels_are_scored_one_by_one(rng):
    p, y = rng.uniform(size=(30, 3)), rng.integers(2, size=(30, 3))
    briers = [brier_score_loss(y[:, c], p[:, c]) for c in range(3)]
    losses = [log_loss(y[:, c], p[:, c], labels=[0, 1]) for c in range(3)]
    given = torch.from_numpy(p), torch.from_numpy(y)
    assert_allclose(brier_score(*given), np.mean(briers), rtol=1e-10)
    assert_allclose(negative_log_likelihood(*given), np.mean(losses), rtol=1e-10)


def test_an_impossible_event_has_no_likelihood():
    p = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    with pytest.raises(ValueError, match="1 forecasts gave what came true the probability 0"):
        negative_log_likelihood(p, torch.tensor([1, 0]))
