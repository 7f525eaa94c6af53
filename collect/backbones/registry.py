"""Backbones by name: those registered here, open_clip's towers, then every model of timm."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from collect.backbones import miniature
from collect.backbones.architecture import Architecture, Weights
from collect.backbones.open_clip_towers import PREFIX, open_clip_architecture
from collect.backbones.presets import PRESETS
from collect.backbones.timm_models import timm_architecture
from collect.backbones.weights import SUFFIXES
from warehouse.errors import CollectError


def _without_weights(name: str, **options: object) -> Architecture:
    """Give a timm network another name; timm's own weights are not for it."""
    return replace(timm_architecture(name, None, **options), weights={})


# Names that are not timm's. A function each, so that naming one costs nothing until it is built.
ARCHITECTURES: dict[str, Callable[[], Architecture]] = {
    miniature.NAME: miniature.miniature_architecture,
    "blip_vit_base": partial(_without_weights, "vit_base_patch16_224"),
    # The arguments of SEEM's configuration; FocalNet's own tiny network lacks them.
    "seem_focal_tiny": partial(
        _without_weights,
        "focalnet_tiny_lrf",
        focal_windows=[3] * 4,
        use_overlap_down=True,
        use_post_norm=True,
        layerscale_value=1e-4,
        normalize_modulator=True,
    ),
}


def architecture(backbone: str, pretraining: str) -> Architecture:
    """Architecture of a backbone, with the preprocessing that belongs to the pre-training.

    Parameters
    ----------
    backbone : str
        A name in ``ARCHITECTURES``, ``open_clip:<model>``, or any timm model.
    pretraining : str
        ``random``, a preset, a tag of timm or open_clip, or a file.

    Raises
    ------
    CollectError
        If there is no such model.
    """
    presets = PRESETS.get(backbone, {})
    found = _architecture(backbone, pretraining)
    inputs = presets[pretraining].inputs if pretraining in presets else None
    own = {name: preset.find for name, preset in presets.items()}
    return replace(found, inputs=inputs or found.inputs, weights={**found.weights, **own})


def _architecture(backbone: str, pretraining: str) -> Architecture:
    if backbone in ARCHITECTURES:
        return ARCHITECTURES[backbone]()
    if backbone.startswith(PREFIX):
        return open_clip_architecture(backbone, pretraining)
    found = timm_architecture(backbone)
    return timm_architecture(backbone, pretraining) if pretraining in found.weights else found


def find_weights(backbone: str, pretraining: str, known: Architecture) -> Weights | None:
    """Find where the weights of a pre-training are; None for ``random``.

    Raises
    ------
    CollectError
        If the name means nothing for this backbone, or the weights are not at hand.
    """
    require_weights(backbone, pretraining, known)
    if pretraining == "random":
        return None
    if pretraining in known.weights:
        return known.weights[pretraining]()
    return Weights(Path(pretraining))


def require_weights(backbone: str, pretraining: str, known: Architecture) -> None:
    """Refuse a pre-training whose name means nothing for this backbone.

    Raises
    ------
    CollectError
        The message has the names that mean something.
    """
    if pretraining in {"random", *known.weights} or pretraining.endswith(SUFFIXES):
        return
    names = ", ".join(["random", *sorted(known.weights), f"a file ({', '.join(SUFFIXES)})"])
    raise CollectError(f"{backbone} has no weights named {pretraining!r}; it has {names}")
