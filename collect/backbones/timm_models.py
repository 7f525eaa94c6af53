"""Any network that timm knows, by name, and the published weights that timm knows for it."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any

import timm
import torch
from timm.models.vision_transformer_sam import checkpoint_filter_fn
from torch import Tensor, nn

from collect.backbones.architecture import Architecture, InputSpec, Weights
from collect.backbones.sam import resampled
from collect.backbones.weights import hub_file
from warehouse.errors import CollectError


def timm_architecture(name: str, tag: str | None = None, **options: object) -> Architecture:
    """Architecture of a timm model.

    Parameters
    ----------
    name : str
        As ``timm.list_models`` has it.
    tag : str, optional
        Weights whose preprocessing counts.
    **options
        Arguments of the model.

    Raises
    ------
    CollectError
        If timm knows no such model; the message names similar ones.
    """
    if name not in timm.list_models():
        similar = get_close_matches(name, timm.list_models(), n=3)
        hint = f"; similar: {', '.join(similar)}" if similar else ""
        raise CollectError(f"{name}: timm {timm.__version__} has no such model{hint}")
    full_name = f"{name}.{tag}" if tag else name
    settings = _settings(full_name)
    side = int(settings["input_size"][-1])
    inputs = InputSpec(side, settings["mean"], settings["std"], settings["interpolation"])
    fixed_size = bool(settings.get("fixed_input_size"))
    return Architecture(
        create=partial(_create, full_name, fixed_size, options),
        inputs=inputs,
        patch_size=_patch_size(full_name) if fixed_size else None,
        weights={tag: partial(published_weights, name, tag) for tag in tags(name)},
    )


def tags(name: str) -> list[str]:
    """Tags of the published weights of a model, such as ``a1_in1k``."""
    full_names = timm.list_pretrained(f"{name}.*")
    return [full_name.removeprefix(f"{name}.") for full_name in full_names]


def published_weights(name: str, tag: str) -> Weights:
    """Weights of a timm tag: from the hub's cache, or downloaded once."""
    repository = _settings(f"{name}.{tag}").get("hf_hub_id")
    if not repository:
        raise CollectError(f"{name}.{tag}: timm knows no place on the hub for these weights")
    return Weights(hub_file(str(repository)))


def _settings(full_name: str) -> dict[str, Any]:
    settings = timm.get_pretrained_cfg(full_name)
    if settings is None:
        raise CollectError(f"{full_name}: timm knows neither its input size nor its normalisation")
    return dict(vars(settings))


def _patch_size(full_name: str) -> int | None:
    """Side of a patch, read from the network built without memory."""
    with torch.device("meta"):
        embedding = getattr(timm.create_model(full_name), "patch_embed", None)
    patch_size = getattr(embedding, "patch_size", None)
    return None if patch_size is None else int(patch_size[0])


def _create(
    full_name: str,
    fixed_size: bool,
    options: Mapping[str, object],
    image_size: int | None,
    state: dict[str, Tensor] | None,
) -> nn.Module:
    """Build without a classifier; timm resamples position embeddings while it loads."""
    arguments: dict[str, Any] = {"num_classes": 0, **options}
    if fixed_size and image_size is not None:
        arguments["img_size"] = image_size
    if state is None:
        return timm.create_model(full_name, **arguments)
    if full_name.startswith("samvit"):
        module = timm.create_model(full_name, **arguments)
        renamed = checkpoint_filter_fn(state, module)  # type: ignore[no-untyped-call]
        module.load_state_dict(resampled(renamed, module), strict=True)
        return module
    classifiers = _settings(full_name).get("classifier") or ()
    heads = (classifiers,) if isinstance(classifiers, str) else tuple(classifiers)
    trunk = {key: value for key, value in state.items() if key.rsplit(".", 1)[0] not in heads}
    overlay = {"state_dict": trunk, "num_classes": 0, "custom_load": False}
    return timm.create_model(
        full_name, pretrained=True, pretrained_cfg_overlay=overlay, **arguments
    )
