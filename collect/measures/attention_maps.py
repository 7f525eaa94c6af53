"""Maps of what a vision transformer looks at, one value per patch."""

import math

import torch
from torch import Tensor


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


def mean_patch_similarity(tokens: Tensor, *, n_prefix_tokens: int = 1) -> Tensor:
    r"""Cosine of each patch token with the average patch token of its image.

    .. math:: \cos(z_i, \bar{z}), \bar{z} = \frac{1}{n} \sum_i z_i

    What a head on the mean of the patches looks at, as the class token's attention is for a head
    on the class token.

    Parameters
    ----------
    tokens : Tensor of shape (n_images, n_tokens, n_features)
        Output of one block.
    n_prefix_tokens : int, default 1
        Class and register tokens before the patches.

    Returns
    -------
    Tensor of shape (n_images, height, width)
        In [-1, 1].

    Raises
    ------
    ValueError
        If the patches are no square grid, or a token or their average is zero.

    Examples
    --------
    >>> tokens = torch.tensor([[[9.0, 9.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]])
    >>> mean_patch_similarity(tokens)[0]
    tensor([[0.7071, 0.7071],
            [0.7071, 0.7071]])
    """
    patches = tokens[:, n_prefix_tokens:]
    average = patches.mean(dim=1, keepdim=True)
    lengths = patches.norm(dim=2) * average.norm(dim=2)
    if not (lengths > 0).all():
        raise ValueError("a patch token or the average of an image is zero: no cosine is defined")
    return as_grid((patches * average).sum(dim=2) / lengths)


def shares(maps: Tensor) -> Tensor:
    """Scale each map to sum to 1; what is below 0 counts as 0.

    Parameters
    ----------
    maps : Tensor of shape (n_images, height, width)
        Of attention, or of cosines.

    Returns
    -------
    Tensor of shape (n_images, height, width)
        In [0, 1].

    Raises
    ------
    ValueError
        If a map has nothing above 0, or a number that is not finite.

    Examples
    --------
    >>> shares(torch.tensor([[[0.0, 2.0], [-1.0, 6.0]]]))
    tensor([[[0.0000, 0.2500],
             [0.0000, 0.7500]]])
    """
    positive = maps.clamp(min=0)
    total = positive.sum(dim=(1, 2), keepdim=True)
    if not ((total > 0) & total.isfinite()).all():
        raise ValueError("a map has no finite sum above 0: it has no shares")
    return positive / total


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
