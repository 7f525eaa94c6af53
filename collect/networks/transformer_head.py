"""The appended transformer classifier of Palés Huix et al. (2024): blocks on patch tokens."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from collect.backbones.architecture import Backbone
from warehouse.errors import CollectError


class TransformerHead(nn.Module):
    """Patch tokens through a projection into the blocks of a second transformer.

    The patch embedding of the second transformer is left out: its blocks take the tokens of the
    first network, projected linearly to its width and normalised, behind its own class token, which
    is classified. No position embedding is added; the tokens had theirs.

    Parameters
    ----------
    classifier : Backbone
        The second transformer, DeiT-B in the paper.
    n_features : int
        Features of a patch token of the first network.
    n_classes : int
        Outputs.
    dropout : float in [0, 1), default 0
        Before the last linear layer.

    Raises
    ------
    CollectError
        If the second network is no transformer with a class token.

    References
    ----------
    .. [1] Palés Huix et al. (2024), "Are natural domain foundation models useful for medical image
       classification?", WACV. https://arxiv.org/abs/2310.19522
    """

    def __init__(
        self, classifier: Backbone, n_features: int, n_classes: int, *, dropout: float = 0.0
    ) -> None:
        super().__init__()
        module = cast("Any", classifier.module)  # timm's attributes
        if not classifier.has_class_token or not hasattr(module, "blocks"):
            raise CollectError(
                f"head_backbone: {type(module).__name__} has no blocks behind a class token"
            )
        width = classifier.n_features
        self.projection = nn.Sequential(nn.Linear(n_features, width), nn.LayerNorm(width))
        self.cls_token = nn.Parameter(module.cls_token.detach().clone())
        self.blocks = module.blocks
        self.norm = module.norm
        self.classify = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, n_classes))

    def forward(self, patches: Tensor) -> Tensor:
        """Logits of shape (n, n_classes) from patch tokens of shape (n, n_patches, n_features)."""
        cls_token = self.cls_token.expand(len(patches), -1, -1)
        tokens = torch.cat([cls_token, self.projection(patches)], dim=1)
        logits: Tensor = self.classify(self.norm(self.blocks(tokens))[:, 0])
        return logits
