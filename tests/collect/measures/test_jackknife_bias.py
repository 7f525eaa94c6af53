"""What Gaussian layers say of influences that miss the variance."""

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
import torch

from collect.measures import jackknife_bias
from collect.measures.compare import compare
from collect.measures.gaussian_layers import gaussian_layers
from collect.measures.inference import Inference
from collect.measures.jackknife_bias import _strength, correction
from collect.measures.measured_layer import MeasuredLayer, value_of
from collect.measures.registry import MEASURES
from tests.collect.measures.similarity_coverage import coverage
from tests.collect.measures.similarity_designs import DESIGNS

CORRECTED = [name for name, measure in MEASURES.items() if measure.needs_correction]


def layers(rng, name, n_images=80, n_features=24, groups=None):
    x = torch.from_numpy(rng.normal(size=(n_images, n_features)) + 1)
    y = x + torch.from_numpy(rng.normal(size=x.shape))
    return tuple(
        MeasuredLayer(rows, label, MEASURES[name], groups) for rows, label in ((x, "x"), (y, "y"))
    )


def only(x, y, name, n_simulations, groups=None):
    how = Inference(n_simulations=n_simulations)
    return compare({"a": x}, {"a": y}, measures=[name], groups=groups, inference=how)[0]


@pytest.mark.parametrize("name", ["cca_yanai", "procrustes"])
def test_drawn_layers_are_as_alike_as_the_given_ones(rng, name):
    x, y = layers(rng, name)
    model = gaussian_layers(x, y)
    strength = _strength(model, value_of(x, y), seed=0)
    generator = np.random.default_rng(1)
    values = [value_of(*model.draw(strength, generator)) for _ in range(200)]
    assert float(np.mean(values)) == pytest.approx(value_of(x, y), abs=float(np.std(values)))


def test_influences_of_many_images_and_few_features_need_none(rng):
    x, y = layers(rng, "cca_yanai", 600, n_features=2)
    found = correction(x, y, n_simulations=1000)
    assert found is not None
    assert found.ratio == pytest.approx(1, abs=0.2)
    assert found.n_free == 999


def test_those_of_many_features_miss_and_the_ratio_says_so(rng):
    """Many correlations near 0 keep each other from moving: influences say twice as much."""
    x, y = map(torch.from_numpy, rng.normal(size=(2, 80, 24)))
    ratio = only(x, y, "cca_mean", 400).ci_variance_ratio
    values = [
        MEASURES["cca_mean"].compute(*map(torch.from_numpy, rng.normal(size=(2, 80, 24))))
        for _ in range(400)
    ]
    assert ratio is not None
    assert ratio > 1.4
    found = only(x, y, "cca_mean", 400)
    assert found.ci_low is not None
    assert found.value - found.ci_low == pytest.approx(2 * np.std(values), rel=0.35)


@pytest.mark.parametrize("sizes", [(1, 2, 3) * 15, (2,) * 40])
def test_images_of_several_rows_are_corrected_too(rng, sizes):
    groups = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    x, y = layers(rng, "cca_mean", len(groups), 6)
    found = only(x.x, y.x, "cca_mean", 50, groups)
    assert found.ci_low is not None
    assert found.ci_variance_ratio not in (1, None)


@pytest.mark.parametrize("name", CORRECTED)
def test_canonical_correlations_have_no_interval_without_simulations(rng, name):
    x, y = layers(rng, name, n_features=3)
    without, found = (only(x.x, y.x, name, n) for n in (0, 50))
    assert without.ci_low is without.ci_variance_ratio is without.top_image_influence is None
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert found.ci_low < found.value < found.ci_high
    assert found.ci_variance_ratio not in (1, None)
    assert found.top_image_influence is not None


@pytest.mark.parametrize("name", ["cka_linear", "procrustes", "mutual_knn", "linear_predictivity"])
def test_only_intervals_of_canonical_correlations_are_corrected(rng, name):
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
    found = only(x.x, y.x, "blind", 50)
    assert found.ci_low is not None
    assert found.ci_variance_ratio == 1


def test_layers_more_alike_than_any_that_are_drawn_have_none(rng):
    x, _ = layers(rng, "cca_mean")
    assert correction(x, x, n_simulations=50) is None


def test_draws_that_differ_by_rounding_alone_have_none(rng, monkeypatch):
    x, y = layers(rng, "cca_mean", n_features=3)
    value = value_of(x, y)
    drawn = cycle((value - 1e-15, value + 1e-15))
    monkeypatch.setattr(jackknife_bias, "_drawn_value", lambda *_: next(drawn))
    assert correction(x, y, n_simulations=50) is None


def test_layers_that_are_nearly_the_same_have_one(rng):
    x, _ = layers(rng, "cca_yanai")
    near = x.x + 0.01 * torch.from_numpy(rng.normal(size=x.x.shape))
    y = MeasuredLayer(near, "y", x.measure, None)
    assert value_of(x, y) > 0.99
    found = correction(x, y, n_simulations=200)
    assert found is not None
    assert 0.4 < found.ratio < 1.5


def test_a_feature_that_one_image_alone_has_leaves_the_interval_as_it_is(rng):
    """Layers are not drawn after it: nobody knows what such images are like."""
    x, y = layers(rng, "cca_mean", 40, 5)
    x.x[:, 1] = 0
    x.x[3, 1] = 1
    found = only(x.x, y.x, "cca_mean", 50)
    assert found.ci_low is not None
    assert found.ci_variance_ratio == 1


def test_few_simulations_are_refused():
    with pytest.raises(ValueError, match="n_simulations = 1: expected 0 or at least 50"):
        Inference(n_simulations=1)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["24 features", "nearly the same", "heavy tails"])
@pytest.mark.parametrize("name", ["cca_mean", "cca_yanai"])
def test_corrected_intervals_hold_as_often_as_they_say(name, design):
    assert 0.92 < coverage(name, DESIGNS[design], 400).share < 0.98
