"""SAM's image encoder at sizes other than the one it was trained at."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def resampled(state: dict[str, Tensor], module: nn.Module) -> dict[str, Tensor]:
    """Resample the position embeddings of SAM's encoder to the grid of a network.

    timm does so for other transformers, not for this one.

    Parameters
    ----------
    state : dict of str to Tensor
        ``pos_embed`` of shape (1, height, width, d) is resampled bicubically, ``rel_pos_h`` and
        ``rel_pos_w`` of shape (2 side - 1, d_head) linearly, where their shapes differ.
    module : nn.Module
        The network that takes the state.

    Returns
    -------
    dict of str to Tensor
        With the shapes of the network.
    """
    expected = module.state_dict()
    return {
        key: value
        if key not in expected or expected[key].shape == value.shape
        else _resampled(key, value.float(), expected[key].shape)
        for key, value in state.items()
    }


def _resampled(key: str, value: Tensor, shape: torch.Size) -> Tensor:
    if key == "pos_embed":
        grid = functional.interpolate(
            value.permute(0, 3, 1, 2), size=shape[1:3], mode="bicubic", antialias=True
        )
        return grid.permute(0, 2, 3, 1)
    if "rel_pos" in key:
        return functional.interpolate(value.T[None], size=shape[0], mode="linear")[0].T
    return value
