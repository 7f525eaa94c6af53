"""Attention of a real timm architecture, and its statistics on patterns that are known."""

import math

import pytest
import timm
import torch
from numpy.testing import assert_allclose
from torch import nn

from collect.measures.attention import (
    artefact_token_rate,
    attention_distance,
    attention_entropy,
    recorded_attention,
)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return timm.create_model(
        "vit_tiny_patch16_224", pretrained=False, img_size=64, depth=2, embed_dim=48, num_heads=3
    ).eval()


def test_every_block_of_a_fused_network_is_recorded(network):
    assert all(block.attn.fused_attn for block in network.blocks)
    with torch.no_grad(), recorded_attention(network) as attention:
        network(torch.randn(2, 3, 64, 64))
    assert [tuple(a.shape) for a in attention] == [(2, 3, 17, 17)] * 2
    for a in attention:
        torch.testing.assert_close(a.sum(dim=-1), torch.ones(2, 3, 17))


def test_recording_is_what_the_weights_say(network):
    x = torch.randn(1, 17, 48)
    attn = network.blocks[0].attn
    with torch.no_grad(), recorded_attention(network) as attention:
        attn(x)
        q, k, _ = attn.qkv(x).reshape(17, 3, 3, 16).permute(1, 2, 0, 3)
        expected = (q @ k.mT / math.sqrt(16)).softmax(dim=-1)
    torch.testing.assert_close(attention[0][0], expected)


def test_recording_leaves_nothing_behind(network):
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        before = network(image)
        with pytest.raises(RuntimeError, match="stop"), recorded_attention(network) as attention:
            raise RuntimeError("stop")
        after = network(image)
    assert attention == []
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    assert all(block.attn.fused_attn for block in network.blocks)
    assert not any(block.attn.attn_drop._forward_hooks for block in network.blocks)


def test_refuses_a_network_without_attention():
    with (
        pytest.raises(ValueError, match="Linear has no attention that can be recorded"),
        recorded_attention(nn.Linear(2, 2)),
    ):
        pass


def test_entropy_runs_from_one_token_to_all():
    attention = torch.stack([torch.eye(8), torch.full((8, 8), 1 / 8)])[None].double()
    assert_allclose(attention_entropy(attention), [0, math.log(8)], atol=1e-12)


def test_distance_is_counted_in_patches():
    # 2 x 2 patches: itself, the neighbour on the right or left, all alike
    beside = torch.eye(4)[[1, 0, 3, 2]]
    patterns = torch.stack([torch.eye(4), beside, torch.full((4, 4), 0.25)])[None]
    with_cls = torch.nn.functional.pad(patterns, (1, 0, 1, 0), value=0.3)
    expected = [0, 1, (2 + math.sqrt(2)) / 4]
    assert_allclose(attention_distance(with_cls.double()), expected, rtol=1e-10)


def test_artefacts_are_tokens_of_outstanding_norm():
    tokens = torch.ones(2, 11, 4)
    tokens[:, 0] = 100  # the class token is no patch
    tokens[0, 5] = 10
    assert artefact_token_rate(tokens) == 1 / 20
