"""The miniatures are backbones like any other, at their own size and at others."""

import numpy as np
import pytest
import torch

from collect.backbones.build import build_backbone
from collect.backbones.registry import architecture
from collect.data.inputs import image_tensor, network_input
from collect.miniatures.network import build, normalised
from collect.miniatures.pretrained import NAMES, weights


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_those_of_the_package(name):
    backbone = build_backbone("miniature_vit", name)
    for key, value in weights(name).items():
        assert torch.equal(backbone.module.state_dict()[key], value)
    assert backbone.weights_hash is not None
    assert (backbone.n_tokens, backbone.n_features, len(backbone.layers)) == (65, 128, 6)


def test_it_sees_images_as_it_was_trained_to(rng):
    images = rng.integers(0, 256, size=(2, 32, 32, 3), dtype=np.uint8)
    backbone = build_backbone("miniature_vit", "random")
    ours = network_input(image_tensor(images, backbone.inputs), backbone.inputs)
    theirs = normalised(torch.from_numpy(images).permute(0, 3, 1, 2))
    torch.testing.assert_close(ours, theirs)


def test_a_finer_grid_takes_the_same_weights():
    state = build(seed=0).state_dict()
    known = architecture("miniature_vit", "random")
    home, larger = known.create(None, state), known.create(64, state)
    assert torch.equal(home.state_dict()["pos_embed"], state["pos_embed"])
    assert larger.state_dict()["pos_embed"].shape == (1, 1 + 16 * 16, 128)
    assert larger(torch.randn(1, 3, 64, 64)).shape == (1, 128)


def test_a_missing_tensor_is_refused():
    state = build(seed=0).state_dict()
    del state["blocks.0.norm1.weight"]
    with pytest.raises(RuntimeError, match=r"blocks\.0\.norm1\.weight"):
        architecture("miniature_vit", "random").create(None, state)
