"""Gaussian layers are like given ones, as far as these tell what the population is like."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.compare import compare
from collect.measures.gaussian_layers import gaussian_layers, held_out_correlations
from collect.measures.inference import Inference
from collect.measures.measured_layer import MeasuredLayer
from collect.measures.registry import MEASURES


def layer(rows, name="x", groups=None):
    return MeasuredLayer(torch.as_tensor(rows), name, MEASURES["cka_linear_debiased"], groups)


def correlated(rng, n_images, n_features, correlation):
    """Two white layers whose canonical correlations are all the same."""
    x, own = rng.normal(size=(2, n_images, n_features))
    return x, correlation * x + (1 - correlation**2) ** 0.5 * own


def canonical(x, y):
    whitened = [torch.linalg.qr(a - a.mean(dim=0)).Q for a in (x, y)]
    return torch.linalg.svdvals(whitened[0].T @ whitened[1])


@pytest.mark.parametrize("n_features", [(3, 3), (2, 5), (5, 2)])
def test_drawn_layers_have_the_means_and_covariances_of_the_given_ones(rng, n_features):
    x, y = (
        rng.normal(size=(60, n)) @ rng.normal(size=(n, n)) + rng.normal(size=n) for n in n_features
    )
    y[:, 0] += x[:, 0]
    model = gaussian_layers(layer(x), layer(y))
    for root, given in ((model.x_root, x), (model.y_root, y)):
        assert_allclose(root.T @ root, np.cov(given.T), atol=1e-12)
    generator = torch.Generator().manual_seed(0)
    for strength in (0.0, 0.7, 1.0):
        pairs = [model.draw(strength, generator) for _ in range(700)]
        drawn = torch.cat([torch.cat([a.x, b.x], dim=1) for a, b in pairs])
        shared = torch.tanh(strength * torch.atanh(model.correlations))
        n_pairs = len(shared)
        across = (model.x_root[:n_pairs].T @ (shared[:, None] * model.y_root[:n_pairs])).numpy()
        expected = np.block([[np.cov(x.T), across], [across.T, np.cov(y.T)]])
        spread = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        assert_allclose(np.cov(drawn.T.numpy()) / spread, expected / spread, atol=0.04)
        centre = (drawn.mean(dim=0).numpy() - np.r_[x.mean(0), y.mean(0)]) / np.diag(spread) ** 0.5
        assert_allclose(centre, 0, atol=0.03)


def test_of_many_rows_the_correlations_and_their_directions_are_those_of_the_rows(rng):
    x, own = rng.normal(size=(2, 20_000, 3))
    y = x @ np.diag([0.9, 0.5, 0.1]) + np.sqrt([0.19, 0.75, 0.99]) * own
    model = gaussian_layers(layer(x), layer(y))
    assert_allclose(model.correlations, canonical(*map(torch.from_numpy, (x, y))), atol=0.02)
    across = model.x_root.T @ (model.correlations[:, None] * model.y_root)
    assert_allclose(across, np.cov(x.T, y.T)[:3, 3:], atol=0.02)


def test_equal_correlations_of_many_features_are_not_spread_as_those_of_the_sample_are(rng):
    x, y = map(torch.from_numpy, correlated(rng, 300, 100, 0.7))
    of_the_sample, held_out = canonical(x, y), held_out_correlations(x, y)
    assert of_the_sample[5] - of_the_sample[-5] > 0.6
    assert held_out[5] - held_out[-5] < 0.25


def test_rows_of_an_image_are_drawn_together_wherever_they_stand(rng):
    images = np.repeat(rng.normal(size=(200, 2)), 3, axis=0)
    rows = torch.from_numpy(images + 0.3 * rng.normal(size=images.shape))
    order = torch.from_numpy(rng.permutation(600))
    groups = (torch.arange(600) // 3)[order]
    given = layer(rows[order], groups=groups)
    drawn, _ = gaussian_layers(given, given).draw(1.0, torch.Generator().manual_seed(0))
    assert drawn.groups is not None
    assert torch.equal(drawn.groups, torch.arange(600) // 3)
    first, second = drawn.x[::3, 0], drawn.x[1::3, 0]
    found = torch.corrcoef(torch.stack([first, second]))[0, 1]
    assert_allclose(found, 1 / 1.09, atol=0.05)


def test_dead_and_repeated_features_stay_what_they_are(rng):
    x, y = correlated(rng, 60, 3, 0.5)
    x = np.c_[x, x[:, :1], np.full(60, 2.0)]
    drawn, _ = gaussian_layers(layer(x), layer(y)).draw(1.0, torch.Generator().manual_seed(0))
    assert_allclose(drawn.x[:, 3], drawn.x[:, 0], atol=1e-9)
    assert_allclose(drawn.x[:, 4], 2, atol=1e-9)


def test_of_more_features_than_images_the_largest_components_are_drawn(rng):
    x = rng.normal(size=(40, 200)) / np.arange(1, 201)
    model = gaussian_layers(layer(x), layer(x[:, :50]))
    assert model.x_root.shape == (20, 200)
    of_all, drawn = np.cov(x.T).trace(), float((model.x_root**2).sum())
    assert 0.95 * of_all < drawn < of_all


def test_refuses_as_many_features_as_images_could_tell(rng):
    x, y = map(torch.from_numpy, correlated(rng, 40, 35, 0.5))
    with pytest.raises(ValueError, match="too many features for these images"):
        held_out_correlations(x, y)


def test_refuses_a_feature_that_one_image_alone_has(rng):
    """Without the image it is 0, and the axis along it nobody knows."""
    x, y = map(torch.from_numpy, correlated(rng, 80, 3, 0.7))
    x[:, 2] = 0
    x[5, 2] = 1
    with pytest.raises(ValueError, match="constant without a tenth of the rows"):
        held_out_correlations(x - x.mean(dim=0), y - y.mean(dim=0))
    inference = Inference(n_blocks=20, n_simulations=50)
    found = compare({"a": x}, {"a": y}, measures=["cca_yanai"], inference=inference)[0]
    assert found.ci_low is not None
    assert found.ci_variance_ratio == 1
