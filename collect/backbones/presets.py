"""Named weights that are not timm's own: where they are, how their keys read, what they expect."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from torch import Tensor

from collect.backbones import efficientnet_lite
from collect.backbones.architecture import InputSpec, Weights
from collect.backbones.weights import hub_file, kept_file

State = dict[str, Tensor]

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

RADIMAGENET_MODULES = {
    "0": "conv1",
    "1": "bn1",
    "4": "layer1",
    "5": "layer2",
    "6": "layer3",
    "7": "layer4",
}


@dataclass(frozen=True)
class Preset:
    """Weights by name.

    Parameters
    ----------
    find : callable
        Returns the weights, or raises CollectError with where to get them and where to put them.
    inputs : InputSpec, optional
        What these weights expect, where it is not what the architecture says.
    """

    find: Callable[[], Weights]
    inputs: InputSpec | None = None


def radimagenet_resnet50(state: State) -> State:
    """Rename RadImageNet's ResNet50, a torchvision network whose children are numbered.

    The network was trained on images in the order blue, green, red, as OpenCV reads them. Its first
    convolution is turned round here, so that it takes red, green, blue like every other.

    Parameters
    ----------
    state : dict of str to Tensor
        Keys such as ``backbone.4.0.conv1.weight``.

    Returns
    -------
    dict of str to Tensor
        Keys of timm's ``resnet50``.
    """
    renamed = {}
    for key, tensor in state.items():
        _, number, rest = key.split(".", 2)
        renamed[f"{RADIMAGENET_MODULES[number]}.{rest}"] = tensor
    return {**renamed, "conv1.weight": renamed["conv1.weight"].flip(1)}


def blip_vision_tower(state: State) -> State:
    """Take the image encoder out of a BLIP checkpoint.

    Parameters
    ----------
    state : dict of str to Tensor
        The authors' keys (``visual_encoder.blocks.0.attn.qkv.weight``), or those of the hub's
        conversion (``vision_model.encoder.layers.0.self_attn.qkv.weight``); text is left out.

    Returns
    -------
    dict of str to Tensor
        Keys of timm's ``vit_base_patch16_224``.
    """
    authors, converted = "visual_encoder.", "vision_model."
    if any(key.startswith(authors) for key in state):
        return {k.removeprefix(authors): v for k, v in state.items() if k.startswith(authors)}
    names = {
        "embeddings.class_embedding": "cls_token",
        "embeddings.position_embedding": "pos_embed",
        "embeddings.patch_embedding": "patch_embed.proj",
        "post_layernorm": "norm",
        "self_attn.qkv": "attn.qkv",
        "self_attn.projection": "attn.proj",
        "layer_norm1": "norm1",
        "layer_norm2": "norm2",
    }
    renamed = {}
    for key, tensor in state.items():
        if key.startswith(converted):
            name = re.sub(r"encoder\.layers\.(\d+)\.", r"blocks.\1.", key.removeprefix(converted))
            for old, new in names.items():
                name = name.replace(old, new)
            renamed[name] = tensor
    return renamed


def seem_backbone(state: State) -> State:
    """Take the Focal backbone out of a SEEM checkpoint.

    It has a norm behind each of its four stages; that of the last one becomes the final norm.

    Parameters
    ----------
    state : dict of str to Tensor
        Keys such as ``backbone.layers.0.blocks.0.modulation.f.weight``.

    Returns
    -------
    dict of str to Tensor
        Keys as the authors of FocalNet have them, which timm renames while it loads.
    """
    trunk = {
        key.split("backbone.", 1)[1]: tensor for key, tensor in state.items() if "backbone." in key
    }
    final = {key.replace("norm3.", "norm."): tensor for key, tensor in trunk.items()}
    return {key: tensor for key, tensor in final.items() if not re.match(r"norm\d\.", key)}


def _hub(repository: str, *names: str, rename: Callable[[State], State]) -> Weights:
    return Weights(hub_file(repository, names), rename)


PRESETS: Mapping[str, Mapping[str, Preset]] = MappingProxyType(
    {
        "tf_efficientnet_lite0": {"imagenet": Preset(efficientnet_lite.imagenet_weights)},
        "resnet50": {
            "radimagenet": Preset(
                partial(_hub, "Lab-Rasool/RadImageNet", "ResNet50.pt", rename=radimagenet_resnet50),
                InputSpec(224, *HALF, "bilinear"),
            )
        },
        "blip_vit_base": {
            "capfilt_large": Preset(
                lambda: Weights(
                    kept_file(
                        "model_base_capfilt_large.pth",
                        "https://storage.googleapis.com/sfr-vision-language-research/BLIP/models/",
                    ),
                    blip_vision_tower,
                ),
                InputSpec(224, *CLIP),
            )
        },
        "seem_focal_tiny": {
            "seem": Preset(
                partial(_hub, "xdecoder/SEEM", "seem_focalt_v2.pt", rename=seem_backbone),
                InputSpec(1024, *IMAGENET),
            )
        },
    }
)
