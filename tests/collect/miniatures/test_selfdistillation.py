"""Self-distillation: who learns, who follows, and how fast."""

import copy
import math

import pytest
import torch

from collect.miniatures.photographs import Photographs
from collect.miniatures.selfdistillation import SelfDistillation, teacher_momentum


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return Photographs(images, torch.zeros(8, dtype=torch.int64))


@pytest.mark.parametrize(
    ("progress", "momentum"),
    # 1 - 0.01 (1 + cos(pi / 4)) / 2 at a quarter
    [(0.0, 0.99), (0.25, 0.9914644661), (0.5, 0.995), (1.0, 1.0)],
)
def test_the_teacher_slows_down_to_a_stop(progress, momentum):
    assert teacher_momentum(progress) == pytest.approx(momentum, abs=1e-10)


def test_only_the_student_learns_and_the_teacher_starts_as_its_copy(batch):
    objective = SelfDistillation(("anything",))
    objective.loss(batch, generator=torch.Generator().manual_seed(0)).backward()
    assert all(p.grad is None for p in objective.teacher.parameters())
    assert all(p.grad is not None for p in objective.student.parameters())
    for mine, its in zip(
        objective.teacher.parameters(), objective.student.parameters(), strict=True
    ):
        assert torch.equal(mine, its)


def test_the_teacher_moves_by_one_minus_its_momentum():
    objective = SelfDistillation(("anything",))
    before = copy.deepcopy(objective.teacher)
    with torch.no_grad():
        for parameter in objective.student.parameters():
            parameter.add_(1.0)
    objective.after_step(progress=0.0)
    for now, then in zip(objective.teacher.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(now, then + 0.01)


def test_prototypes_stand_still_at_first(batch):
    objective = SelfDistillation(("anything",))
    for progress, still in ((0.0, True), (0.5, False)):
        objective.zero_grad()
        generator = torch.Generator().manual_seed(0)
        objective.loss(batch, generator=generator).backward()
        objective.before_step(progress)
        assert (objective.student["head"].prototypes.grad is None) == still


def test_a_student_that_cannot_tell_prototypes_apart_pays_their_logarithm(batch):
    objective = SelfDistillation(("anything",))
    with torch.no_grad():
        objective.student["head"].get_parameter("prototypes").fill_(1.0)
    loss = objective.loss(batch, generator=torch.Generator().manual_seed(0))
    assert loss.item() == pytest.approx(math.log(2048), rel=1e-5)  # float32


def test_the_centre_follows_the_teachers_mean_cosines(batch):
    objective = SelfDistillation(("anything",))
    objective.loss(batch, generator=torch.Generator().manual_seed(0))
    once = objective.centre.clone()
    objective.loss(batch, generator=torch.Generator().manual_seed(0))
    # the same views again: 0.1 m, then 0.9 * 0.1 m + 0.1 m
    torch.testing.assert_close(objective.centre, once * 1.9)
