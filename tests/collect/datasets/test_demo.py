"""The demo's images: balanced, from the wheel, and tiles of different groups share no pixel."""

from itertools import combinations

import numpy as np
import pytest

from collect.configuration.sections import DatasetConfig
from collect.configuration.study import Study
from collect.data.splits import split_of
from collect.datasets.demo import PHOTOGRAPHS, TILE, read_demo
from collect.preparation import prepared
from collect.probing.probes import Observer
from repdrift import STUDIES
from warehouse.errors import StudyError

NAMES = ("demo:ihc", "demo:photographs")


def tiles(name):
    return read_demo(name)


def position(sample_id):
    picture, corner = sample_id.split("/")
    top, left = corner.split("-")
    return picture, int(top), int(left)


@pytest.mark.parametrize("name", NAMES)
def test_tiles_of_different_groups_never_overlap(name):
    images = tiles(name)
    corners = [position(sample_id) for sample_id in images.sample_ids]
    for one, other in combinations(range(len(images)), 2):
        (picture, top, left), (other_picture, other_top, other_left) = corners[one], corners[other]
        overlap = (
            picture == other_picture
            and abs(top - other_top) < TILE
            and abs(left - other_left) < TILE
        )
        assert not overlap or images.groups[one] == images.groups[other]


def test_the_tissue_has_two_balanced_classes_and_groups_for_five_folds():
    images = tiles("demo:ihc")
    assert images.images.shape == (400, 64, 64)
    assert 0.45 < images.labels.mean() < 0.55
    for fold in range(1, 6):
        split = split_of(images, DatasetConfig(name="demo:ihc"), fold=fold, n_folds=5)
        for part in (split.train, split.validation, split.test):
            assert len(np.unique(images.labels[part])) == 2


def test_stained_tiles_are_browner_than_the_others():
    # Oracle without colour deconvolution: brown has more red than blue, the counterstain less.
    from skimage.data import immunohistochemistry

    section = immunohistochemistry().astype(float)
    images = tiles("demo:ihc")
    redness = [
        (section[top : top + TILE, left : left + TILE] @ [1, 0, -1]).mean()
        for _, top, left in map(position, images.sample_ids)
    ]
    stained = images.labels == 1
    assert np.mean(np.array(redness)[stained]) > np.mean(np.array(redness)[~stained]) + 20


def test_the_photographs_are_classes():
    images = tiles("demo:photographs")
    assert images.class_names == tuple(PHOTOGRAPHS)
    assert images.images.shape[1:] == (64, 64, 3)
    assert np.bincount(images.labels).min() >= 54


def test_refuses_other_names():
    with pytest.raises(StudyError, match="there is demo:ihc and demo:photographs"):
        read_demo("demo:retina")


def test_every_fold_of_the_demo_has_enough_units_to_be_observed():
    runs = [run for run in Study.load(STUDIES / "demo.toml").runs() if run.image_size == 32]
    for run in {run.fold: run for run in runs}.values():
        config = run.model_copy(update={"data_hash": tiles("demo:ihc").content_hash})
        ready = prepared(config)
        observer = Observer(ready.data, config.probing, ready.network)
        assert set(observer.probes) == {"target", "source"}
