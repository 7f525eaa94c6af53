"""What each row adds to a value is the derivative with respect to its weight."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cca import cca_mean, whitened_layer
from collect.measures.cca_influences import (
    mean_correlation_influences,
    repeated_correlation_influences,
    shared_dimensions_influences,
    weighted_correlation_influences,
)
from collect.measures.cca_sampling import (
    CcaSampling,
    repeated_correlation,
    sampled_layers,
    sampled_rows,
)
from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.influences import RowInfluences
from collect.measures.measured_layer import MeasuredLayer
from collect.measures.prediction import (
    PredictiveLayer,
    explained_share_influences,
    linear_predictivity,
)
from collect.measures.registry import MEASURES
from collect.measures.resampling import influences_of_units, largest_influence
from collect.measures.svcca import projected_layer
from tests.collect.measures.similarity_coverage import coverage
from tests.collect.measures.similarity_designs import DESIGNS

INFLUENCED = sorted(name for name, measure in MEASURES.items() if measure.influences)
STEP = 1e-5


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(40, 3)) @ np.diag([1, 0.7, 0.4])
    return x, x[:, :2] @ rng.normal(size=(2, 4)) + rng.normal(size=(40, 4))


def covariance_correlations(x, y, weights):
    """Canonical correlations from covariance matrices of weighted rows: another road."""
    both = np.c_[x, y]
    covariance = np.cov(both.T, aweights=weights, bias=True)
    p = x.shape[1]
    xx, xy, yy = covariance[:p, :p], covariance[:p, p:], covariance[p:, p:]
    squares = np.linalg.eigvals(np.linalg.solve(xx, xy) @ np.linalg.solve(yy, xy.T)).real
    return np.sort(np.sqrt(squares.clip(0)))[::-1][: min(p, y.shape[1])]


def derivatives(value, n_rows):
    """Of a function of weights, by central differences around 1."""
    found = []
    for row in range(n_rows):
        ends = []
        for step in (STEP, -STEP):
            weights = np.ones(n_rows)
            weights[row] += step
            ends.append(value(weights))
        found.append((ends[0] - ends[1]) / (2 * STEP))
    return np.array(found)


def test_on_the_mean_of_correlations(pair):
    x, y = pair
    found = mean_correlation_influences(*(whitened_layer(torch.from_numpy(a)) for a in pair))
    expected = derivatives(lambda w: covariance_correlations(x, y, w).mean(), 40)
    assert_allclose(found.of_rows, expected, atol=1e-9)
    assert found.value == pytest.approx(covariance_correlations(x, y, None).mean())


def test_on_shared_dimensions(pair):
    x, y = pair
    found = shared_dimensions_influences(*(whitened_layer(torch.from_numpy(a)) for a in pair))

    def value(weights):
        return (covariance_correlations(x, y, weights) ** 2).sum() / 12**0.5

    assert_allclose(found.of_rows, derivatives(value, 40), atol=1e-9)
    assert found.value == pytest.approx(value(None))


def test_on_weighted_correlations_with_the_weights_as_they_are(pair):
    x, y = pair
    layers = [projected_layer(torch.from_numpy(a)) for a in pair]
    found = weighted_correlation_influences(*layers)
    axes = torch.linalg.svd(layers[0].whitened.basis.T @ layers[1].whitened.basis)[0][:, :3]
    weights = (axes.T @ layers[0].coordinates).abs().sum(dim=1).numpy()
    expected = derivatives(lambda w: covariance_correlations(x, y, w) @ weights / weights.sum(), 40)
    assert_allclose(found.of_rows, expected, atol=1e-9)
    assert found.value == pytest.approx(MEASURES["pwcca"].compute(*map(torch.from_numpy, pair)))


def test_rows_that_no_draw_takes_add_nothing(pair):
    plan = CcaSampling("images", n_rows=20, n_channels=2, n_repeats=3)
    groups = torch.arange(40) // 4
    layers = [sampled_layers(torch.from_numpy(a), "x", groups, plan=plan) for a in pair]
    found = repeated_correlation_influences(*layers)
    assert found.value == pytest.approx(repeated_correlation(*layers))
    expected, drawn = np.zeros(40), set()
    for repeat, (ours, theirs) in enumerate(zip(*layers, strict=True)):
        rows = sampled_rows(groups, 10, plan, torch.Generator().manual_seed(repeat))
        assert torch.equal(ours.rows, rows)
        bases = [a.whitened.basis.numpy() for a in (ours, theirs)]
        expected[rows] += derivatives(
            lambda w, bases=bases: covariance_correlations(bases[0], bases[1], w).mean() / 3,
            len(rows),
        )
        drawn |= set(rows.tolist())
    assert 20 < len(drawn) < 40
    assert_allclose(found.of_rows, expected, atol=1e-9)


def test_on_explained_shares_and_without_each_row_in_fact(pair):
    x, y = (torch.from_numpy(a) for a in pair)
    found = explained_share_influences(PredictiveLayer(x), PredictiveLayer(y))

    def value(weights):
        root = np.sqrt(weights)[:, None]
        a, b = (root * (z - np.average(z, axis=0, weights=weights)) for z in pair)
        left = np.linalg.lstsq(a, b, rcond=None)[1].sum()
        return 1 - left / (b**2).sum()

    assert_allclose(found.of_rows, derivatives(value, 40), atol=1e-9)
    assert found.when_left_out is not None
    rest = torch.arange(40)
    expected = [found.value - linear_predictivity(x[rest != i], y[rest != i]) for i in range(40)]
    assert_allclose(found.when_left_out, expected, atol=1e-12)


def test_what_a_unit_adds_lies_between_its_derivative_and_its_leaving():
    derivative, lost = torch.tensor([[1.0, 1.0, -2.0, 0.0], [6.0, 5.0, 4.0, 0.0]]).double()
    found = RowInfluences(0.5, derivative, lost)
    added = found.of_units(torch.tensor([0, 0, 1, 2]), 3)
    assert_allclose(added, [(2 * 6) ** 0.5, -((2 * 1) ** 0.5), 0])


@pytest.mark.parametrize("name", sorted(set(INFLUENCED) - {"pwcca"}))  # whose weights change too
@pytest.mark.parametrize("grouped", [False, True])
def test_of_many_images_values_without_each_are_those_computed_anew(rng, name, grouped):
    n_rows, n_units = 900, 300 if grouped else 900
    groups = torch.arange(n_rows) % n_units if grouped else None
    x = torch.from_numpy(rng.normal(size=(n_rows, 3)) + 1)
    y = x @ torch.from_numpy(rng.normal(size=(3, 3))) + torch.from_numpy(rng.normal(size=x.shape))
    layers = [MeasuredLayer(a, "x", MEASURES[name], groups) for a in (x, y)]
    found = influences_of_units(*layers)
    assert found is not None
    unit = torch.arange(n_rows) if groups is None else groups
    anew = [
        MEASURES[name].compute(*(a[unit != u] for a in (x, y))) - found.value for u in range(30)
    ]
    changes = (found.without - found.value)[:30].numpy()
    assert np.corrcoef(changes, anew)[0, 1] > 0.98
    assert_allclose(np.std(changes), np.std(anew), rtol=0.05)


@pytest.mark.parametrize("name", INFLUENCED)
def test_the_largest_influence_is_that_of_the_image_left_out_in_fact(pair, name):
    x, y = (torch.from_numpy(a) for a in pair)
    x[7], y[7] = 4 * x[7], 4 * y[7]
    layers = [MeasuredLayer(a, "x", MEASURES[name], None) for a in (x, y)]
    left_out = influences_of_units(*layers)
    assert left_out is not None
    value, rest = left_out.value, torch.arange(40)
    anew = [abs(MEASURES[name].compute(x[rest != i], y[rest != i]) - value) for i in range(40)]
    assert largest_influence(layers[0], layers[1], left_out) == pytest.approx(max(anew))


def test_the_first_images_that_fill_a_draw_are_too_few_for_an_interval(rng):
    """10,000 rows are the first 4 of 8 images: what the others say does not count."""
    x = torch.from_numpy(rng.normal(size=(20_000, 2)))
    y = x + torch.from_numpy(rng.normal(size=x.shape))
    (found,) = compare(
        {"a": x},
        {"a": y},
        measures=["cca_mean_juodelyte"],
        groups=torch.arange(20_000) // 2500,
        inference=Inference(n_blocks=8, n_simulations=50),
    )
    assert found.n_images == 4
    assert found.ci_low is None


def test_an_interval_is_over_the_images_behind_the_value(rng):
    """10,000 rows are the first 10 of 20 images."""
    x = torch.from_numpy(rng.normal(size=(20_000, 2)))
    layers = [
        MeasuredLayer(a, "x", MEASURES["cca_mean_juodelyte"], torch.arange(20_000).flip(0) // 1000)
        for a in (x, x + torch.from_numpy(rng.normal(size=x.shape)))
    ]
    left_out = influences_of_units(*layers)
    assert left_out is not None
    assert len(left_out.without) == 10
    plain = [MeasuredLayer(a.x[10_000:], "x", MEASURES["cca_mean"], None) for a in layers]
    of_rows = influences_of_units(*plain)
    assert of_rows is not None
    added = (of_rows.value - of_rows.without).flip(0).reshape(10, 1000).sum(dim=1)
    assert_allclose(left_out.value - left_out.without, added * 10 / 9 * 9999 / 10_000, rtol=1e-9)
    assert largest_influence(layers[0], layers[1], left_out) is not None


def test_there_is_none_where_the_value_does_not_exist_without_an_image(rng):
    x = torch.from_numpy(rng.normal(size=(40, 2)))
    y = torch.zeros(40, 1, dtype=torch.float64)
    y[3] = 5
    groups = torch.arange(40) // 4
    (found,) = compare({"a": x}, {"a": y}, measures=["linear_predictivity"], groups=groups)
    assert found.ci_low is not None
    assert found.top_image_influence is None


def test_a_row_that_alone_has_a_feature_is_explained_by_it(rng):
    x = torch.from_numpy(rng.normal(size=(40, 2)))
    y = x + torch.from_numpy(rng.normal(size=x.shape))
    x[:, 1] = 0
    x[3, 1] = 1
    (found,) = compare({"a": x}, {"a": y}, measures=["linear_predictivity"])
    assert found.ci_low is not None
    assert found.ci_low < found.value < (found.ci_high or 0)


def test_values_of_the_same_layer_twice_do_not_vary(rng):
    x = torch.from_numpy(rng.normal(size=(60, 4)))
    how = Inference(n_simulations=50)
    (found,) = compare({"a": x}, {"a": x}, measures=["cca_mean"], inference=how)
    assert (found.value, found.ci_low, found.ci_high) == pytest.approx((1, 1, 1), abs=1e-12)
    assert cca_mean(x, x) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["24 features", "heavy tails", "128 features"])
def test_intervals_of_linear_predictivity_hold_as_often_as_they_say(design):
    assert 0.925 < coverage("linear_predictivity", DESIGNS[design], 500).share < 0.98
