"""Cost of a run as it is recorded: forward passes that can be counted by hand."""

from typing import Any

import pytest
import torch

from collect.networks.assembly import run_backbone, run_network
from collect.recording.cost import iterations_until_best, network_cost
from tests.collect.small_runs import small_run

LOSSES = [(0, 0.1), (1, 0.9), (3, 0.4), (2, 0.3), (4, 0.3)]


def scores(losses, **row):
    row = {"split": "validation", "score": "loss"} | row
    return [{**row, "epoch": epoch, "value": value} for epoch, value in losses]


@pytest.mark.train
def test_operations_of_a_transformer_are_those_of_its_matrices(tmp_path):
    config = small_run(tmp_path, backbone="test_vit", pooling="mean")
    backbone = run_backbone(config)
    network = run_network(backbone, config, n_classes=2, device=torch.device("cpu"))
    images = torch.zeros(20, 3, backbone.inputs.size, backbone.inputs.size, dtype=torch.uint8)
    cost = network_cost(network, images)
    assert cost.latency.batch_size == 16
    vit: Any = network.backbone
    n_tokens, width = backbone.n_tokens or 0, vit.embed_dim
    hidden = vit.blocks[0].mlp.fc1.out_features
    block = n_tokens * width * (4 * width + 2 * hidden) + 2 * n_tokens**2 * width
    embedding = (n_tokens - 1) * vit.patch_embed.proj.weight.numel()
    assert cost.n_flops == 2 * (len(vit.blocks) * block + embedding + width * 2)
    first, second = cost.timings(3)
    assert (first["stage"], first["epoch"], first["n_images"]) == ("forward_median", 3, 16)
    assert first["duration_s"] == pytest.approx(16 * cost.latency.median_s)
    assert first["duration_s"] <= second["duration_s"]


def test_iterations_are_counted_to_the_first_lowest_validation_loss_after_a_step():
    others = scores([(1, 0.0)], split="test") + scores([(1, 0.0)], score="nll")
    found = iterations_until_best(scores(LOSSES) + others, n_train=65, batch_size=32)
    assert found == 2 * 3


@pytest.mark.parametrize("losses", [[], [(0, 0.5)], [(1, float("nan"))]])
def test_without_a_step_there_is_no_best_one(losses):
    assert iterations_until_best(scores(losses), n_train=65, batch_size=32) is None
