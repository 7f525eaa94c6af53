"""Cost of networks: counts that can be done by hand, and a clock that can be watched."""

import time

import pytest
import torch
from torch import nn

from collect.measures.cost import iterations_to_best, latency, n_flops, n_parameters


@pytest.fixture
def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.Flatten(), nn.Linear(4 * 6 * 6, 5))


def test_parameters_are_counted(network):
    assert n_parameters(network) == 4 * 3 * 9 + 5 * (144 + 1)
    network[0].weight.requires_grad_(False)
    assert n_parameters(network, trainable=True) == 5 * (144 + 1)


def test_a_shared_parameter_counts_once():
    layer = nn.Linear(3, 3)
    assert n_parameters(nn.Sequential(layer, layer)) == 12


def test_flops_are_two_per_multiply_add(network):
    assert n_flops(network, torch.zeros(1, 3, 8, 8)) == 2 * (36 * 4 * 27 + 5 * 144)


def test_attention_is_its_two_matrix_products():
    class Attention(nn.Module):
        def forward(self, x):
            return nn.functional.scaled_dot_product_attention(x, x, x)

    assert n_flops(Attention(), torch.zeros(1, 2, 7, 5)) == 2 * 2 * (2 * 7 * 7 * 5)


def test_latency_is_per_image_and_after_warm_up():
    calls: list[int] = []

    def call() -> None:
        time.sleep(0.05 if len(calls) < 2 else 0.004)
        calls.append(1)

    found = latency(call, batch_size=4, n_calls=9, n_warm_up=2)
    assert len(calls) == 11
    assert 0.001 <= found.median_s <= found.percentile_95_s
    assert found.median_s < 0.0125  # a quarter of the calls that only warm up


def test_the_device_is_waited_for_around_every_timed_call():
    events = []
    latency(
        lambda: events.append("call"),
        batch_size=1,
        n_calls=2,
        n_warm_up=1,
        synchronise=lambda: events.append("wait"),
    )
    assert events == ["call", *["wait", "call", "wait"] * 2]


def test_refuses_to_time_nothing():
    with pytest.raises(ValueError, match="n_calls = 0: expected at least 1"):
        latency(lambda: None, batch_size=1, n_calls=0)


def test_the_first_best_epoch_counts():
    assert iterations_to_best([0.1, 0.5, 0.3, 0.5], 10) == 20


@pytest.mark.parametrize("scores", [[], [0.5, float("nan")]])
def test_refuses_scores_without_a_best(scores):
    with pytest.raises(ValueError, match="no best epoch"):
        iterations_to_best(scores, 10)
