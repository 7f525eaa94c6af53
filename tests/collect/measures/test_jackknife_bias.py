"""Gaussian layers like given ones, and what they say of a jackknife that sees too much."""

from functools import partial
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.intervals import BalancedJackknife, Jackknife
from collect.measures.jackknife_bias import _coupling, gaussian_layers, variance_ratio
from collect.measures.measured_layer import MeasuredLayer, value_of
from collect.measures.registry import MEASURES
from collect.measures.resampling import without_parts
from tests.collect.measures.similarity_coverage import coverage
from tests.collect.measures.similarity_designs import DESIGNS

PARTS = partial(without_parts, n_blocks=20, seed=0)


def layers(rng, name, n_images=80, n_features=24, groups=None):
    x = torch.from_numpy(rng.normal(size=(n_images, n_features)) + 1)
    y = x + torch.from_numpy(rng.normal(size=x.shape))
    return tuple(
        MeasuredLayer(rows, label, MEASURES[name], groups) for rows, label in ((x, "x"), (y, "y"))
    )


def width(comparison):
    return comparison.ci_high - comparison.ci_low


def covariance(columns):
    return torch.cov(columns.T)


@pytest.mark.parametrize("n_images", [30, 500])
def test_drawn_layers_have_the_means_and_covariances_of_the_given_ones(rng, n_images):
    x, y = layers(rng, "cka_linear", n_images, n_features=3)
    given = covariance(torch.cat([x.x, y.x], dim=1))
    model = gaussian_layers(x, y)
    assert_allclose(model.root.T @ model.root, given, atol=1e-12)
    generator = torch.Generator().manual_seed(0)
    for coupling in (0.0, 0.6, 1.0):
        pairs = [model.draw(coupling, generator) for _ in range(40_000 // n_images)]
        drawn = torch.cat([torch.cat([a.x, b.x], dim=1) for a, b in pairs])
        expected = given.clone()
        expected[:3, 3:] *= coupling
        expected[3:, :3] *= coupling
        assert_allclose(covariance(drawn), expected, atol=0.06)
        assert_allclose(drawn.mean(dim=0), torch.cat([x.x, y.x], dim=1).mean(dim=0), atol=0.04)


def test_rows_of_an_image_are_drawn_together_wherever_they_stand(rng):
    images = np.repeat(rng.normal(size=(200, 2)), 3, axis=0)
    rows = torch.from_numpy(images + 0.3 * rng.normal(size=images.shape))
    order = torch.from_numpy(rng.permutation(600))
    groups = (torch.arange(600) // 3)[order]
    layer = MeasuredLayer(rows[order], "x", MEASURES["cka_linear_debiased"], groups)
    drawn, _ = gaussian_layers(layer, layer).draw(1.0, torch.Generator().manual_seed(0))
    assert drawn.groups is not None
    assert torch.equal(drawn.groups, torch.arange(600) // 3)
    first, second = drawn.x[::3, 0], drawn.x[1::3, 0]
    found = torch.corrcoef(torch.stack([first, second]))[0, 1]
    assert_allclose(found, 1 / 1.09, atol=0.05)


@pytest.mark.parametrize("name", ["cca_yanai", "procrustes"])
def test_drawn_layers_are_as_alike_as_the_given_ones(rng, name):
    x, y = layers(rng, name)
    model = gaussian_layers(x, y)
    coupling = _coupling(model, value_of(x, y), seed=0)
    assert 0.1 < coupling < 1
    generator = torch.Generator().manual_seed(1)
    values = [value_of(*model.draw(coupling, generator)) for _ in range(200)]
    assert float(np.mean(values)) == pytest.approx(value_of(x, y), abs=float(np.std(values)))


def test_few_features_of_many_images_leave_the_jackknife_as_it_is(rng):
    x, y = layers(rng, "cca_yanai", 600, n_features=2)
    assert variance_ratio(x, y, PARTS, n_simulations=1000) == pytest.approx(1, abs=0.2)


def test_many_features_make_the_jackknife_too_wide_and_the_ratio_says_so(rng):
    x, y = layers(rng, "cca_yanai")
    ratio = variance_ratio(x, y, PARTS, n_simulations=400)
    assert ratio is not None
    assert ratio > 1.2
    plain, corrected = (
        compare(
            {"a": x.x},
            {"a": y.x},
            measures=["cca_yanai"],
            inference=Inference(n_blocks=20, n_simulations=n),
        )[0]
        for n in (0, 400)
    )
    assert corrected.value == plain.value
    assert width(plain) == pytest.approx(width(corrected) * ratio**0.5)


def test_units_of_different_sizes_leave_the_interval_as_it_is(rng):
    groups = torch.arange(80).clamp(max=70)
    x, y = layers(rng, "cca_yanai", groups=groups, n_features=3)
    assert variance_ratio(x, y, PARTS, n_simulations=50) is None
    plain, asked = (
        compare(
            {"a": x.x},
            {"a": y.x},
            measures=["cca_yanai"],
            groups=groups,
            inference=Inference(n_blocks=20, n_simulations=n),
        )[0]
        for n in (0, 50)
    )
    assert (asked.ci_low, asked.ci_high) == (plain.ci_low, plain.ci_high) != (None, None)
    assert asked.ci_variance_ratio == plain.ci_variance_ratio == 1


@pytest.mark.parametrize("name", ["cka_linear", "procrustes", "mean_representation"])
def test_only_intervals_of_what_sees_pairing_from_halves_or_thirds_are_corrected(rng, name):
    x, y = layers(rng, name, n_features=3)
    inference = Inference(n_blocks=20, n_simulations=50)
    (found,) = compare({"a": x.x}, {"a": y.x}, measures=[name], inference=inference)
    assert found.ci_low is not None
    assert found.ci_variance_ratio == 1


def test_no_interval_has_no_ratio(rng):
    x, y = layers(rng, "cca_yanai", n_features=3)
    (found,) = compare({"a": x.x}, {"a": y.x}, measures=["cca_yanai"])
    assert found.ci_low is found.ci_variance_ratio is None


def test_layers_more_alike_than_any_that_are_drawn_have_no_ratio(rng):
    x, _ = layers(rng, "cca_yanai")
    assert variance_ratio(x, x, PARTS, n_simulations=50) is None


def test_layers_that_are_nearly_the_same_have_one(rng):
    x, _ = layers(rng, "cca_yanai")
    near = x.x + 0.01 * torch.from_numpy(rng.normal(size=x.x.shape))
    y = MeasuredLayer(near, "y", x.measure, None)
    assert value_of(x, y) > 0.99
    ratio = variance_ratio(x, y, PARTS, n_simulations=200)
    assert ratio is not None
    assert 0.5 < ratio < 4


def test_few_simulations_are_refused():
    with pytest.raises(ValueError, match="n_simulations = 1: expected 0 or at least 50"):
        Inference(n_simulations=1)


@pytest.mark.parametrize("blocks", [None, Jackknife(0.5, torch.arange(20.0))])
def test_draws_without_halves_or_thirds_have_no_ratio(rng, blocks):
    x, y = layers(rng, "cca_yanai", n_features=2)
    assert variance_ratio(x, y, lambda *_: blocks, n_simulations=50) is None


def test_one_enormous_error_does_not_decide(rng):
    x, y = layers(rng, "cca_yanai", n_features=2)
    usual = BalancedJackknife(0.5, 0.1 * torch.arange(6.0).reshape(3, 2))
    enormous = BalancedJackknife(0.5, 1e3 * usual.without)
    draws = [enormous, *[usual] * 20]
    ratios = [
        variance_ratio(x, y, Mock(side_effect=found), n_simulations=50)
        for found in (draws, draws[1:])
    ]
    assert ratios[0] == ratios[1] is not None


@pytest.mark.slow
def test_a_corrected_interval_of_many_features_holds_as_often_as_it_says():
    found = coverage("cca_yanai", DESIGNS["24 features"], 300, 300)
    assert 0.92 < found.corrected < 0.98
    assert found.corrected < found.plain
