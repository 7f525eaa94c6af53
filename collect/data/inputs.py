"""From stored images to what a network takes: float, its own size and normalisation, 3 channels."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from collect.backbones.architecture import InputSpec
from collect.data.images import Images


def image_tensor(images: Images, spec: InputSpec) -> Tensor:
    """Images in one uint8 tensor, decoded once.

    Parameters
    ----------
    images : Images of length n
        uint8, each (height, width) or (height, width, 3).
    spec : InputSpec
        Images of varying sizes are resized to ``spec.size`` here; an array is taken as it is.

    Returns
    -------
    Tensor of shape (n, 1 or 3, height, width)
        uint8, on the CPU.
    """
    if isinstance(images, np.ndarray):
        return _channels_first(torch.from_numpy(np.array(images)))
    resized = [
        _resized(_channels_first(torch.from_numpy(np.array(images[i]))[None]), spec)
        for i in range(len(images))
    ]
    n_channels = max((image.shape[1] for image in resized), default=3)
    return torch.cat([image.expand(-1, n_channels, -1, -1) for image in resized])


def network_input(
    images: Tensor,
    spec: InputSpec,
    *,
    channels_last: bool = True,
    view: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Resize, spread gray over three channels, and normalise a batch.

    Parameters
    ----------
    images : Tensor of shape (n, 1 or 3, height, width)
        uint8, on the device of the network.
    spec : InputSpec
        Size and normalisation that belong to the network's weights.
    channels_last : bool, default True
        Memory layout of the result; faster for convolutions.
    view : callable, optional
        Takes and returns intensities in [0, 1] at the network's size, before the normalisation.

    Returns
    -------
    Tensor of shape (n, 3, spec.size, spec.size)
        float32.
    """
    unit = images.float().div_(255)
    if unit.shape[-2:] != (spec.size, spec.size):
        unit = _interpolated(unit, spec).clamp_(0, 1)
    if view is not None:
        unit = view(unit)
    mean = torch.tensor(spec.mean, device=unit.device).view(1, 3, 1, 1)
    std = torch.tensor(spec.std, device=unit.device).view(1, 3, 1, 1)
    normalised = (unit - mean).div_(std)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return normalised.contiguous(memory_format=layout)


def _channels_first(images: Tensor) -> Tensor:
    return images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2)


def _resized(image: Tensor, spec: InputSpec) -> Tensor:
    return _interpolated(image.float(), spec).round_().clamp_(0, 255).to(torch.uint8)


def _interpolated(images: Tensor, spec: InputSpec) -> Tensor:
    size = (spec.size, spec.size)
    return functional.interpolate(images, size=size, mode=spec.interpolation, antialias=True)
