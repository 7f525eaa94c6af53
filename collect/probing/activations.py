"""Reading the activations of named submodules during a forward pass; hooks never outlive it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from collect.backbones.architecture import Backbone, Layer, Layout
from collect.measures.representation import positions_as_rows
from warehouse.errors import CollectError

Token = Literal["cls", "mean", "cls+mean", "spatial"]


@contextmanager
def recorded_outputs(module: nn.Module, names: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Record what submodules return while the context is open.

    Parameters
    ----------
    module : nn.Module
        Network.
    names : iterable of str
        Names of submodules, as ``module.named_modules()`` gives them.

    Yields
    ------
    dict of str to Tensor
        Filled by each forward pass with the last output per submodule, detached, not copied.

    Raises
    ------
    CollectError
        If there is no submodule of that name.
    """
    outputs: dict[str, Tensor] = {}
    submodules = dict(module.named_modules())
    missing = [name for name in names if name not in submodules]
    if missing:
        raise CollectError(f"{type(module).__name__} has no layer {missing[0]!r}")
    handles = [
        submodules[name].register_forward_hook(partial(_record, outputs, name)) for name in names
    ]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _record(
    outputs: dict[str, Tensor], name: str, _: nn.Module, __: tuple[object, ...], output: object
) -> None:
    first = output[0] if isinstance(output, tuple) else output
    if not isinstance(first, Tensor):
        raise TypeError(f"layer {name} returned {type(first).__name__}, not a tensor")
    outputs[name] = first.detach()


def token_features(output: Tensor, token: Token, layout: Layout, n_prefix_tokens: int) -> Tensor:
    """Rows of a representation from the output of a layer.

    Parameters
    ----------
    output : Tensor of shape (n, d, h, w), (n, h, w, d) or (n, n_tokens, d)
        Output of a layer for n images.
    token : {"cls", "mean", "cls+mean", "spatial"}
        The class token; the mean over patch tokens or positions; both side by side; or one row per
        patch token or position.
    layout : {"NCHW", "NHWC", "NLC"}
        Meaning of the dimensions.
    n_prefix_tokens : int
        Tokens before the patch tokens in ``NLC``; the class token is the first of them.

    Returns
    -------
    Tensor of shape (n, d), (n, 2 d) for cls+mean, or (n * n_positions, d) for spatial
        The positions of an image are adjacent rows.

    Raises
    ------
    ValueError
        If a class token is asked for where there is none.
    """
    if layout == "NCHW":
        positions = output.flatten(2).transpose(1, 2)
    elif layout == "NHWC":
        positions = output.flatten(1, 2)
    else:
        positions = output[:, n_prefix_tokens:]
    if token == "spatial":
        return positions_as_rows(positions)[0]
    if token == "mean":
        return positions.mean(dim=1)
    if layout != "NLC" or n_prefix_tokens == 0:
        raise ValueError("the network has no class token: only mean and spatial can be read")
    if token == "cls":
        return output[:, 0]
    return torch.cat([output[:, 0], positions.mean(dim=1)], dim=1)


def pooled_positions(module: nn.Module, output: Tensor) -> Tensor:
    """Pool the final output of a network without tokens as timm does it.

    Parameters
    ----------
    module : nn.Module
        The network, without a classifier.
    output : Tensor of shape (n, d, h, w) or (n, h, w, d)
        What its ``forward_features`` returned.

    Returns
    -------
    Tensor of shape (n, d)
        The mean over positions, with the norm that some networks put behind it. A network that was
        cut has no pooling of its own left: the plain mean.
    """
    pooled: Tensor = cast("Any", module).forward_head(output, pre_logits=True)
    if pooled.ndim == 2:
        return pooled
    layout: Layout = "NHWC" if getattr(module, "output_fmt", "NCHW") == "NHWC" else "NCHW"
    return token_features(pooled, "mean", layout, 0)


def chosen_layers(backbone: Backbone, names: Iterable[str] | Literal["all"]) -> tuple[Layer, ...]:
    """Layers of a backbone by name, in the network's order.

    Raises
    ------
    CollectError
        If a name is none of the backbone's layers; the message lists them.
    """
    if names == "all":
        return backbone.layers
    known = {layer.name for layer in backbone.layers}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise CollectError(
            f"probing.layers: no layer {unknown[0]!r}; there are {', '.join(sorted(known))}"
        )
    return tuple(layer for layer in backbone.layers if layer.name in set(names))
