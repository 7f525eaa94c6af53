"""Random views of a batch of images, drawn on the device where the images are."""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from collect.miniatures.network import IMAGE_SIZE, normalised

#: Weights of red, green and blue in luma (ITU-R BT.601).
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class View:
    """How one random view is drawn; probabilities and strengths are fractions.

    `area` is the range of the crop's share of the image, `size` the side of the result in pixels,
    `jitter` the largest relative change of brightness, contrast and saturation.
    """

    area: tuple[float, float] = (0.4, 1.0)
    size: int = IMAGE_SIZE
    jitter: float = 0.4
    p_jitter: float = 0.8
    p_gray: float = 0.1
    p_solarise: float = 0.0


def random_view(images: torch.Tensor, view: View, generator: torch.Generator) -> torch.Tensor:
    """Crop, flip and recolour every image on its own, then normalise.

    Parameters
    ----------
    images : Tensor of shape (n, 3, height, width)
        uint8.
    view : View
        What may change, and how much.
    generator : Generator
        On the same device as `images`.

    Returns
    -------
    Tensor of shape (n, 3, view.size, view.size)
        float32, normalised as the network takes it.
    """
    cropped = _crop_and_flip(images.float() / 255, view, generator)
    coloured = _jitter(cropped, view, generator)
    gray = _uniform(images, generator) < view.p_gray
    coloured = torch.where(gray, _luma(coloured).expand_as(coloured), coloured)
    if view.p_solarise:
        solarise = (_uniform(images, generator) < view.p_solarise) & (coloured > 0.5)
        coloured = torch.where(solarise, 1 - coloured, coloured)
    return normalised(coloured)


def _uniform(
    images: torch.Tensor, generator: torch.Generator, low: float = 0.0, high: float = 1.0
) -> torch.Tensor:
    """One number for each image, shaped to multiply it."""
    draw = torch.rand(len(images), 1, 1, 1, device=images.device, generator=generator)
    return low + (high - low) * draw


def _crop_and_flip(images: torch.Tensor, view: View, generator: torch.Generator) -> torch.Tensor:
    """Rectangles of random area and aspect ratio (3/4 to 4/3), resampled bilinearly."""
    area = _uniform(images, generator, *view.area).flatten()
    ratio = torch.exp(_uniform(images, generator, -1, 1).flatten() * math.log(4 / 3) / 2)
    width, height = ((area.sqrt() * side).clamp(max=1) for side in (ratio, 1 / ratio))
    left_right = _uniform(images, generator, -1, 1).flatten() * (1 - width)
    up_down = _uniform(images, generator, -1, 1).flatten() * (1 - height)
    flip = torch.where(_uniform(images, generator).flatten() < 0.5, -1.0, 1.0)
    zero = torch.zeros_like(width)
    affine = torch.stack([width * flip, zero, left_right, zero, height, up_down], dim=1)
    shape = [len(images), 3, view.size, view.size]
    grid = functional.affine_grid(affine.view(-1, 2, 3), shape, align_corners=False)
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def _jitter(images: torch.Tensor, view: View, generator: torch.Generator) -> torch.Tensor:
    """Brightness, contrast and saturation, each by its own factor around 1."""
    low, high = 1 - view.jitter, 1 + view.jitter
    brightness, contrast, saturation = (_uniform(images, generator, low, high) for _ in range(3))
    changed = (images * brightness).clamp(0, 1)
    mean = _luma(changed).mean(dim=(2, 3), keepdim=True)
    changed = ((changed - mean) * contrast + mean).clamp(0, 1)
    gray = _luma(changed)
    changed = ((changed - gray) * saturation + gray).clamp(0, 1)
    return torch.where(_uniform(images, generator) < view.p_jitter, changed, images)


def _luma(images: torch.Tensor) -> torch.Tensor:
    weights = torch.tensor(LUMA, device=images.device).view(3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)
