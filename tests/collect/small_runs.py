"""Small runs for the tests: networks with random weights, small images, few epochs."""

import json
from typing import Any

import numpy as np
import polars as pl

from collect.configuration.probing_section import ProbingConfig
from collect.configuration.sections import (
    DatasetConfig,
    SourceConfig,
    TrainingConfig,
)
from collect.configuration.study import RunConfig
from collect.datasets.load import load
from collect.run import execute
from warehouse.layout import Layout

CLASSES = {"binary": 2, "multiclass": 3, "ordinal": 3}


def write_npz(path, *, n=48, side=32, task="binary", n_groups=24, seed=0):
    """Images whose left half is bright in class 1 (right half in class 2); patients have two.

    Without ``n_groups`` the file names no patients.
    """
    rng = np.random.default_rng(seed)
    groups = np.arange(n) % (n_groups or n)
    labels = groups % CLASSES.get(task, 2)
    images = rng.integers(0, 120, size=(n, side, side), dtype=np.uint8)
    images[labels == 1, :, : side // 2] += 100
    images[labels == 2, :, side // 2 :] += 100
    if task == "multilabel":
        labels = np.stack([labels, groups // 2 % 2, groups // 4 % 2], axis=1)
    patients = {"train_patients": groups.astype(np.int32)} if n_groups else {}
    np.savez(
        path,
        train_images=images,
        train_labels=labels.reshape(n, -1).astype(np.uint8),
        **patients,
    )
    return path


def small_run(folder, *, task="binary", training=None, probing=None, with_source=True, **options):
    """Configure a run on images under ``folder``, made when they are not there."""
    target, source = folder / f"{task}.npz", folder / "natural.npz"
    if not target.exists():
        write_npz(target, task=task)
    if not source.exists():
        write_npz(source, task="multiclass", n=60, n_groups=60, seed=1)
    dataset = DatasetConfig(path=str(target), task=task)
    natural = SourceConfig(path=str(source), n_bank=30, n_queries=12)
    values = {
        "study": "small",
        "dataset": dataset,
        "data_hash": load(dataset).content_hash,
        "source": natural if with_source else None,
        "backbone": "test_efficientnet",
        "pretraining": "random",
        "adaptation": "full",
        "image_size": 32,
        "fold": 1,
        "n_folds": 3,
        "training": TrainingConfig(**{"epochs": 2, "batch_size": 16, **(training or {})}),
        "probing": ProbingConfig(
            **{"n_target": 10, "n_neighbours": (3,), "n_resamples": 20, **(probing or {})}
        ),
    }
    return RunConfig(**{**values, **options})


def done(config, root):
    events: list[Any] = []
    return execute(config, Layout(root), events.append), events


def table(path, name):
    return pl.read_parquet(path / f"{name}.parquet")


def record(path):
    return json.loads((path / "run.json").read_text())
