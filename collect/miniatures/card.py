"""A miniature's model card: data, recipe, cost, and what the shipped weights reach."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file

from collect.measures.cost import n_parameters
from collect.miniatures.evaluation import (
    N_NEIGHBOURS,
    encoded,
    knn_accuracy,
    linear_probe_accuracy,
)
from collect.miniatures.network import ARCHITECTURE, MEAN, STD, build
from collect.miniatures.photographs import Archive
from collect.miniatures.training import Training

EVALUATION = (
    f"CLS token after the last norm, all training images as bank or to fit, all test images; "
    f"{N_NEIGHBOURS} nearest by cosine, weights exp(cosine / 0.07); logistic regression by L-BFGS; "
    "Wilson's 95 % intervals over test images; nothing was chosen on the test images"
)


def evaluated(
    weights: Path, archive: Archive, *, seed: int, device: str
) -> dict[str, dict[str, dict[str, float]]]:
    """k-NN and linear-probe accuracy on the test images, pre-trained and at random.

    The weights are read back from their file, so that the rounding to float16 is in the numbers.
    The random network is the one that the pre-training started from.
    """
    pretrained = build()
    pretrained.load_state_dict({key: v.float() for key, v in load_file(weights).items()})
    evaluation = {}
    for label, network in (("pretrained", pretrained), ("random", build(seed=seed))):
        train, test = (
            encoded(network.to(device), part.to(torch.device(device)))
            for part in (archive.train, archive.test)
        )
        evaluation[label] = {
            "knn_accuracy": asdict(knn_accuracy(train, test)),
            "linear_probe_accuracy": asdict(linear_probe_accuracy(train, test)),
        }
    return evaluation


def model_card(
    weights: Path,
    training: Training,
    archive: Archive,
    *,
    evaluation: Mapping[str, object],
    log: Sequence[Mapping[str, object]],
) -> dict[str, object]:
    """Model card as JSON values."""
    cuda = training.device.type == "cuda"
    recipe = asdict(training.recipe)
    if training.recipe.max_seconds == float("inf"):
        recipe["max_seconds"] = None
    return {
        "name": f"miniature_{weights.stem}",
        "pretraining": weights.stem,
        "weights": {
            "file": weights.name,
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
            "bytes": weights.stat().st_size,
            "dtype": "float16",
            "parameters": n_parameters(training.objective.network),
        },
        "architecture": {"timm": "VisionTransformer", **ARCHITECTURE},
        "preprocessing": {"mean": MEAN, "std": STD, "interpolation": "bicubic"},
        "data": {
            "name": "CIFAR-10 (Krizhevsky, 2009), recompressed as JPEG",
            "file": archive.file_name,
            "sha256": archive.sha256,
            "class_names": list(archive.class_names),
            "n_learned_from": len(training.images),
            "n_held_out": len(archive.train) - len(training.images),
        },
        "recipe": {
            "optimiser": "AdamW; learning rate: linear warm-up, then cosine, over epochs or time",
            "precision": "float32 parameters, the network under bfloat16 autocast",
            **recipe,
            **training.objective.recipe,
        },
        "cost": {
            "epochs": training.epoch,
            "steps": training.step,
            "seconds": round(training.seconds, 1),
            "device": torch.cuda.get_device_name() if cuda else platform.machine() + " CPU",
            "torch": torch.__version__,
            "timm": timm.__version__,
        },
        "evaluation": {"how": EVALUATION, **evaluation},
        "log": list(log),
    }
