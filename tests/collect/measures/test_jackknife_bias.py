"""What Gaussian layers say of a jackknife that sees too much."""

from dataclasses import replace
from functools import partial
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from collect.measures.compare import compare
from collect.measures.gaussian_layers import gaussian_layers
from collect.measures.inference import Inference
from collect.measures.intervals import BalancedJackknife, Jackknife
from collect.measures.jackknife_bias import _strength, variance_ratio
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


@pytest.mark.parametrize("name", ["cca_yanai", "procrustes"])
def test_drawn_layers_are_as_alike_as_the_given_ones(rng, name):
    x, y = layers(rng, name)
    model = gaussian_layers(x, y)
    strength = _strength(model, value_of(x, y), seed=0)
    generator = torch.Generator().manual_seed(1)
    values = [value_of(*model.draw(strength, generator)) for _ in range(200)]
    assert float(np.mean(values)) == pytest.approx(value_of(x, y), abs=float(np.std(values)))


def test_few_features_of_many_images_leave_the_jackknife_as_it_is(rng):
    x, y = layers(rng, "cca_yanai", 600, n_features=2)
    assert variance_ratio(x, y, PARTS, n_simulations=1000) == pytest.approx(1, abs=0.2)


def test_many_features_make_the_jackknife_too_wide_and_the_ratio_says_so(rng):
    drawn = DESIGNS["24 features"].draw(rng)
    x, y = (MeasuredLayer(rows, "x", MEASURES["cca_yanai"], None) for rows in drawn)
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
def test_only_intervals_from_halves_or_thirds_are_corrected(rng, name):
    x, y = layers(rng, name, n_features=3)
    inference = Inference(n_blocks=20, n_simulations=50)
    (found,) = compare({"a": x.x}, {"a": y.x}, measures=[name], inference=inference)
    assert found.ci_low is not None
    assert found.ci_variance_ratio == 1


def test_what_is_blind_to_pairing_is_not_corrected(rng, monkeypatch):
    """No coupling of drawn layers would make such a value that of the given ones."""
    blind = replace(MEASURES["cca_yanai"], name="blind", sees_pairing=False)
    monkeypatch.setitem(MEASURES, "blind", blind)
    x, y = layers(rng, "cca_yanai")
    inference = Inference(n_blocks=20, n_simulations=50)
    (found,) = compare({"a": x.x}, {"a": y.x}, measures=["blind"], inference=inference)
    assert found.ci_low is not None
    assert found.ci_variance_ratio == 1


def test_no_interval_has_no_ratio(rng):
    x, y = layers(rng, "cca_yanai", n_features=3)
    (found,) = compare({"a": x.x}, {"a": y.x}, measures=["cca_yanai"])
    assert found.ci_low is found.ci_variance_ratio is None


def test_layers_more_alike_than_any_that_are_drawn_have_no_ratio(rng):
    x, _ = layers(rng, "mutual_knn")
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
