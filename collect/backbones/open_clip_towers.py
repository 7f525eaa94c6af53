"""Visual towers of open_clip's models, as the timm networks that compute the same."""

from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from collect.backbones.architecture import Architecture, InputSpec, Weights
from collect.backbones.timm_models import timm_architecture
from warehouse.errors import CollectError

PREFIX = "open_clip:"
SIZES = {(384, 12): "small", (768, 12): "base", (1024, 24): "large", (1280, 32): "huge"}


def open_clip_architecture(backbone: str, tag: str) -> Architecture:
    """Architecture of the visual tower of ``open_clip:<model>``, without its projection.

    Parameters
    ----------
    backbone : str
        Such as ``open_clip:ViT-B-16``.
    tag : str
        Pre-training, such as ``laion2b_s34b_b88k``; ``openai`` weights need the activation that
        they were trained with, so the tag decides on the network too.

    Raises
    ------
    CollectError
        If open_clip has no such model, or timm no network that computes the same.
    """
    import open_clip

    name = backbone.removeprefix(PREFIX)
    config = open_clip.get_model_config(name)
    if config is None:
        raise CollectError(f"{backbone}: open_clip has no such model")
    known = timm_architecture(_timm_name(backbone, config["vision_cfg"], tag))
    tags = open_clip.list_pretrained_tags_by_model(name)
    cfg = open_clip.get_pretrained_cfg(name, tag) or {}
    inputs = InputSpec(
        size=int(config["vision_cfg"]["image_size"]),
        mean=tuple(cfg.get("mean") or open_clip.OPENAI_DATASET_MEAN),
        std=tuple(cfg.get("std") or open_clip.OPENAI_DATASET_STD),
        interpolation=cfg.get("interpolation") or "bicubic",
    )
    weights = {known_tag: partial(_weights, name, known_tag) for known_tag in tags}
    return Architecture(known.create, inputs, known.patch_size, weights)


def visual_tower(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take the visual tower out of an open_clip checkpoint, without the projection behind it.

    Parameters
    ----------
    state : dict of str to Tensor
        Keys such as ``visual.transformer.resblocks.0.ln_1.weight`` or ``visual.trunk.norm.weight``.

    Returns
    -------
    dict of str to Tensor
        Keys that timm reads.
    """
    trunk, visual = "visual.trunk.", "visual."
    if any(key.startswith(trunk) for key in state):
        return {k.removeprefix(trunk): v for k, v in state.items() if k.startswith(trunk)}
    return {k: v for k, v in state.items() if k.startswith(visual) and k != "visual.proj"}


def _timm_name(backbone: str, vision: dict[str, Any], tag: str) -> str:
    if "timm_model_name" in vision:
        return str(vision["timm_model_name"])
    layers = vision["layers"]
    size = None if isinstance(layers, list) else SIZES.get((vision["width"], layers))
    if size is None:
        raise CollectError(f"{backbone}: its visual tower has no counterpart in timm")
    quick = "quickgelu_" if backbone.endswith("-quickgelu") or tag == "openai" else ""
    return f"vit_{size}_patch{vision['patch_size']}_clip_{quick}{vision['image_size']}"


def _weights(name: str, tag: str) -> Weights:
    import open_clip

    config = open_clip.get_pretrained_cfg(name, tag)
    try:
        path = open_clip.download_pretrained(config, prefer_hf_hub=True)
    except (OSError, RuntimeError) as error:
        where = config.get("hf_hub") or config.get("url")
        raise CollectError(
            f"{PREFIX}{name}, {tag}: weights not at hand; on a machine with a network open_clip "
            f"gets them from {where}, or name a local file as pretraining"
        ) from error
    return Weights(Path(path), visual_tower)
