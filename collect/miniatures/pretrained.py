"""The weights and model cards that are installed with the package, by name."""

import json
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from typing import Any

import torch
from safetensors.torch import load_file

from warehouse.errors import CollectError

NAMES = ("supervised", "contrastive", "selfsupervised")


def weights(name: str) -> dict[str, torch.Tensor]:
    """State of `collect.miniatures.network.build` as it was pre-trained, float32.

    Parameters
    ----------
    name : {'supervised', 'contrastive', 'selfsupervised'}
        The way of pre-training.

    Raises
    ------
    CollectError
        If there is no such miniature.
    """
    with as_file(_resource(name, "safetensors")) as path:
        return {key: value.float() for key, value in load_file(path).items()}


def card(name: str) -> dict[str, Any]:
    """Model card of a miniature; raises `CollectError` if there is no such miniature."""
    content: dict[str, Any] = json.loads(_resource(name, "json").read_text(encoding="utf-8"))
    return content


def _resource(name: str, suffix: str) -> Traversable:
    if name not in NAMES:
        msg = f"no miniature was pre-trained as {name!r}: choose one of {', '.join(NAMES)}"
        raise CollectError(msg)
    return files("collect.miniatures") / "weights" / f"{name}.{suffix}"
