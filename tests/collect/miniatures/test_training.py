"""The loop: its schedule, its end, and going on after an interruption."""

import copy
import math

import pytest
import torch

from collect.miniatures.photographs import Photographs
from collect.miniatures.supervised import Supervised
from collect.miniatures.training import Recipe, Training, learning_rate
from warehouse.errors import CollectError

RECIPE = Recipe(epochs=2, batch_size=8)


@pytest.fixture(scope="module")
def photographs():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return Photographs(images, torch.arange(20) % 3)


@pytest.fixture(scope="module")
def objective():
    torch.manual_seed(0)
    return Supervised(("a", "b", "c")).train()


def test_the_rate_rises_then_falls_as_a_cosine():
    recipe = Recipe(learning_rate=1.0, last_learning_rate=0.2, warm_up=0.1)
    rates = [learning_rate(progress, recipe) for progress in (0.05, 0.1, 0.55, 1.0)]
    assert rates == pytest.approx([0.5, 1.0, 0.6, 0.2], rel=1e-12)


def test_progress_is_that_of_the_epochs_or_of_the_time_whichever_is_larger(objective, photographs):
    training = Training(objective, photographs, Recipe(epochs=10, batch_size=8, max_seconds=100))
    training.step = 5  # a quarter of 10 epochs of 2 steps
    assert [training.progress(s) for s in (0, 10, 60, 200)] == [0.25, 0.25, 0.6, 1.0]


def test_going_on_from_a_checkpoint_ends_with_the_same_weights(objective, photographs):
    straight = Training(copy.deepcopy(objective), photographs, RECIPE)
    losses = [straight.run_epoch(), straight.run_epoch()]
    first = Training(copy.deepcopy(objective), photographs, RECIPE)
    assert first.run_epoch() == losses[0]
    second = Training(copy.deepcopy(objective), photographs, RECIPE)
    second.resume(copy.deepcopy(first.state()))
    assert second.run_epoch() == losses[1]
    assert second.is_finished
    for mine, its in zip(
        straight.objective.parameters(), second.objective.parameters(), strict=True
    ):
        assert torch.equal(mine, its)


def test_time_ends_an_epoch_in_its_middle(objective, photographs):
    recipe = Recipe(epochs=1000, batch_size=1, max_seconds=0.2)
    training = Training(copy.deepcopy(objective), photographs, recipe)
    training.run_epoch()
    assert training.is_finished
    assert 0 < training.step < 20


def test_decays_matrices_only(objective, photographs):
    decayed, free = Training(objective, photographs, RECIPE).optimiser.param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.05, 0.0)
    # patch embedding, 4 matrices in each of 6 blocks, the classifier
    assert len(decayed["params"]) == 1 + 6 * 4 + 1
    assert len(decayed["params"]) + len(free["params"]) == len(list(objective.parameters()))


def test_refuses_fewer_images_than_a_batch(objective, photographs):
    with pytest.raises(CollectError, match="20 images are fewer than a batch of 64"):
        Training(objective, photographs, Recipe(batch_size=64))


def test_refuses_a_loss_that_is_not_finite(objective, photographs):
    broken = copy.deepcopy(objective)
    with torch.no_grad():
        broken.classifier.bias.fill_(math.nan)
    with pytest.raises(CollectError, match="the loss is nan in epoch 1"):
        Training(broken, photographs, RECIPE).run_epoch()
