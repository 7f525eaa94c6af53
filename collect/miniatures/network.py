"""The architecture that the three miniatures share: timm's ViT, small enough for 32x32 images."""

from typing import Any, Final

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

IMAGE_SIZE: Final = 32
WIDTH: Final = 128
#: Channel statistics of CIFAR-10's training images, as fractions of full intensity.
MEAN: Final = (0.4914, 0.4822, 0.4465)
STD: Final = (0.2470, 0.2435, 0.2616)
ARCHITECTURE: Final[dict[str, Any]] = {
    "img_size": IMAGE_SIZE,
    "patch_size": 4,
    "embed_dim": WIDTH,
    "depth": 6,
    "num_heads": 4,
    "num_classes": 0,
}


def build(*, seed: int | None = None, any_size: bool = False) -> VisionTransformer:
    """Miniature vision transformer with random weights: 1.2 million parameters, no classifier.

    Layers, tokens and attention have the names that they have in timm's ViT-B.

    Parameters
    ----------
    seed : int, optional
        Draws the weights from this seed and leaves torch's generator alone; without one they come
        from torch's generator.
    any_size : bool, default False
        Also take images of other sizes (multiples of 4 px) by interpolating the position
        embedding. The parameters are the same.

    Returns
    -------
    VisionTransformer
        Takes (n, 3, 32, 32) float images normalised by `MEAN` and `STD`, returns the normalised
        CLS token, (n, 128). In evaluation mode.
    """
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        network = VisionTransformer(**ARCHITECTURE, dynamic_img_size=any_size)
    return network.eval()


def cls_tokens(network: nn.Module, views: torch.Tensor) -> torch.Tensor:
    """CLS tokens (n, 128) of normalised views, computed in bfloat16, returned as float32."""
    with torch.autocast(views.device.type, dtype=torch.bfloat16):
        tokens: torch.Tensor = network(views)
    return tokens.float()


def normalised(images: torch.Tensor) -> torch.Tensor:
    """Images as the miniatures take them.

    Parameters
    ----------
    images : Tensor of shape (n, 3, height, width)
        uint8 in [0, 255], or floats in [0, 1].

    Returns
    -------
    Tensor of shape (n, 3, height, width)
        float32, each channel shifted by `MEAN` and divided by `STD`.
    """
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    mean = torch.tensor(MEAN, device=images.device).view(3, 1, 1)
    std = torch.tensor(STD, device=images.device).view(3, 1, 1)
    return (scaled - mean) / std
