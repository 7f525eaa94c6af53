"""The filters of a network are the weights of its first convolution."""

import pytest
import timm
import torch
from torch import nn

from collect.measures.filters import first_layer_filters


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("test_vit", "patch_embed.proj", (64, 3, 16, 16)),
        ("test_resnet", "conv1.0", (16, 3, 3, 3)),
        ("test_efficientnet", "conv_stem", (24, 3, 3, 3)),
    ],
)
def test_are_the_weights_nearest_to_the_image(name, layer, shape):
    network = timm.create_model(name, pretrained=False)
    found, weights = first_layer_filters(network)
    assert (found, tuple(weights.shape)) == (layer, shape)
    assert torch.equal(weights, network.state_dict()[f"{layer}.weight"])
    assert not weights.requires_grad


def test_refuses_a_network_without_convolution():
    with pytest.raises(ValueError, match="Linear has no convolution"):
        first_layer_filters(nn.Linear(2, 2))
