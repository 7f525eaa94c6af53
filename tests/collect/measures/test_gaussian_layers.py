"""Gaussian layers are like given ones, as far as these tell what the population is like."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cca import canonical_correlations
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


def tenths(n_rows):
    return torch.arange(n_rows) % 10


@pytest.mark.parametrize("n_features", [(3, 3), (2, 5), (5, 2)])
def test_drawn_layers_have_the_means_and_covariances_of_the_given_ones(rng, n_features):
    x, y = (
        rng.normal(size=(60, n)) @ rng.normal(size=(n, n)) + rng.normal(size=n) for n in n_features
    )
    y[:, 0] += x[:, 0]
    model = gaussian_layers(layer(x), layer(y))
    for root, given in ((model.x_root, x), (model.y_root, y)):
        assert_allclose(root.T @ root, np.cov(given.T), atol=1e-12)
    generator = np.random.default_rng(0)
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
    of_the_sample, held_out = canonical(x, y), held_out_correlations(x, y, tenths(len(x)))
    assert of_the_sample[5] - of_the_sample[-5] > 0.6
    assert held_out[5] - held_out[-5] < 0.25


@pytest.mark.parametrize("n_rows", [40, 12])  # more than both dimensions, and fewer
@pytest.mark.parametrize("n_features", [(4, 9), (9, 4)])
def test_whitened_draws_have_the_correlations_of_draws_of_rows(rng, n_features, n_rows):
    x, y = (rng.normal(size=(200, n)) for n in n_features)
    y[:, :3] += 2 * x[:, :3]
    model = replace(gaussian_layers(layer(x), layer(y)), n_rows=n_rows)
    draws = np.random.default_rng(0)
    by_rows, whitened = [], []
    for _ in range(1500):
        by_rows.append(canonical(*(drawn.x for drawn in model.draw(0.8, draws))).numpy())
        bases = model.draw_whitened(0.8, draws)
        whitened.append(canonical_correlations(*bases).numpy())
        gram = bases[1].basis.T @ bases[1].basis
        assert_allclose(gram, np.eye(n_features[1]), atol=1e-12)
    error = np.std(by_rows, axis=0) * (2 / 1500) ** 0.5 + 1e-9
    assert (np.abs(np.mean(by_rows, axis=0) - np.mean(whitened, axis=0)) < 4 * error).all()
    varied = np.std(by_rows, axis=0) > 1e-6
    ratios = np.std(whitened, axis=0)[varied] / np.std(by_rows, axis=0)[varied]
    assert_allclose(ratios, 1, atol=0.12)


@pytest.mark.parametrize("sizes", [(3,) * 200, (1, 2, 6) * 70])
def test_of_rows_of_an_image_as_many_are_drawn_as_their_products_are_worth(rng, sizes):
    """Rows that correlate by 0.8 within an image in one layer and 0.5 in the other: 0.4."""
    groups = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))

    def rows(within):
        image = torch.from_numpy(rng.normal(size=(len(sizes), 4)))[groups]
        return within**0.5 * image + (1 - within) ** 0.5 * torch.from_numpy(
            rng.normal(size=image.shape)
        )

    model = gaussian_layers(layer(rows(0.8), groups=groups), layer(rows(0.5), groups=groups))
    mean_size = sum(size**2 for size in sizes) / sum(sizes)
    assert model.n_rows == pytest.approx(sum(sizes) / (1 + (mean_size - 1) * 0.4), rel=0.1)
    drawn, _ = model.draw(1.0, np.random.default_rng(0))
    assert drawn.x.shape == (model.n_rows, 4)
    assert drawn.groups is None


def test_rows_of_an_image_are_held_out_together(rng):
    """Were they not, directions that an image alone has would be found in its other rows."""
    images = torch.arange(20).repeat_interleave(10)
    x, y = (torch.from_numpy(rng.normal(size=(20, 6)))[images] for _ in range(2))
    x, y = (a + 0.01 * torch.from_numpy(rng.normal(size=a.shape)) for a in (x, y))
    found = gaussian_layers(layer(x, groups=images), layer(y, groups=images)).correlations
    by_rows = held_out_correlations(x, y, tenths(200))
    assert found.max() < 0.5 < 0.7 < by_rows.max()


def test_dead_and_repeated_features_stay_what_they_are(rng):
    x, y = correlated(rng, 60, 3, 0.5)
    x = np.c_[x, x[:, :1], np.full(60, 2.0)]
    drawn, _ = gaussian_layers(layer(x), layer(y)).draw(1.0, np.random.default_rng(0))
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
        held_out_correlations(x, y, tenths(len(x)))


def test_refuses_a_feature_that_one_image_alone_has(rng):
    """Without the image it is 0, and the axis along it nobody knows."""
    x, y = map(torch.from_numpy, correlated(rng, 80, 3, 0.7))
    x[:, 2] = 0
    x[5, 2] = 1
    with pytest.raises(ValueError, match="constant without a tenth of the rows"):
        held_out_correlations(x - x.mean(dim=0), y - y.mean(dim=0), tenths(80))
    inference = Inference(n_blocks=20, n_simulations=50)
    found = compare({"a": x}, {"a": y}, measures=["cca_yanai"], inference=inference)[0]
    assert found.ci_low is not None
    assert found.ci_variance_ratio == 1
