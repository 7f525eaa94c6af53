"""Supervised pre-training: name the class of an image from its CLS token."""

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torch.nn import functional

from collect.miniatures.augment import View, random_view
from collect.miniatures.network import WIDTH, build, cls_tokens
from collect.miniatures.objective import Objective
from collect.miniatures.photographs import Photographs

VIEW = View()
SMOOTHING = 0.1


class Supervised(Objective):
    """Cross-entropy with smoothed labels on a linear classifier over the CLS token."""

    def __init__(self, class_names: tuple[str, ...]) -> None:
        super().__init__()
        self.student = build()
        self.classifier = nn.Linear(WIDTH, len(class_names))
        self.recipe = {
            "loss": "cross-entropy of a linear classifier on the CLS token",
            "label_smoothing": SMOOTHING,
            "view": repr(VIEW),
        }

    @property
    def network(self) -> VisionTransformer:
        """The network below the classifier."""
        return self.student

    def loss(self, batch: Photographs, *, generator: torch.Generator) -> torch.Tensor:
        """Smoothed cross-entropy, in nats for each image."""
        features = cls_tokens(self.student, random_view(batch.images, VIEW, generator))
        logits = self.classifier(features)
        return functional.cross_entropy(logits, batch.labels, label_smoothing=SMOOTHING)
