"""The shipped weights are those of their cards, and know more than the same network at random."""

import hashlib
import json
from importlib.resources import files

import pytest
import torch

from collect.backbones.architecture import InputSpec
from collect.backbones.build import build_backbone
from collect.configuration.sections import SourceConfig
from collect.data.inputs import image_tensor
from collect.data.source_probe import source_positions
from collect.datasets.load import load
from collect.miniatures.evaluation import encoded, knn_accuracy
from collect.miniatures.network import ARCHITECTURE, MEAN, STD, build
from collect.miniatures.photographs import Photographs
from collect.miniatures.pretrained import NAMES, card, weights
from warehouse.errors import CollectError

N_BANK, N_QUERIES = 400, 250


@pytest.fixture(scope="module")
def photographs(shared_dir):
    """CIFAR-10: 400 training and 250 test images, stratified by class."""
    config = SourceConfig(path=str(shared_dir / "data" / "cifar10_jpeg.npz"))
    images = load(config)
    parts = source_positions(images, n_bank=N_BANK, n_queries=N_QUERIES)
    return [
        Photographs(
            image_tensor(images.take(part).images, InputSpec(32)),
            torch.from_numpy(images.take(part).labels),
        )
        for part in parts
    ]


@pytest.fixture(scope="module")
def at_random(photographs):
    """k-NN accuracy of the network that the supervised pre-training started from."""
    return neighbours(build(seed=0), photographs)


def neighbours(network, photographs):
    bank, queries = (encoded(network, part) for part in photographs)
    return knn_accuracy(bank, queries)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_the_one_its_card_describes(name):
    content = (files("collect.miniatures") / "weights" / f"{name}.safetensors").read_bytes()
    described = card(name)
    assert hashlib.sha256(content).hexdigest() == described["weights"]["sha256"]
    assert len(content) == described["weights"]["bytes"]
    assert described["weights"]["parameters"] == sum(v.numel() for v in weights(name).values())
    assert described["pretraining"] == name
    assert described["architecture"] == {"timm": "VisionTransformer", **ARCHITECTURE}
    assert described["preprocessing"]["mean"] == list(MEAN)
    assert described["preprocessing"]["std"] == list(STD)


@pytest.mark.parametrize("name", NAMES)
def test_a_backbone_says_which_file_it_started_from(name):
    assert build_backbone("miniature_vit", name).weights_hash == card(name)["weights"]["sha256"]


@pytest.mark.parametrize("name", NAMES)
def test_neighbours_tell_classes_better_than_at_random(name, photographs, at_random):
    network = build()
    network.load_state_dict(weights(name))
    knows = neighbours(network, photographs)
    assert knows.ci_low > at_random.ci_high
    assert at_random.ci_low > 0.1  # pixels alone tell something


@pytest.mark.parametrize("name", NAMES)
def test_a_card_holds_both_networks_with_intervals(name):
    evaluation = card(name)["evaluation"]
    json.dumps(card(name), allow_nan=False)
    for measured in ("knn_accuracy", "linear_probe_accuracy"):
        pretrained, random = evaluation["pretrained"][measured], evaluation["random"][measured]
        assert random["ci_low"] < random["accuracy"] < random["ci_high"]
        assert random["ci_high"] < pretrained["ci_low"] < pretrained["accuracy"]


def test_refuses_a_name_that_was_never_pretrained():
    with pytest.raises(CollectError, match="no miniature was pre-trained as 'moco'"):
        weights("moco")
