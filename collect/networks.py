"""The network of a run, drawn from the run's seed."""

import hashlib

import torch

from collect.backbones.architecture import Backbone
from collect.backbones.build import build_backbone, decapitated
from collect.heads import Network, linear_head, n_pooled_features
from collect.study import RunConfig
from warehouse.errors import CollectError


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
    if config.adaptation == "keep_first_k":
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
    if config.head != "linear":
        raise CollectError(f"head = {config.head!r}: there is linear")
    n_features = n_pooled_features(backbone, config.pooling)
    head = linear_head(n_features, n_classes, dropout=config.dropout)
    network = Network(backbone, config.pooling, head).to(device)
    if config.training.channels_last:
        network.to(memory_format=torch.channels_last)
    torch.manual_seed(derived_seed(config.seed, "training"))
    return network
