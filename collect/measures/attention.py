"""Attention of vision transformers: recording it, and what can be said about it in numbers."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from collect.measures.attention_maps import as_grid


@contextmanager
def recorded_attention(network: nn.Module) -> Iterator[list[Tensor]]:
    """Record the attention of every block while the context is open.

    timm computes attention in a fused kernel that never forms the matrix, and hooks on it record
    nothing. Here each attention module is told to form it, and told back afterwards; hooks are
    always removed.

    Parameters
    ----------
    network : nn.Module
        A vision transformer of timm, or any network whose attention modules have ``fused_attn``
        and pass the matrix through ``attn_drop``.

    Yields
    ------
    list of Tensor of shape (n_images, n_heads, n_tokens, n_tokens)
        One per block and forward pass, in the order of the blocks; rows sum to 1 in eval mode.

    Raises
    ------
    ValueError
        If the network has no such module.
    """
    drops = {
        module: drop
        for module in network.modules()
        if hasattr(module, "fused_attn")
        and isinstance(drop := getattr(module, "attn_drop", None), nn.Module)
    }
    if not drops:
        raise ValueError(f"{type(network).__name__} has no attention that can be recorded")
    recorded: list[Tensor] = []
    fused = {module: module.fused_attn for module in drops}
    hooks = [
        drop.register_forward_hook(lambda _module, _input, out: recorded.append(out.detach()))
        for drop in drops.values()
    ]
    try:
        for module in drops:
            setattr(module, "fused_attn", False)  # noqa: B010 -- timm's attribute, not Module's
        yield recorded
    finally:
        for hook in hooks:
            hook.remove()
        for module, was_fused in fused.items():
            setattr(module, "fused_attn", was_fused)  # noqa: B010


def attention_entropy(attention: Tensor) -> Tensor:
    """Entropy of where each head looks, averaged over queries and images.

    Parameters
    ----------
    attention : Tensor of shape (n_images, n_heads, n_tokens, n_tokens)
        Rows sum to 1.

    Returns
    -------
    Tensor of shape (n_heads,)
        In nats, from 0 (one token) to log(n_tokens) (all alike), float64.
    """
    entropies = -torch.xlogy(attention, attention).sum(dim=-1, dtype=torch.float64)
    return entropies.mean(dim=(0, 2))


def attention_distance(attention: Tensor, *, n_prefix_tokens: int = 1) -> Tensor:
    """Mean distance between a patch and the patches it looks at, per head.

    Parameters
    ----------
    attention : Tensor of shape (n_images, n_heads, n_tokens, n_tokens)
        Rows sum to 1.
    n_prefix_tokens : int, default 1
        Tokens that have no place; what they give and get is left out, the rest is renormalised.

    Returns
    -------
    Tensor of shape (n_heads,)
        In patches, float64; times the patch size it is in pixels.

    Raises
    ------
    ValueError
        If the patches are no square grid.

    References
    ----------
    .. [1] Dosovitskiy et al. (2021), "An image is worth 16x16 words", appendix D.7.
       https://arxiv.org/abs/2010.11929
    """
    patches = attention[:, :, n_prefix_tokens:, n_prefix_tokens:]
    n_patches = patches.shape[-1]
    index = as_grid(torch.ones(n_patches, device=attention.device)).nonzero().double()
    distance = torch.cdist(index, index, compute_mode="donot_use_mm_for_euclid_dist")
    far = torch.einsum("nhqk,qk->nhq", patches, distance.to(patches.dtype))
    return (far.double() / patches.sum(dim=-1).double()).mean(dim=(0, 2))


def artefact_token_rate(tokens: Tensor, *, n_prefix_tokens: int = 1, factor: float = 3.0) -> float:
    """Share of patch tokens whose norm is far above the median of their image.

    Parameters
    ----------
    tokens : Tensor of shape (n_images, n_tokens, n_features)
        Output of one block.
    n_prefix_tokens : int, default 1
        Tokens that are no patches.
    factor : float, default 3
        How many times the median norm makes an artefact.

    Returns
    -------
    float
        In [0, 1].

    References
    ----------
    .. [1] Darcet et al. (2024), "Vision transformers need registers", ICLR: norms are bimodal, and
       a fixed cut-off (150 in DINOv2) separates them. https://arxiv.org/abs/2309.16588
    """
    norms = tokens[:, n_prefix_tokens:].double().norm(dim=2).sort(dim=1).values
    middle = norms[:, (norms.shape[1] - 1) // 2, None]  # sorting is deterministic on every device
    return float((norms > factor * middle).double().mean())
