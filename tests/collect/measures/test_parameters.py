"""Distances in parameter space, of state dicts as torch writes them."""

import copy

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from collect.measures.parameters import parameter_distances, relative_l2, update_cosine


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def test_values_are_hand_computed():
    before, after = torch.tensor([1.0, 2.0, 2.0]), torch.tensor([1.0, 2.0, 5.0])
    assert_allclose(relative_l2(before, after), 1.0, rtol=1e-12)
    assert_allclose(update_cosine(before, after), 2 / 3, rtol=1e-12)


def test_shrinking_points_back_to_the_origin(network):
    before = network.state_dict()
    after = {name: 0.9 * value for name, value in before.items()}
    found = {d.measure: d.value for d in parameter_distances(before, after, {"all": [""]})}
    assert_allclose(found["relative_l2"], 0.1, rtol=1e-6)
    assert_allclose(found["update_cosine"], -1.0, rtol=1e-6)


def test_pythagoras_ties_both_measures_to_the_lengths(rng):
    # |after|^2 = |before|^2 (1 + r^2 + 2 r cos)
    before, after = (torch.from_numpy(rng.normal(size=50)) for _ in range(2))
    r, cosine = relative_l2(before, after), update_cosine(before, after)
    ratio = float(after.norm() / before.norm()) ** 2
    assert_allclose(1 + r**2 + 2 * r * cosine, ratio, rtol=1e-10)


def test_layers_are_prefixes_and_running_statistics_are_no_parameters(network):
    before = copy.deepcopy(network.state_dict())
    network(torch.randn(5, 3))  # moves the running statistics only
    layers = {"first": ["0"], "rest": ["1", "2"], "bias": ["2.bias"]}
    found = parameter_distances(before, network.state_dict(), layers)
    assert [(d.layer, d.measure, d.value, d.n_parameters) for d in found] == [
        ("first", "relative_l2", 0.0, 16),
        ("rest", "relative_l2", 0.0, 18),
        ("bias", "relative_l2", 0.0, 2),
    ]


def test_a_prefix_ends_at_a_dot():
    state = {"block1.w": torch.ones(2), "block10.w": torch.ones(5)}
    assert parameter_distances(state, state, {"block1": ["block1"]})[0].n_parameters == 2


@pytest.mark.parametrize(
    ("after", "layers", "message"),
    [
        ({"a": torch.ones(2)}, {"head": ["b"]}, "layer head has no parameter below b"),
        ({}, {"head": ["a"]}, "layer head: a is missing after"),
        ({"a": torch.ones(3)}, {"head": ["a"]}, r"a has shape \(2,\) before and \(3,\) after"),
    ],
)
def test_refuses(after, layers, message):
    with pytest.raises(ValueError, match=message):
        parameter_distances({"a": torch.ones(2)}, after, layers)


def test_a_start_at_zero_has_no_relative_distance():
    with pytest.raises(ValueError, match="all parameters are 0 before"):
        relative_l2(torch.zeros(2), torch.ones(2))


def test_no_update_has_no_direction():
    with pytest.raises(ValueError, match="the update has no direction"):
        update_cosine(torch.ones(2), torch.ones(2))
