"""What a way of pre-training has to offer to the training loop."""

from abc import ABC, abstractmethod

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from collect.miniatures.photographs import Photographs


class Objective(nn.Module, ABC):
    """A network with whatever it needs to learn: a classifier, a text encoder, a teacher.

    Attributes
    ----------
    recipe : dict
        What the objective does, for the model card: JSON values only.
    """

    recipe: dict[str, object]

    @property
    @abstractmethod
    def network(self) -> VisionTransformer:
        """The network that is kept when pre-training ends."""

    @abstractmethod
    def loss(self, batch: Photographs, *, generator: torch.Generator) -> torch.Tensor:
        """Loss of one batch of undistorted images; the objective draws its own views."""

    def before_step(self, progress: float) -> None:
        """Change gradients between the backward pass and the step; nothing by default.

        `progress` is the fraction of the training that is over, in [0, 1].
        """

    def after_step(self, progress: float) -> None:
        """Follow the weights that the optimiser just wrote; nothing by default."""
