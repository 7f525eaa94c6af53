"""The order of layers from input to output, from their names alone."""

import re
from collections.abc import Iterable

_FIRST = ("input", "conv1", "conv_stem", "stem", "patch_embed", "embed", "embedding", "act1")
_LAST = ("norm", "head", "pooled", "pre_logits", "fc", "output", "final", "prediction")


def layer_order(layers: Iterable[str]) -> list[str]:
    """Return the different layers from input to output.

    Stems come first, norms and heads last, everything between by its numbers.

    Examples
    --------
    >>> layer_order(["blocks.10", "norm", "blocks.2", "embed", "blocks.2"])
    ['embed', 'blocks.2', 'blocks.10', 'norm']
    >>> layer_order(["block1", "conv1"])
    ['conv1', 'block1']
    """
    return sorted(set(layers), key=_key)


def _key(layer: str) -> tuple[int, list[tuple[int, str]]]:
    stem = layer.split(".")[0]
    place = -1 if stem in _FIRST else 1 if stem in _LAST else 0
    parts = re.findall(r"\d+|\D+", layer)
    return place, [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def evenly_chosen(layers: list[str], n_layers: int) -> list[str]:
    """Return at most ``n_layers`` layers, evenly spaced, the first and the last among them.

    Examples
    --------
    >>> evenly_chosen(["a", "b", "c", "d", "e", "f", "g"], 4)
    ['a', 'c', 'e', 'g']
    """
    if len(layers) <= n_layers:
        return layers
    step = (len(layers) - 1) / (n_layers - 1)
    return [layers[round(index * step)] for index in range(n_layers)]
