"""Linear predictivity against least squares; mean representations by hand."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from collect.measures.prediction import linear_predictivity, mean_representation


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


def test_means_are_compared_by_their_cosine(pair):
    x, y = pair[0][:, :4], pair[1]
    a, b = x.mean(axis=0), y.mean(axis=0)
    expected = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    value = mean_representation(torch.from_numpy(x), torch.from_numpy(y))
    assert_allclose(value, expected, rtol=1e-10)


def test_means_at_right_angles_have_cosine_zero():
    x = torch.tensor([[2.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, -1.0]])
    assert mean_representation(x, x.flip(1)) == 0.0


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (torch.randn(4, 3), "2 and 3 features: means of different widths"),
        (torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]]), "the mean of y is 0"),
    ],
)
def test_means_refuse(y, message):
    x = torch.tensor([[2.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, -1.0]])
    with pytest.raises(ValueError, match=message):
        mean_representation(x, y)
