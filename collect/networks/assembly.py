"""The network of a run, drawn from the run's seed."""

import hashlib
from typing import Any, cast

import torch
from torch import nn

from collect.backbones.architecture import Backbone
from collect.backbones.build import build_backbone, decapitated
from collect.configuration.study import RunConfig
from collect.networks.heads import Network, linear_head, n_pooled_features
from collect.networks.transformer_head import TransformerHead


def derived_seed(seed: int, purpose: str) -> int:
    """Seed of one purpose of a run: the draws of one do not shift those of another.

    Returns
    -------
    int
        In [0, 2**63).
    """
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def run_backbone(config: RunConfig, *, pretraining: str | None = None) -> Backbone:
    """Backbone of a run on the CPU; ``scratch`` starts from random weights.

    Parameters
    ----------
    config : RunConfig
        The run.
    pretraining : str, optional
        Instead of the run's own.

    Raises
    ------
    CollectError
        If the backbone or its weights are not at hand.
    """
    if pretraining is None:
        pretraining = "random" if config.adaptation == "scratch" else config.pretraining
    torch.manual_seed(derived_seed(config.seed, f"backbone {pretraining}"))
    backbone = build_backbone(config.backbone, pretraining, image_size=config.image_size)
    if config.adaptation in ("keep_first_k", "keep_first_k_frozen"):
        return decapitated(backbone, config.n_blocks or 0)
    return backbone


def run_network(
    backbone: Backbone, config: RunConfig, *, n_classes: int, device: torch.device
) -> Network:
    """Network of a run: its backbone with a new head; same seed, same head.

    Raises
    ------
    CollectError
        If the backbone has no class token and the pooling needs one.
    """
    torch.manual_seed(derived_seed(config.seed, "head"))
    network = Network(backbone, config.pooling, _head(backbone, config, n_classes)).to(device)
    if config.training.channels_last:
        network.to(memory_format=torch.channels_last)
    torch.manual_seed(derived_seed(config.seed, "training"))
    return network


def _head(backbone: Backbone, config: RunConfig, n_classes: int) -> nn.Module:
    if config.head == "linear":
        n_features = n_pooled_features(backbone, config.pooling)
        return linear_head(n_features, n_classes, dropout=config.dropout)
    classifier = build_backbone(config.head_backbone, config.head_pretraining)
    return TransformerHead(classifier, _patch_features(backbone), n_classes, dropout=config.dropout)


def _patch_features(backbone: Backbone) -> int:
    """Width of the network's final patch tokens, which differs from the pooled in some networks."""
    size = backbone.inputs.size
    module = cast("Any", backbone.module).eval()
    with torch.inference_mode():
        output = module.forward_features(torch.zeros(1, 3, size, size))
    module.train()
    if output.ndim == 3 or getattr(module, "output_fmt", "NCHW") == "NHWC":
        return int(output.shape[-1])
    return int(output.shape[1])
