"""Self-supervised pre-training: a student predicts what its own average sees in other crops."""

import copy
import math
from itertools import product

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torch.nn import functional

from collect.miniatures.augment import View, random_view
from collect.miniatures.network import WIDTH, build, cls_tokens
from collect.miniatures.objective import Objective
from collect.miniatures.photographs import Photographs

GLOBAL_VIEWS = (
    View(area=(0.4, 1.0), p_gray=0.2),
    View(area=(0.4, 1.0), p_gray=0.2, p_solarise=0.2),
)
LOCAL_VIEW = View(area=(0.1, 0.4), size=16, p_gray=0.2)
N_LOCAL = 4
N_PROTOTYPES, HIDDEN, BOTTLENECK = 2048, 512, 128
STUDENT_TEMPERATURE, TEACHER_TEMPERATURE = 0.1, 0.04
#: Part of the training in which the prototypes stand still.
FROZEN_PROTOTYPES = 0.01
FIRST_MOMENTUM, CENTRE_MOMENTUM = 0.99, 0.9


class Head(nn.Module):
    """Three layers to a bottleneck of length 1, then cosines with prototypes of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(WIDTH, HIDDEN), nn.GELU(),
            nn.Linear(HIDDEN, HIDDEN), nn.GELU(),
            nn.Linear(HIDDEN, BOTTLENECK),
        )  # fmt: skip
        self.prototypes = nn.Parameter(torch.randn(N_PROTOTYPES, BOTTLENECK))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features (n, 128) to cosines (n, 2048)."""
        bottleneck = functional.normalize(self.layers(features), dim=1)
        return functional.linear(bottleneck, functional.normalize(self.prototypes, dim=1))


class SelfDistillation(Objective):
    """DINO in miniature: two global and four local crops, a teacher as moving average, centering.

    References
    ----------
    .. [1] Caron et al. (2021), ICCV. https://arxiv.org/abs/2104.14294
    """

    centre: torch.Tensor

    def __init__(self, class_names: tuple[str, ...]) -> None:  # noqa: ARG002  (labels unused)
        super().__init__()
        self.student = nn.ModuleDict({"network": build(any_size=True), "head": Head()})
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)
        self.register_buffer("centre", torch.zeros(1, N_PROTOTYPES))
        self.recipe = {
            "loss": "cross-entropy of the student to the teacher over pairs of different crops",
            "kept": "teacher",
            "global_views": [repr(view) for view in GLOBAL_VIEWS],
            "local_views": f"{N_LOCAL} x {LOCAL_VIEW!r}",
            "prototypes": N_PROTOTYPES,
            "student_temperature": STUDENT_TEMPERATURE,
            "teacher_temperature": TEACHER_TEMPERATURE,
            "frozen_prototypes": FROZEN_PROTOTYPES,
            "teacher_momentum": [FIRST_MOMENTUM, 1.0],
            "centre_momentum": CENTRE_MOMENTUM,
        }

    @property
    def network(self) -> VisionTransformer:
        """The teacher's network."""
        kept = self.teacher["network"]
        assert isinstance(kept, VisionTransformer)
        return kept

    def loss(self, batch: Photographs, *, generator: torch.Generator) -> torch.Tensor:
        """Cross-entropy in nats, averaged over pairs of a teacher's and a student's other crop."""
        large = torch.cat([random_view(batch.images, view, generator) for view in GLOBAL_VIEWS])
        repeated = batch.images.repeat(N_LOCAL, 1, 1, 1)
        small = random_view(repeated, LOCAL_VIEW, generator)
        student = _cosines(self.student, large).chunk(2) + _cosines(self.student, small).chunk(
            N_LOCAL
        )
        with torch.no_grad():
            cosines = _cosines(self.teacher, large)
            teacher = ((cosines - self.centre) / TEACHER_TEMPERATURE).softmax(dim=1).chunk(2)
            self.centre.lerp_(cosines.mean(dim=0, keepdim=True), 1 - CENTRE_MOMENTUM)
        log_student = [(each / STUDENT_TEMPERATURE).log_softmax(dim=1) for each in student]
        pairs = [
            -(teacher[seen] * log_student[other]).sum(dim=1).mean()
            for seen, other in product(range(2), range(2 + N_LOCAL))
            if seen != other
        ]
        return torch.stack(pairs).mean()

    def before_step(self, progress: float) -> None:
        """Keep the prototypes still at the beginning, while the targets are noise."""
        if progress < FROZEN_PROTOTYPES:
            self.student["head"].prototypes.grad = None

    @torch.no_grad()
    def after_step(self, progress: float) -> None:
        """Let the teacher follow the student."""
        weight = 1 - teacher_momentum(progress)
        torch._foreach_lerp_(
            list(self.teacher.parameters()), list(self.student.parameters()), weight
        )


def teacher_momentum(progress: float) -> float:
    """Weight of the teacher's past in its moving average; a cosine from 0.99 to 1."""
    return 1 - (1 - FIRST_MOMENTUM) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2


def _cosines(model: nn.ModuleDict, views: torch.Tensor) -> torch.Tensor:
    cosines: torch.Tensor = model["head"](cls_tokens(model["network"], views))
    return cosines
