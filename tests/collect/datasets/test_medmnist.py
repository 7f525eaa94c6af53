"""MedMNIST's files get their task and class names from MedMNIST's own description."""

import numpy as np
import pytest

from collect.configuration.sections import DatasetConfig
from collect.datasets.load import load
from warehouse.errors import StudyError

medmnist = pytest.importorskip("medmnist")


@pytest.fixture
def saved(tmp_path, rng):
    """Save a file as large as MedMNIST's own, of tiny images."""

    def save(name, *, n_labels=1, n_values=2, left_out=0):
        sizes = medmnist.INFO[name.partition("_")[0]]["n_samples"]
        content = {}
        for split, n in sizes.items():
            n -= left_out if split == "test" else 0
            content[f"{split}_images"] = rng.integers(0, 256, size=(n, 4, 4), dtype=np.uint8)
            labels = rng.integers(0, n_values, size=(n, n_labels), dtype=np.uint8)
            content[f"{split}_labels"] = labels
        np.savez(tmp_path / f"{name}.npz", **content)
        return DatasetConfig(path=str(tmp_path / f"{name}.npz"), reader="medmnist")

    return save


@pytest.mark.parametrize(
    ("name", "values", "task", "first"),
    [
        ("breastmnist", {}, "binary", "malignant"),
        ("retinamnist_64", {"n_values": 5}, "ordinal", "0"),
        ("dermamnist", {"n_values": 7}, "multiclass", "actinic keratoses and intraepithelial"),
    ],
)
def test_task_and_classes_are_those_of_medmnist(saved, name, values, task, first):
    images = load(saved(name, **values))
    assert images.official_split is not None
    assert (images.name, images.task) == (name, task)
    assert images.class_names[0].startswith(first)
    assert set(images.official_split) == {"train", "validation", "test"}


def test_refuses_a_file_that_is_not_complete(saved):
    with pytest.raises(StudyError, match=r"breastmnist\.npz: 777 images, MedMNIST's has 780"):
        load(saved("breastmnist", left_out=3))


def test_refuses_volumes_and_unknown_names(tmp_path):
    for name in ("organmnist3d", "hearts"):
        path = tmp_path / f"{name}.npz"
        path.write_bytes(b"")
        with pytest.raises(StudyError, match="is none of MedMNIST's 2-D sets"):
            load(DatasetConfig(path=str(path), reader="medmnist"))
