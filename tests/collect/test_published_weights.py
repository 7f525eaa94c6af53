"""Published weights find their places: the same outputs as in the network they come from."""

import re
from typing import Any

import pytest
import timm
import torch
import torchvision  # type: ignore[import-untyped]
from torch import nn

from collect.backbones.build import build_backbone
from collect.backbones.open_clip_towers import open_clip_architecture, visual_tower
from collect.backbones.presets import (
    PRESETS,
    blip_vision_tower,
    radimagenet_resnet50,
    seem_backbone,
)
from collect.backbones.registry import architecture
from collect.backbones.sam import resampled
from warehouse.errors import CollectError


def test_radimagenets_resnet50_computes_what_it_computed(rng):
    torch.manual_seed(0)
    children = list(torchvision.models.resnet50(weights=None).children())[:9]
    theirs = nn.Sequential(*children).eval()
    state = {f"backbone.{name}": value for name, value in theirs.state_dict().items()}
    ours = architecture("resnet50", "radimagenet").create(None, radimagenet_resnet50(state)).eval()
    images = torch.from_numpy(rng.normal(size=(2, 3, 64, 64)))
    with torch.inference_mode():
        # In float64: how float32 rounds differs between processors. They saw blue, green, red.
        expected = theirs.double()(images.flip(1)).flatten(1)
        torch.testing.assert_close(ours.double()(images), expected, rtol=1e-9, atol=1e-9)


def test_radimagenet_sees_intensities_from_minus_one_to_one():
    inputs = architecture("resnet50", "radimagenet").inputs
    assert (inputs.mean, inputs.std) == ((0.5,) * 3, (0.5,) * 3)
    assert architecture("resnet50", "tv_in1k").inputs.mean[0] == pytest.approx(0.485)


@pytest.fixture(scope="module")
def vit_state():
    return timm.create_model("vit_base_patch16_224", num_classes=0).state_dict()


def test_blips_own_checkpoint_is_a_vit_behind_a_prefix(vit_state):
    state = {f"visual_encoder.{name}": value for name, value in vit_state.items()}
    found = blip_vision_tower({**state, "text_encoder.cls.bias": torch.zeros(1)})
    assert {name: value.shape for name, value in found.items()} == {
        name: value.shape for name, value in vit_state.items()
    }


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("vision_model.embeddings.class_embedding", "cls_token"),
        ("vision_model.embeddings.position_embedding", "pos_embed"),
        ("vision_model.embeddings.patch_embedding.weight", "patch_embed.proj.weight"),
        ("vision_model.encoder.layers.7.self_attn.qkv.bias", "blocks.7.attn.qkv.bias"),
        (
            "vision_model.encoder.layers.11.self_attn.projection.weight",
            "blocks.11.attn.proj.weight",
        ),
        ("vision_model.encoder.layers.0.layer_norm2.weight", "blocks.0.norm2.weight"),
        ("vision_model.encoder.layers.0.mlp.fc1.bias", "blocks.0.mlp.fc1.bias"),
        ("vision_model.post_layernorm.bias", "norm.bias"),
    ],
)
def test_blips_converted_keys_are_renamed(vit_state, theirs, ours):
    assert list(blip_vision_tower({theirs: torch.zeros(1)})) == [ours]
    assert ours in vit_state


def test_blip_loads_at_the_size_asked_for(vit_state):
    module = architecture("blip_vit_base", "capfilt_large").create(64, vit_state)
    assert module.state_dict()["pos_embed"].shape == (1, 1 + 16, 768)


@pytest.mark.parametrize(("model", "tag"), [("ViT-B-32", "laion2b_e16"), ("ViT-B-32", "openai")])
def test_towers_of_open_clip_compute_the_same_in_timm(model, tag):
    import open_clip

    torch.manual_seed(0)
    theirs: Any = open_clip.create_model(model, pretrained=None, force_quick_gelu=tag == "openai")
    theirs.eval().visual.output_tokens = True
    known = open_clip_architecture(f"open_clip:{model}", tag)
    ours: Any = known.create(None, visual_tower(theirs.state_dict())).eval()
    images = torch.randn(1, 3, known.inputs.size, known.inputs.size)
    with torch.inference_mode():
        pooled, patches = theirs.visual(images)
        found = ours.forward_features(images)
        torch.testing.assert_close(found[:, 1:], patches, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(found[:, 0] @ theirs.visual.proj, pooled, rtol=1e-4, atol=1e-4)


def test_open_clip_towers_have_open_clips_normalisation_and_tags():
    known = architecture("open_clip:ViT-B-16", "laion2b_s34b_b88k")
    assert known.inputs.mean[0] == pytest.approx(0.48145466)
    assert "laion2b_s34b_b88k" in known.weights


@pytest.mark.parametrize(
    ("name", "message"),
    [("ViT-Z-99", "open_clip has no such model"), ("RN50", "has no counterpart in timm")],
)
def test_refuses_open_clip_towers_it_cannot_build(name, message):
    with pytest.raises(CollectError, match=message):
        open_clip_architecture(f"open_clip:{name}", "")


def test_sam_is_resampled_to_the_size_asked_for():
    torch.manual_seed(0)
    source = timm.create_model("samvit_base_patch16", img_size=256, num_classes=0)
    state = source.state_dict()
    for key, value in state.items():
        if key == "pos_embed" or "rel_pos" in key:
            state[key] = torch.full_like(value, 0.25)
    known = architecture("samvit_base_patch16", "random")
    smaller = known.create(128, state).state_dict()
    assert smaller["pos_embed"].shape == (1, 8, 8, 768)
    assert smaller["blocks.2.attn.rel_pos_h"].shape == (15, 64)
    for key in ("pos_embed", "blocks.2.attn.rel_pos_h"):
        assert torch.allclose(smaller[key], torch.tensor(0.25), atol=1e-6)
    same = resampled(state, source)
    assert all(same[key] is state[key] for key in state)


def test_sams_original_keys_are_read_too():
    module = timm.create_model("samvit_base_patch16", img_size=64, num_classes=0)
    state = {
        f"image_encoder.{key.replace('mlp.fc', 'mlp.lin')}": value
        for key, value in module.state_dict().items()
    }
    loaded = architecture("samvit_base_patch16", "random").create(64, {**state, "mask.x": state})  # type: ignore[dict-item]
    assert torch.equal(loaded.state_dict()["neck.0.weight"], module.state_dict()["neck.0.weight"])


def test_seems_backbone_is_a_focal_network_with_a_norm_for_each_stage():
    known = architecture("seem_focal_tiny", "random")
    module = known.create(None, None)
    assert 29.5e6 < sum(parameter.numel() for parameter in module.parameters()) < 30e6
    theirs = {}
    for key, value in module.state_dict().items():
        name = key.replace("stem", "patch_embed").replace("modulation.norm", "modulation.ln")
        name = re.sub(r"ls(\d)\.gamma", r"gamma_\1", name)
        name = re.sub(r"norm(\d)_post", r"norm\1", name)
        name = re.sub(
            r"layers\.(\d)\.downsample", lambda m: f"layers.{int(m[1]) - 1}.downsample", name
        )
        name = re.sub(r"^norm\.", "norm3.", name)
        theirs[f"backbone.{name}"] = value
    theirs["backbone.norm0.weight"] = torch.zeros(96)
    theirs["sem_seg_head.weight"] = torch.zeros(1)
    loaded = known.create(None, seem_backbone(theirs))
    for key, value in module.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key


@pytest.mark.parametrize(
    ("backbone", "pretraining", "where"),
    [
        ("resnet50", "radimagenet", "hf download Lab-Rasool/RadImageNet ResNet50.pt"),
        ("blip_vit_base", "capfilt_large", r"get https://.*/model_base_capfilt_large\.pth and put"),
        ("seem_focal_tiny", "seem", "hf download xdecoder/SEEM seem_focalt_v2.pt"),
        ("samvit_base_patch16", "sa1b", "hf download timm/samvit_base_patch16.sa1b"),
        ("open_clip:ViT-B-16", "laion2b_s34b_b88k", "from laion/CLIP-ViT-B-16-laion2B"),
    ],
)
def test_weights_that_are_not_at_hand_say_where_to_get_them(
    backbone, pretraining, where, monkeypatch, tmp_path
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("REPDRIFT_WEIGHTS", str(tmp_path))
    with pytest.raises(CollectError, match=f"weights not at hand.*{where}"):
        build_backbone(backbone, pretraining)


def test_every_preset_belongs_to_a_backbone_that_can_be_built():
    for backbone, presets in PRESETS.items():
        for name in presets:
            assert name in architecture(backbone, name).weights
