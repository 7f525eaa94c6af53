"""Where a vision transformer looks: maps of its last block, numbers of every block."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from collect.data.inputs import network_input
from collect.measures.attention import (
    artefact_token_rate,
    attention_distance,
    attention_entropy,
    recorded_attention,
)
from collect.measures.attention_maps import (
    as_grid,
    attention_rollout,
    cls_attention,
    mean_patch_similarity,
    shares,
)
from collect.networks.heads import Network
from collect.probing.activations import recorded_outputs

NUMBERS = 1 << 26  # of attention that are in memory at a time: 256 MB
N_HEADS = 16  # as many as a network is taken to have when its images are shared out
T = TypeVar("T")


@dataclass(frozen=True)
class Blocks:
    """What the blocks of a network did with n images.

    Parameters
    ----------
    attention : list of Tensor of shape (n, n_heads, n_tokens, n_tokens)
        Of each block, the first one first.
    tokens : list of Tensor of shape (n, n_tokens, n_features)
        Output of each block.
    n_prefix_tokens : int
        Class and register tokens before the patches.
    """

    attention: list[Tensor]
    tokens: list[Tensor]
    n_prefix_tokens: int

    def __len__(self) -> int:
        return len(self.tokens[0])


def has_attention(network: Network) -> bool:
    """Whether there is a class token whose attention can be recorded, in every layer."""
    description = network.description
    return description.has_class_token and all(
        layer.layout == "NLC" for layer in description.layers
    )


def attention_maps(
    network: Network, images: Tensor, *, channels_last: bool = True
) -> Mapping[str, Tensor]:
    """Map where the last block looks.

    Parameters
    ----------
    network : Network
        With a class token; left in evaluation mode.
    images : Tensor of shape (n, 1 or 3, height, width)
        uint8.
    channels_last : bool, default True
        Memory layout of the inputs.

    Returns
    -------
    mapping of str to Tensor of shape (n, height, width)
        ``cls_attention`` (mean over heads), ``rollout`` (of the class token) and
        ``mean_patch_similarity``, on the CPU, float32; each map sums to 1.

    Raises
    ------
    ValueError
        If the attention of the network cannot be recorded block by block, its patches are no
        square grid, or a map has no shares.
    """
    found = _of_each_batch(network, images, _maps, channels_last=channels_last)
    return {kind: torch.cat([maps[kind] for maps in found]) for kind in found[0]}


def attention_statistics(
    network: Network, images: Tensor, *, channels_last: bool = True
) -> list[dict[str, float]]:
    """Statistics of where each block looks, mean over images and heads.

    Parameters
    ----------
    network : Network
        With a class token; left in evaluation mode.
    images : Tensor of shape (n, 1 or 3, height, width)
        uint8.
    channels_last : bool, default True
        Memory layout of the inputs.

    Returns
    -------
    list of dict of str to float
        One per block, the first one first: ``entropy`` in nats, ``mean_distance`` in patches,
        ``artefact_rate`` in [0, 1].

    Raises
    ------
    ValueError
        As :func:`attention_maps`, or if a statistic is not finite.
    """
    parts = _of_each_batch(network, images, _sums, channels_last=channels_last)
    means = torch.stack(parts).sum(dim=0) / len(images)
    if not means.isfinite().all():
        raise ValueError("attention is not finite")
    names = ("entropy", "mean_distance", "artefact_rate")
    return [dict(zip(names, row, strict=True)) for row in means.tolist()]


def _of_each_batch(
    network: Network, images: Tensor, take: Callable[[Blocks], T], *, channels_last: bool
) -> list[T]:
    description = network.description
    network.eval()
    names = [layer.name for layer in description.layers]
    n_tokens = description.n_tokens or 1
    batch_size = max(1, NUMBERS // (len(names) * N_HEADS * n_tokens**2))
    taken = []
    with (
        torch.inference_mode(),
        recorded_outputs(network.backbone, names) as outputs,
        recorded_attention(network.backbone) as attention,
    ):
        for batch in torch.split(images, batch_size):
            attention.clear()
            network.backbone.forward_features(  # type: ignore[operator] # timm's own
                network_input(batch, description.inputs, channels_last=channels_last)
            )
            if [a.shape[-2:] for a in attention] != [(n_tokens, n_tokens)] * len(names):
                raise ValueError("the network does not have one attention of all tokens per layer")
            tokens = [outputs[name] for name in names]
            taken.append(take(Blocks(list(attention), tokens, description.n_prefix_tokens)))
    return taken


def _maps(blocks: Blocks) -> dict[str, Tensor]:
    n_prefix = blocks.n_prefix_tokens
    last = cls_attention(blocks.attention[-1], n_prefix_tokens=n_prefix)
    reached = attention_rollout(blocks.attention)[:, 0, n_prefix:]
    maps = {
        "cls_attention": last.mean(dim=1),
        "rollout": as_grid(reached),
        "mean_patch_similarity": mean_patch_similarity(blocks.tokens[-1], n_prefix_tokens=n_prefix),
    }
    return {kind: shares(values.float()).cpu() for kind, values in maps.items()}


def _sums(blocks: Blocks) -> Tensor:
    """Statistics of each block times the number of images, (n_blocks, 3)."""
    n_prefix = blocks.n_prefix_tokens
    rows = [
        (
            float(attention_entropy(attention).mean()),
            float(attention_distance(attention, n_prefix_tokens=n_prefix).mean()),
            artefact_token_rate(tokens, n_prefix_tokens=n_prefix),
        )
        for attention, tokens in zip(blocks.attention, blocks.tokens, strict=True)
    ]
    return torch.tensor(rows, dtype=torch.float64) * len(blocks)
