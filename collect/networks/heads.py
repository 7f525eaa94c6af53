"""A network for a task: a backbone, the pooling of its output, and a head."""

from collections.abc import Mapping
from typing import Literal, Self

import torch
from torch import Tensor, nn

from collect.backbones.architecture import Backbone
from collect.networks.transformer_head import TransformerHead
from collect.probing.activations import pooled_positions, token_features
from warehouse.errors import CollectError

Pooling = Literal["cls", "mean", "cls+mean"]


class Network(nn.Module):
    """A backbone with a head on its pooled output.

    Parameters
    ----------
    backbone : Backbone
        Network without a classifier.
    pooling : {"cls", "mean", "cls+mean"}
        What the head takes: the class token, the mean over patch tokens, or both side by side. A
        network without tokens has ``mean`` only, pooled (and normalised, where the network does
        so after pooling) as timm pools it.
    head : nn.Module
        Takes (n, n_pooled), or (n, n_patches, n_features) if it is a :class:`TransformerHead`, and
        returns (n, n_classes).

    Attributes
    ----------
    frozen : tuple of nn.Module
        Stay in evaluation mode while the rest trains: no dropout, no update of batch statistics.

    Raises
    ------
    CollectError
        If the network has no class token and the pooling needs one.
    """

    def __init__(self, backbone: Backbone, pooling: Pooling, head: nn.Module) -> None:
        super().__init__()
        require_pooling(backbone, pooling)
        self.backbone = backbone.module
        self.head = head
        self.pooling = pooling
        self.description = backbone
        self.frozen: tuple[nn.Module, ...] = ()

    @property
    def takes_patches(self) -> bool:
        """Whether the head takes patch tokens, not pooled features."""
        return isinstance(self.head, TransformerHead)

    def outputs(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits, and every pooled output that the network has, by name.

        Parameters
        ----------
        images : Tensor of shape (n, 3, size, size)
            Normalised.

        Returns
        -------
        tuple of Tensor and dict
            Logits, (n, n_classes); and ``mean``, and with a class token ``cls`` and ``cls+mean``,
            each (n, n_features), the last (n, 2 n_features).
        """
        output = self.backbone.forward_features(images)  # type: ignore[operator] # timm's own
        pooled = self._pooled(output)
        taken = self._patches(output) if self.takes_patches else pooled[self.pooling]
        return self.head(taken), pooled

    def forward(self, images: Tensor) -> Tensor:
        """Logits of shape (n, n_classes) for normalised images."""
        return self.outputs(images)[0]

    def _pooled(self, output: Tensor) -> dict[str, Tensor]:
        if output.ndim == 4:
            return {"mean": pooled_positions(self.backbone, output)}
        prefix = self.description.n_prefix_tokens
        return {
            name: token_features(output, name, "NLC", prefix) for name in poolings(self.description)
        }

    def _patches(self, output: Tensor) -> Tensor:
        if output.ndim == 3:
            return output[:, self.description.n_prefix_tokens :]
        is_last = getattr(self.backbone, "output_fmt", "NCHW") == "NHWC"
        return output.flatten(1, 2) if is_last else output.flatten(2).transpose(1, 2)

    def trained_state(self) -> dict[str, Tensor]:
        """State of what can have changed: without a backbone that is frozen as a whole."""
        is_frozen = self.backbone in self.frozen
        return {
            name: value
            for name, value in self.state_dict().items()
            if not (is_frozen and name.startswith("backbone."))
        }

    def load_trained_state(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what :meth:`trained_state` returned; the rest stays as it is."""
        self.load_state_dict({**self.state_dict(), **state})

    def train(self, mode: bool = True) -> Self:
        """Set training mode, but for what is frozen."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self


def poolings(backbone: Backbone) -> tuple[Pooling, ...]:
    """Pooled outputs that a backbone has."""
    return ("mean", "cls", "cls+mean") if backbone.has_class_token else ("mean",)


def require_pooling(backbone: Backbone, pooling: str) -> None:
    """Refuse a pooling that the backbone cannot give.

    Raises
    ------
    CollectError
        If the network has no class token and the pooling needs one.
    """
    if pooling not in poolings(backbone):
        raise CollectError(
            f"{type(backbone.module).__name__} has no class token: pooling {pooling!r} is not "
            "possible, mean is"
        )


def linear_head(n_features: int, n_classes: int, *, dropout: float = 0.0) -> nn.Module:
    """Dropout, then one linear layer.

    Parameters
    ----------
    n_features : int
        Pooled features.
    n_classes : int
        Outputs: classes (two for a binary task), or labels.
    dropout : float in [0, 1), default 0
        Probability that a feature is left out while training.

    Returns
    -------
    nn.Module
        Weights drawn from torch's global generator, uniform in +-1/sqrt(n_features); bias 0.
    """
    linear = nn.Linear(n_features, n_classes)
    torch.nn.init.zeros_(linear.bias)
    return nn.Sequential(nn.Dropout(dropout), linear)


def n_pooled_features(backbone: Backbone, pooling: Pooling) -> int:
    """Features that a head takes."""
    return backbone.n_features * (2 if pooling == "cls+mean" else 1)
