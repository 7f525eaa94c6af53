"""Backbones by name: those registered here, then every model that timm knows."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from collect.backbones import efficientnet_lite, miniature
from collect.backbones.architecture import Architecture, Weights
from collect.backbones.timm_models import timm_architecture
from collect.backbones.weights import SUFFIXES
from warehouse.errors import CollectError

# Names that are not timm's. A function each, so that naming one costs nothing until it is built.
ARCHITECTURES: dict[str, Callable[[], Architecture]] = {
    miniature.NAME: miniature.miniature_architecture,
}

# Pre-training names beyond timm's tags, by backbone.
WEIGHTS: dict[str, dict[str, Callable[[], Weights]]] = {
    "tf_efficientnet_lite0": {"imagenet": efficientnet_lite.imagenet_weights},
}


def architecture(backbone: str, pretraining: str) -> Architecture:
    """Architecture of a backbone, with the preprocessing that belongs to the pre-training.

    Parameters
    ----------
    backbone : str
        A name in ``ARCHITECTURES``, or any timm model.
    pretraining : str
        ``random``, a name in ``WEIGHTS``, a timm tag, or a file.

    Raises
    ------
    CollectError
        If there is no such model.
    """
    if backbone in ARCHITECTURES:
        return ARCHITECTURES[backbone]()
    found = timm_architecture(backbone)
    if pretraining in found.weights:
        found = timm_architecture(backbone, pretraining)
    return replace(found, weights={**found.weights, **WEIGHTS.get(backbone, {})})


def find_weights(backbone: str, pretraining: str, known: Architecture) -> Weights | None:
    """Find where the weights of a pre-training are; None for ``random``.

    Raises
    ------
    CollectError
        If the name means nothing for this backbone, or the weights are not at hand.
    """
    if pretraining == "random":
        return None
    if pretraining in known.weights:
        return known.weights[pretraining]()
    if pretraining.endswith(SUFFIXES):
        return Weights(Path(pretraining))
    names = ", ".join(["random", *sorted(known.weights), f"a file ({', '.join(SUFFIXES)})"])
    raise CollectError(f"{backbone} has no weights named {pretraining!r}; it has {names}")
