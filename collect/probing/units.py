"""The sampling units of a probe: its images, or the patients that the data name."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

Unit = Literal["image", "group"]


def unit_of(groups: Sequence[str] | None) -> Unit:
    """Name what is paired at random and left out, when these are the groups of the images."""
    return "image" if groups is None else "group"


def unit_of_image(groups: Sequence[str] | None, n_images: int) -> Tensor:
    """Return the number of the unit of each image, (n_images,).

    Examples
    --------
    >>> unit_of_image(["b", "a", "b"], 3).tolist(), unit_of_image(None, 3).tolist()
    ([0, 1, 0], [0, 1, 2])
    """
    if groups is None:
        return torch.arange(n_images)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    return torch.tensor([numbers[name] for name in groups])
