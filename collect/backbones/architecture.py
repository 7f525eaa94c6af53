"""What a backbone is: a network without a classifier, its inputs, and the layers that are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from torch import Tensor, nn

Layout = Literal["NCHW", "NHWC", "NLC"]


@dataclass(frozen=True)
class InputSpec:
    """What a network expects of an image: part of its weights as much as the numbers in them.

    Parameters
    ----------
    size : int
        Side of the square input in pixels.
    mean, std : tuple of three floats
        Per-channel normalisation of intensities in [0, 1].
    interpolation : {"bicubic", "bilinear"}
        How images of another size are resized.
    """

    size: int
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"


@dataclass(frozen=True)
class Weights:
    """A file of pre-trained weights and how its keys read in the architecture's own layout.

    Parameters
    ----------
    path : Path
        ``.safetensors``, or ``.pt``/``.pth`` that ``torch.load(weights_only=True)`` reads.
    rename : callable, optional
        Maps the file's state dict to the architecture's keys; every key must find its place.
    """

    path: Path
    rename: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None


@dataclass(frozen=True)
class Architecture:
    """A network that can be built by name.

    Parameters
    ----------
    create : callable
        ``create(image_size, state_dict)`` returns the network without a classifier. ``image_size``
        None means its native size. With a state dict it loads every key, or raises RuntimeError.
    inputs : InputSpec
        Native size and normalisation.
    patch_size : int, optional
        Side of a patch in pixels, to which sizes snap; None for networks that take any size.
    weights : mapping of str to callable
        Pre-training name to a function that finds its weights, or raises CollectError with where
        to get them.
    """

    create: Callable[[int | None, dict[str, Tensor] | None], nn.Module]
    inputs: InputSpec
    patch_size: int | None = None
    weights: Mapping[str, Callable[[], Weights]] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """A place where activations are read: a submodule and how its output is laid out."""

    name: str
    n_features: int
    layout: Layout


@dataclass(frozen=True)
class Backbone:
    """A network without a classifier, ready to be fine-tuned and read.

    Parameters
    ----------
    module : nn.Module
        The network; ``forward_features`` and ``forward_head`` as timm defines them.
    inputs : InputSpec
        Effective size and normalisation.
    layers : tuple of Layer
        From the input to the output.
    n_prefix_tokens : int
        Class and register tokens before the patch tokens; 0 without any.
    has_class_token : bool
        Whether the token at position 0 is a class token.
    n_tokens : int or None
        Tokens per image, prefix tokens included; None for networks without tokens.
    n_features : int
        Features of one pooled representation.
    weights_hash : str or None
        SHA-256 of the file of weights; None for random weights.
    """

    module: nn.Module
    inputs: InputSpec
    layers: tuple[Layer, ...]
    n_prefix_tokens: int
    has_class_token: bool
    n_tokens: int | None
    n_features: int
    weights_hash: str | None
