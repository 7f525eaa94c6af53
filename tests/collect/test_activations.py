"""Activations are what the layer returned, pooled as asked, and hooks never stay behind."""

from typing import Any

import pytest
import torch
from numpy.testing import assert_allclose

from collect.backbones.build import build_backbone
from collect.probing.activations import chosen_layers, recorded_outputs, token_features
from warehouse.errors import CollectError


def n_hooks(module):
    return sum(len(part._forward_hooks) for part in module.modules())


def test_hooks_are_gone_afterwards_even_after_an_error():
    module = build_backbone("test_resnet", "random", image_size=32).module
    with recorded_outputs(module, ["layer1"]):
        assert n_hooks(module) == 1
    with pytest.raises(RuntimeError, match="broken"), recorded_outputs(module, ["layer1"]):
        raise RuntimeError("broken")
    assert n_hooks(module) == 0


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_efficientnet"])
def test_outputs_are_those_of_timm(name):
    backbone = build_backbone(name, "random", image_size=32)
    module: Any = backbone.module.eval()
    images = torch.randn(2, 3, 32, 32)
    names = [layer.name for layer in backbone.layers]
    with torch.inference_mode(), recorded_outputs(module, names) as outputs:
        module.forward_features(images)
        expected = module.forward_intermediates(images, intermediates_only=True)
    for layer, timm_output in zip(backbone.layers, expected, strict=True):
        found = token_features(outputs[layer.name], "mean", layer.layout, backbone.n_prefix_tokens)
        torch.testing.assert_close(found, timm_output.mean(dim=(2, 3)), rtol=1e-5, atol=1e-6)


def test_a_missing_layer_is_named():
    module = build_backbone("test_resnet", "random", image_size=32).module
    with (
        pytest.raises(CollectError, match="ResNet has no layer 'layer9'"),
        recorded_outputs(module, ["layer1", "layer9"]),
    ):
        pass


def test_tokens_by_hand():
    # one image: a class token, then patches [1, 10] and [3, 30]
    output = torch.tensor([[[7.0, 70.0], [1.0, 10.0], [3.0, 30.0]]])
    assert token_features(output, "cls", "NLC", 1).tolist() == [[7, 70]]
    assert token_features(output, "mean", "NLC", 1).tolist() == [[2, 20]]
    assert token_features(output, "cls+mean", "NLC", 1).tolist() == [[7, 70, 2, 20]]
    assert token_features(output, "spatial", "NLC", 1).tolist() == [[1, 10], [3, 30]]


def test_register_tokens_are_no_patches():
    output = torch.tensor([[[7.0], [100.0], [1.0], [3.0]]])  # class, register, two patches
    assert token_features(output, "mean", "NLC", 2).tolist() == [[2]]
    assert token_features(output, "cls", "NLC", 2).tolist() == [[7]]


def test_the_two_layouts_of_maps_agree(rng):
    maps = torch.from_numpy(rng.normal(size=(2, 3, 4, 5)))
    for token in ("mean", "spatial"):
        first = token_features(maps, token, "NCHW", 0)
        second = token_features(maps.permute(0, 2, 3, 1), token, "NHWC", 0)
        assert_allclose(first, second, rtol=1e-12)
    assert_allclose(token_features(maps, "mean", "NCHW", 0), maps.mean(dim=(2, 3)), rtol=1e-12)


@pytest.mark.parametrize(("layout", "n_prefix"), [("NCHW", 0), ("NLC", 0)])
def test_refuses_a_class_token_where_there_is_none(layout, n_prefix):
    shape = (1, 2, 2, 2) if layout == "NCHW" else (1, 2, 2)
    with pytest.raises(ValueError, match="no class token"):
        token_features(torch.zeros(shape), "cls", layout, n_prefix)


def test_layers_are_chosen_by_name_in_the_order_of_the_network():
    backbone = build_backbone("test_resnet", "random", image_size=32)
    chosen = chosen_layers(backbone, ("layer3", "layer1"))
    assert [layer.name for layer in chosen] == ["layer1", "layer3"]
    assert chosen_layers(backbone, "all") == backbone.layers
    with pytest.raises(CollectError, match=r"no layer 'blocks\.1'; there are act1, layer1"):
        chosen_layers(backbone, ("blocks.1",))
