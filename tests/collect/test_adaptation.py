"""An adaptation changes what it says and leaves the rest as it is, batch statistics included."""

import pytest
import torch

from collect.backbones.build import build_backbone
from collect.configuration.sections import PhaseConfig, TrainingConfig
from collect.networks.adaptation import freeze, phases
from collect.networks.heads import Network, linear_head, n_pooled_features
from collect.training.selection import Selection
from warehouse.errors import CollectError


def network(name="test_vit", pooling="mean"):
    backbone = build_backbone(name, "random", image_size=32)
    return Network(backbone, pooling, linear_head(n_pooled_features(backbone, pooling), 3))


def trainable(model):
    return {name for name, value in model.named_parameters() if value.requires_grad}


def test_phases_of_each_adaptation():
    training = TrainingConfig(epochs=5, head_phase=PhaseConfig(epochs=2, learning_rate=0.1))
    frozen = {
        name: [(phase.frozen, phase.settings.epochs) for phase in phases(name, training)]
        for name in (
            "none",
            "full",
            "linear",
            "scratch",
            "head_then_full",
            "freeze_first_k",
            "keep_first_k",
        )
    }
    assert frozen == {
        "none": [],
        "full": [("nothing", 5)],
        "linear": [("backbone", 5)],
        "scratch": [("nothing", 5)],
        "head_then_full": [("backbone", 2), ("nothing", 5)],
        "freeze_first_k": [("first_blocks", 5)],
        "keep_first_k": [("nothing", 5)],
    }


def test_counts_are_those_of_the_parameters_that_train():
    model = network()
    everything = sum(p.numel() for p in model.parameters())
    assert freeze(model, "nothing", None) == everything
    assert freeze(model, "backbone", None) == 64 * 3 + 3
    assert freeze(model, "nothing", None) == everything


@pytest.mark.parametrize("name", ["test_vit", "test_resnet", "test_efficientnet", "test_convnext"])
def test_freezing_everything_before_a_layer_leaves_what_comes_after(name):
    model = network(name)
    freeze(model, "first_blocks", 2)
    layer = model.description.layers[1].name
    names = [n for n, _ in model.named_parameters()]
    position = max(
        (i for i, n in enumerate(names) if n.startswith(f"backbone.{layer}.")), default=-1
    )
    assert trainable(model) == set(names[position + 1 :])


def test_frozen_batch_statistics_stay():
    model = network("test_resnet")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    freeze(model, "first_blocks", 2)
    model.train()
    model(torch.randn(4, 3, 32, 32))
    moved = {
        name
        for name, value in model.state_dict().items()
        if name.endswith("running_mean") and not torch.equal(value, before[name])
    }
    assert not any(name.startswith(("backbone.bn1", "backbone.layer1")) for name in moved)
    assert any(name.startswith("backbone.layer2") for name in moved)
    freeze(model, "backbone", None)
    model.train()
    assert not any(part.training for part in model.backbone.modules())
    assert model.head.training


def test_embeddings_of_tokens_are_before_the_first_block():
    model = network()
    freeze(model, "first_blocks", 1)
    assert not {"backbone.cls_token", "backbone.pos_embed"} & trainable(model)
    assert "backbone.blocks.1.norm1.weight" in trainable(model)
    assert "backbone.norm.weight" in trainable(model)


@pytest.mark.parametrize("n_blocks", [0, 7, None])
def test_refuses_more_blocks_than_there_are(n_blocks):
    with pytest.raises(CollectError, match=f"n_blocks = {n_blocks}: the network has 6 layers"):
        freeze(network(), "first_blocks", n_blocks)


def test_poolings_are_the_tokens_of_the_last_layer_after_the_norm():
    model = network().eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        _, pooled = model.outputs(images)
        tokens = model.backbone.forward_features(images)
    torch.testing.assert_close(pooled["cls"], tokens[:, 0], rtol=0, atol=0)
    torch.testing.assert_close(pooled["mean"], tokens[:, 1:].mean(dim=1))
    assert pooled["cls+mean"].shape == (2, 128)


@pytest.mark.parametrize("name", ["test_resnet", "test_convnext", "test_efficientnet"])
def test_networks_without_tokens_are_pooled_as_timm_does(name):
    model = network(name).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        expected = model.backbone(images)  # without a classifier: the pooled features
        torch.testing.assert_close(model.outputs(images)[1]["mean"], expected)


def test_a_linear_head_is_linear_with_dropout_while_training():
    head = linear_head(1000, 2, dropout=0.5)
    x = torch.ones(1, 1000)
    assert torch.equal(head.eval()(x), head.eval()(x))
    assert not torch.equal(head.train()(x), head.train()(x))
    weight, bias = head[1].weight, head[1].bias  # type: ignore[index]
    torch.testing.assert_close(head.eval()(x), x @ weight.T + bias)


def test_refuses_a_class_token_where_there_is_none():
    with pytest.raises(CollectError, match="ResNet has no class token: pooling 'cls\\+mean'"):
        network("test_resnet", pooling="cls+mean")


def test_the_lowest_validation_loss_of_the_last_phase_stands():
    model = network("test_resnet")
    selection = Selection("best")
    for epoch, loss in ((1, 0.1), (2, 0.5)):
        selection.update(epoch, loss, model)
    selection.start_phase()
    chosen = [
        selection.update(epoch, loss, model) for epoch, loss in ((3, 0.4), (4, 0.4), (5, 0.6))
    ]
    assert chosen == [True, False, False]
    assert (selection.epoch, selection.n_worse) == (3, 2)


def test_the_selected_state_comes_back():
    model = network("test_resnet")
    selection = Selection("best")
    selection.update(1, 0.5, model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for parameter in model.parameters():
        parameter.data.add_(1)
    selection.update(2, 0.7, model)
    selection.restore(model)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_last_epoch_stands_when_it_is_asked_for():
    model = network("test_resnet")
    selection = Selection("last")
    assert all(selection.update(epoch, loss, model) for epoch, loss in ((1, 0.1), (2, 0.9)))
    assert selection.epoch == 2
