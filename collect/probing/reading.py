"""One forward pass over images serves everything that is read from a network."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from collect.backbones.architecture import Layer
from collect.data.inputs import network_input
from collect.networks.heads import Network
from collect.probing.activations import Token, recorded_outputs, token_features
from collect.probing.row_stack import RowStack

BATCH_SIZE = 128
Layers = dict[tuple[str, Token], Tensor]  # by layer and token


@dataclass(frozen=True)
class Reading:
    """What a network made of n images, on the network's device.

    Parameters
    ----------
    logits : Tensor of shape (n, n_classes)
        Of the head, float32.
    pooled : dict of str to Tensor
        Final features by pooling (``mean``, ``cls``, ``cls+mean``), float32, one row per image.
    layers : dict of (layer, token) to Tensor
        Activations, float32, one row per image, or per position for ``spatial``; large ones of a
        network on the CPU in a file, see :func:`~collect.probing.row_stack.unfilled_rows`.
    """

    logits: Tensor
    pooled: dict[str, Tensor]
    layers: Layers


def read(
    network: Network,
    images: Tensor,
    *,
    layers: Sequence[Layer] = (),
    tokens: Sequence[Token] = (),
    channels_last: bool = True,
) -> Reading:
    """Pass images through a network in evaluation mode, once.

    Parameters
    ----------
    network : Network
        Left in evaluation mode.
    images : Tensor of shape (n, 1 or 3, height, width)
        uint8.
    layers : sequence of Layer
        Layers whose activations are kept.
    tokens : sequence of {"cls", "mean", "cls+mean", "spatial"}
        What of each layer is kept.
    channels_last : bool, default True
        Memory layout of the inputs.

    Returns
    -------
    Reading
        In the order of the images.

    Raises
    ------
    CollectError
        If the network has no such layer.
    ValueError
        If there is no image, or a class token is asked for where there is none.
    """
    if not len(images):
        raise ValueError("no images to read")
    network.eval()
    device = next(network.parameters()).device
    spec = network.description.inputs
    parts = []
    names = [layer.name for layer in layers]
    stacks: dict[tuple[str, Token], RowStack] = defaultdict(lambda: RowStack(len(images)))
    with torch.inference_mode(), recorded_outputs(network.backbone, names) as outputs:
        for batch in torch.split(images, BATCH_SIZE):
            inputs = network_input(batch.to(device), spec, channels_last=channels_last)
            logits, pooled = network.outputs(inputs)
            rows = _rows(outputs, layers, tokens, network.description.n_prefix_tokens)
            for key, each in rows.items():
                stacks[key].add(each, len(batch))
            parts.append(Reading(logits.float(), {k: v.float() for k, v in pooled.items()}, {}))
    return replace(joined(parts), layers={key: stack.rows for key, stack in stacks.items()})


def joined(parts: Sequence[Reading]) -> Reading:
    """Put readings of consecutive images together, without layers."""
    return Reading(
        torch.cat([part.logits for part in parts]),
        {name: torch.cat([part.pooled[name] for part in parts]) for name in parts[0].pooled},
        {},
    )


def with_head(network: Network, reading: Reading) -> Reading:
    """Read with another head on the same pooled features: the same without the backbone."""
    network.eval()
    with torch.inference_mode():
        logits = network.head(reading.pooled[network.pooling]).float()
    return Reading(logits, reading.pooled, reading.layers)


def _rows(
    outputs: dict[str, Tensor], layers: Sequence[Layer], tokens: Sequence[Token], n_prefix: int
) -> dict[tuple[str, Token], Tensor]:
    return {
        (layer.name, token): token_features(
            outputs[layer.name], token, layer.layout, n_prefix
        ).float()
        for layer in layers
        for token in tokens
    }
