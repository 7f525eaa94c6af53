"""Build a backbone: architecture, size, weights, and what can be read from it."""

from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from collect.backbones.architecture import Architecture, Backbone, InputSpec, Layer, Layout
from collect.backbones.registry import architecture, find_weights
from collect.backbones.resolution import effective_size
from collect.backbones.weights import file_hash, read_state_dict
from collect.probing.activations import pooled_positions, recorded_outputs
from warehouse.errors import CollectError


def build_backbone(backbone: str, pretraining: str, *, image_size: int | None = None) -> Backbone:
    """Build a network without a classifier, with its weights loaded strictly.

    Parameters
    ----------
    backbone : str
        Any timm model, or a name of :mod:`collect.backbones.registry`.
    pretraining : str
        ``random``; the name of published weights; or a path to a file of weights.
    image_size : int, optional
        Side in pixels; snapped to the patch grid. The network's native size if None.

    Returns
    -------
    Backbone
        On the CPU, in training mode. Random weights are drawn from torch's global generator.

    Raises
    ------
    CollectError
        If the model or the weights are unknown or not at hand, or the weights do not fit.
    """
    known = architecture(backbone, pretraining)
    weights = find_weights(backbone, pretraining, known)
    size = effective_size(image_size or known.inputs.size, known.patch_size)
    inputs = replace(known.inputs, size=size)
    if weights is None:
        return _described(known.create(size, None), inputs, weights_hash=None)
    state = read_state_dict(weights.path)
    if weights.rename is not None:
        state = weights.rename(state)
    module = _loaded(known, size, state, f"{weights.path} does not fit {backbone}")
    return _described(module, inputs, weights_hash=file_hash(weights.path))


def decapitated(backbone: Backbone, n_blocks: int) -> Backbone:
    """Keep the first layers and the final norm, drop the rest.

    Parameters
    ----------
    backbone : Backbone
        Its module is changed in place.
    n_blocks : int
        Layers to keep, counted as ``backbone.layers`` lists them.

    Raises
    ------
    CollectError
        If there are not that many layers, or the network cannot be cut.
    """
    n_layers = len(backbone.layers)
    if not 1 <= n_blocks <= n_layers:
        raise CollectError(f"n_blocks = {n_blocks}: the network has {n_layers} layers")
    cut = getattr(backbone.module, "prune_intermediate_layers", None)
    if cut is None:
        raise CollectError(f"{type(backbone.module).__name__} cannot be cut after a layer")
    cut(indices=[n_blocks - 1], prune_norm=False, prune_head=True)
    return _described(backbone.module, backbone.inputs, weights_hash=backbone.weights_hash)


def _loaded(known: Architecture, size: int, state: dict[str, Tensor], problem: str) -> nn.Module:
    try:
        return known.create(size, state)
    except RuntimeError as error:
        details = " ".join(str(error).split())
        raise CollectError(f"{problem}: {details[:300]}") from error


def _described(module: nn.Module, inputs: InputSpec, *, weights_hash: str | None) -> Backbone:
    """Read from one forward pass over a blank image what the network's tokens and layers are."""
    existing = {name for name, _ in module.named_modules()}
    channels = {
        str(entry["module"]): int(entry["num_chs"])
        for entry in cast("Any", module).feature_info
        if entry["module"] and entry["module"] in existing
    }
    module.eval()
    network = cast("Any", module)  # timm's own methods
    with torch.inference_mode(), recorded_outputs(module, channels) as outputs:
        features = network.forward_features(torch.zeros(1, 3, inputs.size, inputs.size))
        has_tokens = features.ndim == 3
        pooled = features[:, 0] if has_tokens else pooled_positions(module, features)
    module.train()
    recorded = [name for name in channels if name in outputs]  # a list of blocks returns nothing
    if not recorded:
        raise CollectError(
            f"{type(module).__name__} has no layer whose activations can be recorded "
            f"(timm names {', '.join(channels) or 'none'}): take another backbone"
        )
    n_prefix_tokens = int(getattr(module, "num_prefix_tokens", 0)) if has_tokens else 0
    return Backbone(
        module=module,
        inputs=inputs,
        layers=tuple(
            Layer(name, channels[name], _layout(outputs[name], channels[name])) for name in recorded
        ),
        n_prefix_tokens=n_prefix_tokens,
        has_class_token=n_prefix_tokens > 0 and getattr(module, "cls_token", None) is not None,
        n_tokens=int(features.shape[1]) if has_tokens else None,
        n_features=int(pooled.shape[-1]),
        weights_hash=weights_hash,
    )


def _layout(output: Tensor, n_features: int) -> Layout:
    if output.ndim == 3:
        return "NLC"
    return "NCHW" if output.shape[1] == n_features else "NHWC"
