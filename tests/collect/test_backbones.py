"""A backbone is built by name with exactly its weights, or refused in one line."""

from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from collect.backbones.build import build_backbone, decapitated
from collect.backbones.weights import file_hash
from warehouse.errors import CollectError


@pytest.mark.parametrize(
    ("name", "size", "layers", "n_features", "n_tokens"),
    [
        ("test_efficientnet", 32, 5, 256, None),
        ("test_resnet", 32, 5, 96, None),
        ("test_convnext", 32, 4, 64, None),
        ("test_vit", 32, 6, 64, 5),  # (32 / 16) ** 2 patches and a class token
        ("vit_tiny_patch16_224", 48, 12, 192, 10),
    ],
)
def test_any_timm_family_describes_itself(name, size, layers, n_features, n_tokens):
    backbone = build_backbone(name, "random", image_size=size)
    assert len(backbone.layers) == layers
    assert (backbone.n_features, backbone.n_tokens) == (n_features, n_tokens)
    assert backbone.has_class_token == (n_tokens is not None)
    assert backbone.weights_hash is None


def test_layers_are_those_that_timm_lists_with_their_widths():
    backbone = build_backbone("test_resnet", "random", image_size=32)
    info: Any = timm.create_model("test_resnet").feature_info
    expected = [(f["module"], f["num_chs"]) for f in info]
    assert [(layer.name, layer.n_features) for layer in backbone.layers] == expected


def test_networks_that_keep_channels_last_are_noticed():
    backbone = build_backbone("samvit_base_patch16", "random", image_size=32)
    assert {layer.layout for layer in backbone.layers} == {"NHWC"}


def test_position_embeddings_follow_the_size(tmp_path):
    state = timm.create_model("test_vit", num_classes=0).state_dict()
    save_file(state, tmp_path / "vit.safetensors")
    at_home = build_backbone("test_vit", str(tmp_path / "vit.safetensors"), image_size=160)
    torch.testing.assert_close(
        at_home.module.state_dict()["pos_embed"], state["pos_embed"], rtol=0, atol=0
    )
    larger = build_backbone("test_vit", str(tmp_path / "vit.safetensors"), image_size=320)
    assert larger.n_tokens == 1 + 20 * 20
    resampled = larger.module.state_dict()["pos_embed"]
    torch.testing.assert_close(resampled[:, 0], state["pos_embed"][:, 0], rtol=0, atol=0)
    # Bicubic resampling to twice the size keeps the mean but for the border.
    mean = state["pos_embed"][:, 1:].mean(dim=1)
    torch.testing.assert_close(resampled[:, 1:].mean(dim=1), mean, atol=0.01, rtol=0)


def test_sizes_snap_to_the_patch_grid():
    backbone = build_backbone("test_vit", "random", image_size=60)
    assert (backbone.inputs.size, backbone.n_tokens) == (64, 17)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_local_checkpoint_is_loaded_whole_and_hashed(tmp_path, suffix):
    state = timm.create_model("test_resnet", num_classes=5).state_dict()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({"state_dict": state}, path)
    backbone = build_backbone("test_resnet", str(path), image_size=32)
    assert backbone.weights_hash == file_hash(path)
    for name, value in backbone.module.state_dict().items():
        torch.testing.assert_close(value, state[name], rtol=0, atol=0)


def test_a_checkpoint_with_a_tensor_too_few_or_too_many_is_refused(tmp_path):
    state = timm.create_model("test_resnet", num_classes=0).state_dict()
    few = {name: value for name, value in state.items() if name != "bn1.weight"}
    save_file(few, tmp_path / "few.safetensors")
    with pytest.raises(CollectError, match=r"does not fit test_resnet: .*bn1\.weight"):
        build_backbone("test_resnet", str(tmp_path / "few.safetensors"), image_size=32)
    save_file({**state, "odd": torch.zeros(1)}, tmp_path / "many.safetensors")
    with pytest.raises(CollectError, match=r"does not fit test_resnet: .*odd"):
        build_backbone("test_resnet", str(tmp_path / "many.safetensors"), image_size=32)


def test_a_checkpoint_that_could_execute_code_is_refused(tmp_path):
    torch.save({"state_dict": object}, tmp_path / "evil.pth")
    with pytest.raises(CollectError, match="could execute code"):
        build_backbone("test_resnet", str(tmp_path / "evil.pth"), image_size=32)


@pytest.mark.parametrize(
    ("backbone", "pretraining", "message"),
    [
        ("resnet5000", "random", "resnet5000: timm .* has no such model; similar: .*resnet"),
        ("test_resnet", "imagnet", "has no weights named 'imagnet'; it has random, r160_in1k"),
        (
            "coat_lite_tiny",
            "random",
            "CoaT has no layer whose activations can be recorded .*blocks1",
        ),
        ("test_resnet", "gone.safetensors", r"gone\.safetensors: no such file of weights"),
    ],
)
def test_refuses(backbone, pretraining, message):
    with pytest.raises(CollectError, match=message):
        build_backbone(backbone, pretraining)


def test_layers_are_those_that_have_a_name_and_an_output():
    backbone = build_backbone("tresnet_m", "random", image_size=64)
    assert [layer.name for layer in backbone.layers] == [f"body.layer{i}" for i in (1, 2, 3, 4)]


def test_a_damaged_file_is_named(tmp_path):
    for name in ("cut.safetensors", "cut.pth"):
        (tmp_path / name).write_bytes(b"\x00\x01 nothing")
        with pytest.raises(CollectError, match=f"{name}: "):
            build_backbone("test_resnet", str(tmp_path / name))


def test_published_weights_that_are_not_at_hand_say_where_to_get_them(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        CollectError,
        match=r"timm/test_resnet\.r160_in1k: weights not at hand \(HF_HUB_OFFLINE.*hf download",
    ):
        build_backbone("test_resnet", "r160_in1k")


@pytest.mark.parametrize("name", ["test_vit", "test_efficientnet", "test_convnext"])
def test_decapitation_keeps_what_comes_before(name):
    torch.manual_seed(0)
    whole = build_backbone(name, "random", image_size=64)
    images = torch.randn(2, 3, 64, 64)
    module: Any = whole.module.eval()
    with torch.inference_mode():
        expected = module.forward_intermediates(images, indices=[1], intermediates_only=True)
    cut = decapitated(whole, 2)
    assert [layer.name for layer in cut.layers] == [layer.name for layer in whole.layers[:2]]
    module = cut.module.eval()
    with torch.inference_mode():
        found = module.forward_intermediates(images, indices=[1], intermediates_only=True)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert cut.n_features == whole.layers[1].n_features


def test_decapitation_refuses_more_layers_than_there_are():
    backbone = build_backbone("test_vit", "random", image_size=32)
    with pytest.raises(CollectError, match="n_blocks = 7: the network has 6 layers"):
        decapitated(backbone, 7)
