"""Attention of vision transformers: maps, and what can be said about them in numbers."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


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


def cls_attention(attention: Tensor, *, n_prefix_tokens: int = 1) -> Tensor:
    """Attention of the class token to each patch.

    Parameters
    ----------
    attention : Tensor of shape (n_images, n_heads, n_tokens, n_tokens)
        Of one block.
    n_prefix_tokens : int, default 1
        Class and register tokens before the patches.

    Returns
    -------
    Tensor of shape (n_images, n_heads, height, width)
        What the class token gives to other prefix tokens is left out, so maps sum to at most 1.

    Raises
    ------
    ValueError
        If the patches are no square.

    Examples
    --------
    >>> cls_attention(torch.full((1, 2, 5, 5), 0.2))[0, 0]
    tensor([[0.2000, 0.2000],
            [0.2000, 0.2000]])
    """
    return as_grid(attention[:, :, 0, n_prefix_tokens:])


def as_grid(patches: Tensor) -> Tensor:
    """Give the last dimension, one value per patch in reading order, its height and width.

    Raises
    ------
    ValueError
        If the number of patches is no square.
    """
    side = math.isqrt(patches.shape[-1])
    if side * side != patches.shape[-1]:
        raise ValueError(f"{patches.shape[-1]} patches are no square grid")
    return patches.reshape(*patches.shape[:-1], side, side)


def patch_feature_map(tokens: Tensor, *, n_prefix_tokens: int = 1) -> Tensor:
    """Mean over features of each patch token.

    Parameters
    ----------
    tokens : Tensor of shape (n_images, n_tokens, n_features)
        Output of one block.
    n_prefix_tokens : int, default 1
        Class and register tokens before the patches.

    Returns
    -------
    Tensor of shape (n_images, height, width)
        In the units of the features.
    """
    return as_grid(tokens[:, n_prefix_tokens:].mean(dim=2))


def attention_rollout(attentions: list[Tensor]) -> Tensor:
    r"""How much each input token reaches each output token through all blocks.

    .. math:: \prod_b \tfrac{1}{2} (\bar{A}_b + I)

    with the mean attention over heads, the last block first.

    Parameters
    ----------
    attentions : list of Tensor of shape (n_images, n_heads, n_tokens, n_tokens)
        Of all blocks, the first one first.

    Returns
    -------
    Tensor of shape (n_images, n_tokens, n_tokens)
        Rows sum to 1.

    Raises
    ------
    ValueError
        If there is no block.

    References
    ----------
    .. [1] Abnar and Zuidema (2020), "Quantifying attention flow in transformers", ACL.
       https://arxiv.org/abs/2005.00928
    """
    if not attentions:
        raise ValueError("no attention to roll out")
    n_tokens = attentions[0].shape[-1]
    identity = torch.eye(n_tokens, dtype=attentions[0].dtype, device=attentions[0].device)
    reach = identity.expand(len(attentions[0]), -1, -1)
    for attention in attentions:
        reach = 0.5 * (attention.mean(dim=1) + identity) @ reach
    return reach


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
    wide = attention.double()
    return -torch.xlogy(wide, wide).sum(dim=-1).mean(dim=(0, 2))


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
    patches = attention[:, :, n_prefix_tokens:, n_prefix_tokens:].double()
    n_patches = patches.shape[-1]
    index = as_grid(torch.ones(n_patches, device=attention.device)).nonzero().double()
    distance = torch.cdist(index, index, compute_mode="donot_use_mm_for_euclid_dist")
    weighted: Tensor = (patches * distance).sum(dim=-1) / patches.sum(dim=-1)
    return weighted.mean(dim=(0, 2))


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
    norms = tokens[:, n_prefix_tokens:].double().norm(dim=2)
    return float((norms > factor * norms.median(dim=1, keepdim=True).values).double().mean())


def first_layer_filters(network: nn.Module) -> Tensor:
    """Weights of the first convolution, each filter stretched to [0, 1] for display.

    Parameters
    ----------
    network : nn.Module
        Any network with a convolution, a patch embedding included.

    Returns
    -------
    Tensor of shape (n_filters, n_channels, height, width)
        A constant filter is 0.5 everywhere.

    Raises
    ------
    ValueError
        If there is no two-dimensional convolution.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            weight = module.weight.detach()
            low = weight.amin(dim=(1, 2, 3), keepdim=True)
            width = weight.amax(dim=(1, 2, 3), keepdim=True) - low
            return torch.where(width > 0, (weight - low) / width.clamp(min=1e-30), 0.5)
    raise ValueError(f"{type(network).__name__} has no convolution")
