"""The miniature vision transformer that comes with repdrift, pre-trained in three ways."""

from functools import partial
from importlib.resources import files
from pathlib import Path

from timm.layers.pos_embed import resample_abs_pos_embed
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from collect.backbones.architecture import Architecture, InputSpec, Weights
from collect.miniatures.network import ARCHITECTURE, IMAGE_SIZE, MEAN, STD
from collect.miniatures.pretrained import NAMES

NAME = "miniature_vit"


def miniature_architecture() -> Architecture:
    """Architecture of ``miniature_vit``; its pre-trainings are those of the package's files."""
    return Architecture(
        create=_create,
        inputs=InputSpec(IMAGE_SIZE, MEAN, STD),
        patch_size=int(ARCHITECTURE["patch_size"]),
        weights={name: partial(_weights, name) for name in NAMES},
    )


def _weights(name: str) -> Weights:
    return Weights(Path(str(files("collect.miniatures") / "weights" / f"{name}.safetensors")))


def _create(image_size: int | None, state: dict[str, Tensor] | None) -> nn.Module:
    """Build at a size; the position embedding is resampled to its grid."""
    network = VisionTransformer(**{**ARCHITECTURE, "img_size": image_size or IMAGE_SIZE})
    if state is not None:
        grid = list(network.patch_embed.grid_size)
        embedding = resample_abs_pos_embed(state["pos_embed"].float(), new_size=grid)
        network.load_state_dict({**state, "pos_embed": embedding}, strict=True)
    return network
