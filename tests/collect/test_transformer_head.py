"""The appended transformer classifies its own class token among the projected patch tokens."""

import json
from typing import Any

import pytest
import torch

from collect.backbones.build import build_backbone
from collect.networks.heads import Network
from collect.networks.transformer_head import TransformerHead
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.errors import CollectError
from warehouse.layout import Layout


def head(n_features=24, n_classes=3):
    torch.manual_seed(0)
    return TransformerHead(build_backbone("test_vit", "random"), n_features, n_classes).eval()


def test_is_the_second_transformer_behind_a_projection():
    found = head()
    patches = torch.randn(2, 7, 24)
    module: Any = build_backbone("test_vit", "random").module.eval()
    module.load_state_dict(
        {
            **module.state_dict(),
            "cls_token": found.cls_token.detach(),
            **{f"blocks.{name}": value for name, value in found.blocks.state_dict().items()},
            **{f"norm.{name}": value for name, value in found.norm.state_dict().items()},
        }
    )
    with torch.inference_mode():
        tokens = [found.cls_token.expand(2, 1, 64), found.projection(patches)]
        expected = module.norm(module.blocks(torch.cat(tokens, dim=1)))[:, 0]
        torch.testing.assert_close(found(patches), found.classify(expected))


def test_the_order_of_patches_does_not_matter():
    # Without position embeddings, blocks are equivariant and the class token is invariant.
    patches = torch.randn(2, 7, 24)
    found = head()
    with torch.inference_mode():
        torch.testing.assert_close(
            found(patches), found(patches[:, torch.randperm(7)]), rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "samvit_base_patch16"])
def test_takes_the_patches_of_any_backbone(name):
    backbone = build_backbone(name, "random", image_size=32)
    width = {"test_resnet": 96, "test_vit": 64, "samvit_base_patch16": 256}[name]
    network = Network(backbone, "mean", head(n_features=width)).eval()
    with torch.inference_mode():
        logits, pooled = network.outputs(torch.randn(2, 3, 32, 32))
    assert (logits.shape, pooled["mean"].shape) == ((2, 3), (2, width))


def test_refuses_a_second_network_without_a_class_token():
    with pytest.raises(CollectError, match="head_backbone: ResNet has no blocks"):
        TransformerHead(build_backbone("test_resnet", "random"), 8, 2)


@pytest.mark.train
@pytest.mark.parametrize("adaptation", ["linear", "full"])
def test_a_run_trains_it_frozen_or_not(tmp_path, adaptation):
    config = small_run(
        tmp_path,
        backbone="test_vit",
        adaptation=adaptation,
        head="transformer",
        head_backbone="test_vit",
        head_pretraining="random",
    )
    path = execute(config, Layout(tmp_path / "w"), lambda _: None)
    run = json.loads((path / "run.json").read_text())
    assert run["head"] == "transformer"
    n_backbone = sum(
        p.numel() for p in build_backbone("test_vit", "random", image_size=32).module.parameters()
    )
    n_trainable, n_parameters = run["n_trainable_parameters"], run["n_parameters"]
    assert n_trainable == (n_parameters if adaptation == "full" else n_parameters - n_backbone)
    assert run["hyperparameters"]["head"] == {"backbone": "test_vit", "pretraining": "random"}


def test_a_linear_head_does_not_care_for_a_second_network(tmp_path):
    config = small_run(tmp_path)
    assert config.run_id == config.model_copy(update={"head_backbone": "x"}).run_id
    transformer = config.model_copy(update={"head": "transformer"})
    other = transformer.model_copy(update={"head_pretraining": "random"})
    assert transformer.run_id != other.run_id
