"""Splits keep patients together and classes in their shares, and are the same every time."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from collect.configuration.sections import DatasetConfig
from collect.data.splits import (
    Split,
    fold_numbers,
    linked_groups,
    split_of,
    stratified_parts,
)
from collect.datasets.load import load
from tests.collect.image_sets import image_set
from warehouse.errors import StudyError

FOLDS = DatasetConfig(path="x.npz")


@pytest.fixture
def patients(rng):
    groups = rng.integers(0, 80, size=400)
    return image_set(rng.choice(3, size=400, p=[0.7, 0.25, 0.05]), groups=groups)


def test_folds_partition_the_images_and_keep_patients_together(patients):
    splits = [split_of(patients, FOLDS, fold=fold, n_folds=5) for fold in range(1, 6)]
    tests = np.concatenate([split.test for split in splits])
    assert sorted(tests) == list(range(400))
    for split in splits:
        parts = [split.train, split.validation, split.test]
        assert sorted(np.concatenate(parts)) == list(range(400))
        of_part = [set(patients.groups[part]) for part in parts]
        assert not of_part[0] & of_part[1]
        assert not of_part[0] & of_part[2]
        assert not of_part[1] & of_part[2]


def test_a_split_is_the_same_every_time(patients):
    again = image_set(patients.labels, groups=patients.groups)
    one, other = (split_of(images, FOLDS, fold=2, n_folds=5) for images in (patients, again))
    assert one.content_hash == other.content_hash
    assert one.test.tolist() == other.test.tolist()
    assert split_of(patients, FOLDS, fold=3, n_folds=5).content_hash != one.content_hash


def test_single_images_are_shared_out_exactly():
    # Without groups, stratified sampling is exact: 60 and 40 images in 5 folds are 12 and 8 each.
    images = image_set([0] * 60 + [1] * 40)
    numbers = fold_numbers(images, 5)
    for fold in range(1, 6):
        assert np.bincount(images.labels[numbers == fold]).tolist() == [12, 8]


def test_a_rare_class_is_shared_out_evenly(rng):
    groups = np.repeat(np.arange(100), 4)
    labels = np.zeros(400, dtype=int)
    labels[rng.choice(100, size=5, replace=False) * 4] = 1  # five patients with one image each
    images = image_set(labels, groups=groups)
    numbers = fold_numbers(images, 5)
    assert np.bincount(numbers[labels == 1], minlength=6)[1:].tolist() == [1] * 5
    assert np.bincount(numbers)[1:].tolist() == [80] * 5


def imbalance(membership, parts, n_parts):
    """Largest distance of a part's fraction of a class from an even share."""
    shares = [membership[parts == b].sum(axis=0) / membership.sum(axis=0) for b in range(n_parts)]
    return np.abs(np.array(shares) - 1 / n_parts).max()


def test_parts_are_as_balanced_as_the_reference(rng):
    for _ in range(20):
        groups = np.unique(rng.integers(0, 60, size=300), return_inverse=True)[1]
        labels = rng.choice(4, size=300, p=[0.4, 0.3, 0.2, 0.1])
        membership = labels[:, None] == np.arange(4)
        reference = np.zeros(300, dtype=int)
        folder = StratifiedGroupKFold(5, shuffle=True, random_state=0)
        for part, (_, test) in enumerate(folder.split(labels, labels, groups)):
            reference[test] = part
        ours = stratified_parts(membership, groups, [0.2] * 5)
        assert imbalance(membership, ours, 5) <= imbalance(membership, reference, 5) + 0.02


def test_several_labels_an_image_are_spread_evenly(rng):
    labels = (rng.random(size=(500, 6)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.02]).astype(int)
    images = image_set(labels)
    numbers = fold_numbers(images, 5)
    # A Poisson spread of the rarest label, about 10 images, would often miss a fold.
    assert imbalance(images.class_membership, numbers - 1, 5) < 0.11
    assert (np.bincount(numbers)[1:] > 90).all()


def test_validation_takes_its_fraction_of_every_class(patients):
    split = split_of(patients, FOLDS, fold=1, n_folds=5)
    rest = np.concatenate([split.train, split.validation])
    for number in range(3):
        fraction = np.mean(patients.labels[split.validation] == number) * len(split.validation)
        total = np.sum(patients.labels[rest] == number)
        assert fraction / total == pytest.approx(0.15, abs=0.08)


def test_identical_images_stay_together_whatever_the_patient_ids_say():
    pixels = np.arange(10 * 4, dtype=np.uint32).view(np.uint8).reshape(10, 4, 4).copy()
    pixels[7] = pixels[1]
    images = image_set([0, 1] * 5, groups=[0, 0, 1, 1, 2, 2, 3, 3, 4, 4], images=pixels)
    # Images 0 and 1 are of patient 0, 6 and 7 of patient 3; 1 and 7 are one picture.
    numbers = linked_groups(images)
    assert len({int(numbers[i]) for i in (0, 1, 6, 7)}) == 1
    assert len(np.unique(numbers)) == 4


def test_a_single_group_goes_to_the_larger_part():
    membership, group = np.ones((1, 1), dtype=bool), np.array([0])
    assert stratified_parts(membership, group, [0.3, 0.7]).tolist() == [1]
    assert stratified_parts(membership, group, [0.7, 0.3]).tolist() == [0]


def test_a_small_part_gets_a_group_even_where_groups_are_few():
    membership = np.ones((3, 1), dtype=bool)
    parts = stratified_parts(membership, np.arange(3), [0.85, 0.15])
    assert sorted(parts) == [0, 0, 1]


def test_holdout_takes_its_fraction(patients):
    config = DatasetConfig(path="x.npz", split="holdout", test_fraction=0.3)
    split = split_of(patients, config, fold=None, n_folds=None)
    assert len(split.test) == pytest.approx(120, abs=8)
    assert not set(patients.groups[split.test]) & set(patients.groups[split.train])


def test_the_official_split_is_kept():
    official = ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    images = image_set([0, 1] * 5, official=official)
    split = split_of(images, DatasetConfig(path="x", split="official"), fold=None, n_folds=None)
    assert [part.tolist() for part in (split.train, split.validation, split.test)] == [
        [0, 1, 2, 3, 4, 5],
        [6, 7],
        [8, 9],
    ]


def test_an_official_split_without_validation_gets_one_from_training():
    images = image_set([0, 1] * 20, official=["train"] * 30 + ["test"] * 10)
    split = split_of(images, DatasetConfig(path="x", split="official"), fold=None, n_folds=None)
    assert split.test.tolist() == list(range(30, 40))
    assert len(split.validation) == pytest.approx(4.5, abs=1.5)


def test_refuses_a_split_that_shares_an_image():
    with pytest.raises(ValueError, match="an image is in two parts"):
        Split(np.array([0, 1]), np.array([2]), np.array([1, 3]), "hash")


@pytest.mark.parametrize(
    ("images", "split", "message"),
    [
        (image_set([0, 1] * 4, groups=[0, 0, 0, 0, 1, 1, 2, 2]), "folds", "3 groups cannot make 5"),
        (image_set([0, 1] * 4), "official", "comes without a split"),
        (image_set([0, 1], official=["train", "train"]), "official", "has no test images"),
    ],
)
def test_refuses(images, split, message):
    with pytest.raises(StudyError, match=message):
        split_of(images, DatasetConfig(path="x", split=split), fold=1, n_folds=5)


def test_real_patients_are_split_evenly(shared_dir):
    images = load(DatasetConfig(path=str(shared_dir / "data" / "pneumonia_cxr_64.npz")))
    numbers = fold_numbers(images, 5)
    assert images.groups is not None
    for group in np.unique(images.groups):
        assert len(np.unique(numbers[images.groups == group])) == 1
    assert imbalance(images.class_membership, numbers - 1, 5) < 0.002
