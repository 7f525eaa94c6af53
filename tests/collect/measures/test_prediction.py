"""Linear predictivity against least squares."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from collect.measures.prediction import linear_predictivity


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(30, 6)) + 1
    return x, x[:, :4] + rng.normal(size=(30, 4))


def r2_by_scikit_learn(x, y):
    predicted = LinearRegression().fit(x, y).predict(x)
    return r2_score(y, predicted, multioutput="variance_weighted")


def r2_by_normal_equations(x, y):
    x, y = np.hstack([x, np.ones((len(x), 1))]), y - y.mean(axis=0)
    residual = y - x @ np.linalg.solve(x.T @ x, x.T @ y)
    return 1 - (residual**2).sum() / (y**2).sum()


@pytest.mark.parametrize("oracle", [r2_by_scikit_learn, r2_by_normal_equations])
def test_predictivity_is_the_share_of_variance_explained(pair, oracle):
    assert_allclose(linear_predictivity(*map(torch.from_numpy, pair)), oracle(*pair), rtol=1e-10)


def test_an_unrelated_layer_explains_its_share_of_dimensions(rng):
    values = [
        linear_predictivity(*torch.from_numpy(rng.normal(size=(2, 40, 8)))) for _ in range(300)
    ]
    assert np.mean(values) == pytest.approx(8 / 39, abs=4 * np.std(values) / np.sqrt(300))


def test_a_target_may_have_more_features_than_rows(rng):
    x, y = torch.from_numpy(rng.normal(size=(30, 3))), torch.from_numpy(rng.normal(size=(30, 90)))
    assert 0 < linear_predictivity(x, y) < 1
    with pytest.raises(ValueError, match="x has 30 rows and 90 features"):
        linear_predictivity(y, x)
