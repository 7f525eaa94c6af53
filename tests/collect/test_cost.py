"""The estimate of a run's cost counts the passes through the network that it makes."""

import numpy as np
import pytest

from collect.configuration.cost import Speed, measured_speed, n_probes, run_bytes, run_seconds
from collect.configuration.probing_section import ProbingConfig
from collect.configuration.sections import (
    DatasetConfig,
    PhaseConfig,
    SourceConfig,
    TrainingConfig,
)
from collect.configuration.study import RunConfig
from collect.data.splits import Split

SPLIT = Split(np.arange(100), np.arange(100, 120), np.arange(120, 150), "hash")
SPEED = Speed(train_s=3.0, forward_s=1.0, n_activations=50)


def run(adaptation="full", **changes):
    settings = {
        "study": "s",
        "dataset": DatasetConfig(path="x.npz"),
        "backbone": "test_resnet",
        "pretraining": "random",
        "adaptation": adaptation,
        "image_size": 32,
        "training": TrainingConfig(epochs=4),
        "probing": ProbingConfig(epochs="last"),
    }
    return RunConfig(**(settings | changes))


def test_full_fine_tuning_trains_every_image_every_epoch():
    # 4 epochs of 100 images at 3 s, and 5 evaluations of 20 + 30 images at 1 s
    assert run_seconds(run(), SPLIT, SPEED) == 4 * 100 * 3 + 5 * 50


def test_a_frozen_backbone_is_passed_once_unless_views_are_random():
    assert run_seconds(run("linear"), SPLIT, SPEED) == 100 + 5 * 50
    flips = TrainingConfig(epochs=4, augmentation="flip")
    assert run_seconds(run("linear", training=flips), SPLIT, SPEED) == 4 * 100 * 3 + 5 * 50


def test_both_phases_count():
    training = TrainingConfig(epochs=4, head_phase=PhaseConfig(epochs=2))
    both = run("head_then_full", training=training)
    assert run_seconds(both, SPLIT, SPEED) == 100 + 4 * 100 * 3 + 7 * 50


def test_the_source_is_passed_at_every_probe():
    source = SourceConfig(path="cifar.npz", n_bank=40, n_queries=10)
    probed = run(source=source, probing=ProbingConfig(epochs=(1, 2)))
    assert run_seconds(probed, SPLIT, SPEED) == 4 * 300 + 5 * 50 + 4 * 50


def test_a_search_trains_once_more_for_each_rate():
    search = TrainingConfig(epochs=4, search_learning_rates=(1e-4, 1e-3))
    assert run_seconds(run(training=search), SPLIT, SPEED) == 3 * 4 * 300 + 5 * 50


@pytest.mark.parametrize(
    ("epochs", "expected"), [("all", 5), ("last", 2), ((0, 2), 3), ((2, 4, 9), 3), ((), 2)]
)
def test_probes_are_counted(epochs, expected):
    assert n_probes(run(probing=ProbingConfig(epochs=epochs)), 4) == expected


def test_disk_holds_two_checkpoints_of_activations_and_every_prediction():
    # 2 checkpoints x 50 values x 30 images, and 2 probes x 50 predictions x 3 classes, of 4 bytes
    assert run_bytes(run(), SPLIT, SPEED, 3) == 4 * (2 * 50 * 30 + 2 * 50 * 3)
    without = run(probing=ProbingConfig(epochs="last", keep_activations=False))
    assert run_bytes(without, SPLIT, SPEED, 3) == 4 * 2 * 50 * 3


@pytest.mark.train
def test_a_training_step_takes_longer_than_a_forward_pass():
    speed = measured_speed(run(), 2)
    assert speed.train_s > speed.forward_s > 0
    assert speed.n_activations > 0
