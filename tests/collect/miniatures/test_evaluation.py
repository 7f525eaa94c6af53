"""k-NN and linear probe against scikit-learn, intervals against statsmodels."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.proportion import proportion_confint

from collect.miniatures.evaluation import (
    Encoded,
    knn_accuracy,
    linear_probe_accuracy,
    wilson_accuracy,
)


@pytest.fixture
def clouds(rng):
    """Three overlapping clouds: 300 to learn from, 150 to ask."""
    centres = rng.normal(size=(3, 8))
    labels = rng.integers(0, 3, size=450)
    features = (centres[labels] + rng.normal(size=(450, 8))).astype(np.float32)
    both = torch.from_numpy(features), torch.from_numpy(labels)
    return Encoded(both[0][:300], both[1][:300]), Encoded(both[0][300:], both[1][300:])


def test_knn_agrees_with_scikit_learn(clouds):
    bank, queries = clouds
    reference = KNeighborsClassifier(
        20, metric="cosine", weights=lambda distance: np.exp((1 - distance) / 0.07)
    ).fit(bank.features.numpy(), bank.labels.numpy())
    expected = reference.score(queries.features.numpy(), queries.labels.numpy())
    assert knn_accuracy(bank, queries).accuracy == pytest.approx(expected, rel=1e-12)
    assert 0.5 < expected < 1


def test_linear_probe_agrees_with_scikit_learn(clouds):
    fitted, asked = clouds
    scaler = StandardScaler().fit(fitted.features.numpy())
    x, new = (scaler.transform(part.features.numpy()) for part in (fitted, asked))
    # scikit-learn minimises C * sum of losses + |w|^2 / 2; ours is the mean loss + 1e-4 |w|^2 / 2
    reference = LogisticRegression(C=1 / (1e-4 * len(x)), max_iter=1000).fit(x, fitted.labels)
    expected = reference.score(new, asked.labels)
    assert linear_probe_accuracy(fitted, asked).accuracy == pytest.approx(expected, abs=1 / 150)


@pytest.mark.parametrize(("n_correct", "n"), [(0, 20), (17, 20), (60, 60), (8123, 10000)])
def test_intervals_are_wilsons(n_correct, n):
    found = wilson_accuracy(torch.arange(n) < n_correct)
    low, high = proportion_confint(n_correct, n, method="wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), rel=1e-10, abs=1e-15)
    assert found.accuracy == n_correct / n
