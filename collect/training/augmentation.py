"""Random views of training images: the papers' recipes, drawn per image on the images' device."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Recipe:
    """What may change, and how much; everything is drawn uniformly and per image.

    Parameters
    ----------
    p_horizontal, p_vertical : float
        Probability of a mirror image.
    rotation_deg, shear_deg : float
        Largest angle, in degrees.
    shift : float
        Largest shift, as a fraction of the side.
    zoom : float
        Each side is scaled by a factor of its own in [1 - zoom, 1 + zoom].
    area : tuple of float
        Range of the crop's share of the image; above 1 the crop is the whole image.
    brightness, contrast, saturation : float
        Largest relative change.
    hue : float
        Largest turn of the hue, as a fraction of the circle.
    p_colour : float
        Probability that the colours change at all.
    """

    p_horizontal: float = 0.0
    p_vertical: float = 0.0
    rotation_deg: float = 0.0
    shear_deg: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    area: tuple[float, float] = (1.0, 1.0)
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    p_colour: float = 0.0


# juodelyte2023: the arguments of Keras' ImageDataGenerator, whose shear is an angle in degrees.
# pales2024: random resized crop of scale 0.8 to 1.2, flips, colour jitter.
RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "flip": Recipe(p_horizontal=0.5),
        "juodelyte2023": Recipe(
            p_horizontal=0.5, rotation_deg=10, shift=0.1, shear_deg=0.1, zoom=0.1
        ),
        "juodelyte2023_chest": Recipe(rotation_deg=10, shift=0.1, shear_deg=0.1, zoom=0.1),
        "pales2024": Recipe(
            p_horizontal=0.5,
            p_vertical=0.5,
            area=(0.8, 1.2),
            brightness=0.2,
            contrast=0.2,
            saturation=0.1,
            hue=0.1,
            p_colour=0.8,
        ),
    }
)


def augmented(images: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Draw a random view of every image.

    Parameters
    ----------
    images : Tensor of shape (n, 1 or 3, side, side)
        Intensities in [0, 1]; colour changes leave gray images gray.
    recipe : Recipe
        What may change.
    generator : torch.Generator
        On the CPU, whatever the device of the images: the same draws on every device.

    Returns
    -------
    Tensor of shape (n, 1 or 3, side, side)
        In [0, 1]; what comes from outside an image continues its border.
    """
    moved = _moved(images, recipe, generator)
    return _coloured(moved, recipe, generator) if recipe.p_colour else moved


def _moved(images: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    theta = _affine(len(images), recipe, generator).to(images.device)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="border", align_corners=False
    )


def _affine(n: int, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Draw maps from the output to the input, in coordinates from -1 to 1; (n, 2, 3)."""

    def draw(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, generator=generator)

    angle = torch.deg2rad(draw(-recipe.rotation_deg, recipe.rotation_deg))
    shear = torch.deg2rad(draw(-recipe.shear_deg, recipe.shear_deg))
    area = draw(*recipe.area).clamp(max=1)
    ratio = torch.exp(draw(-1, 1) * math.log(4 / 3) / 2) if recipe.area != (1.0, 1.0) else 1.0
    width, height = ((area.sqrt() * side).clamp(max=1) for side in (ratio, 1 / ratio))
    offset_x, offset_y = (draw(-1, 1) * (1 - side) for side in (width, height))
    zoom_x, zoom_y = (draw(1 - recipe.zoom, 1 + recipe.zoom) for _ in range(2))
    shift_x, shift_y = (2 * draw(-recipe.shift, recipe.shift) for _ in range(2))
    mirror_x = torch.where(draw(0, 1) < recipe.p_horizontal, -1.0, 1.0)
    mirror_y = torch.where(draw(0, 1) < recipe.p_vertical, -1.0, 1.0)
    scale_x, scale_y = width * zoom_x * mirror_x, height * zoom_y * mirror_y
    rows = [
        torch.stack([angle.cos() * scale_x, -(angle + shear).sin() * scale_y, shift_x + offset_x]),
        torch.stack([angle.sin() * scale_x, (angle + shear).cos() * scale_y, shift_y + offset_y]),
    ]
    return torch.stack(rows).permute(2, 0, 1)


def _coloured(images: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Brightness, contrast, saturation, hue; as torchvision's ColorJitter, in this order."""

    def factor(strength: float, middle: float = 1.0) -> Tensor:
        draw = torch.rand(len(images), 1, 1, 1, generator=generator)
        return (middle + strength * (2 * draw - 1)).to(images.device)

    changed = (images * factor(recipe.brightness)).clamp(0, 1)
    mean = _luma(changed).mean(dim=(1, 2, 3), keepdim=True)
    changed = ((changed - mean) * factor(recipe.contrast) + mean).clamp(0, 1)
    luma = _luma(changed)
    changed = ((changed - luma) * factor(recipe.saturation) + luma).clamp(0, 1)
    changed = turned_hue(changed, factor(recipe.hue, middle=0.0))
    is_changed = factor(0.5, middle=0.5) < recipe.p_colour
    return torch.where(is_changed, changed, images)


def turned_hue(images: Tensor, turn: Tensor) -> Tensor:
    """Turn the hue, as HSV defines it, and keep value and saturation.

    Parameters
    ----------
    images : Tensor of shape (n, 1 or 3, height, width)
        Intensities in [0, 1]; gray images have no hue and stay.
    turn : Tensor of shape (n, 1, 1, 1)
        Fraction of the circle.

    Returns
    -------
    Tensor
        Same shape.
    """
    if images.shape[1] == 1:
        return images
    value, lowest = images.amax(dim=1, keepdim=True), images.amin(dim=1, keepdim=True)
    chroma = value - lowest
    red, green, blue = torch.split(images, 1, dim=1)
    span = torch.where(chroma > 0, chroma, 1.0)
    sector = torch.where(
        value == red,
        (green - blue) / span,
        torch.where(value == green, 2 + (blue - red) / span, 4 + (red - green) / span),
    )
    sector = sector + 6 * turn
    channels = []
    for offset in (5, 3, 1):  # HSV to RGB without cases: value - chroma * ramp
        k = (offset + sector) % 6
        channels.append(value - chroma * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.cat(channels, dim=1)


def _luma(images: Tensor) -> Tensor:
    if images.shape[1] == 1:
        return images
    weights = torch.tensor(LUMA, device=images.device).view(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)
