"""Perceptual hashes tell a changed copy from another picture; empty and broken images are found."""

import io

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from collect.configuration.sections import DatasetConfig
from collect.data.gate import inspect
from collect.data.splits import split_of
from collect.datasets.demo import read_demo
from collect.datasets.load import load
from tests.collect.image_sets import image_set


def recompressed(image):
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=40)
    return Image.open(stream)


CHANGES = {
    "recompressed": recompressed,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
    "larger and back": lambda image: image.resize((96, 96)).resize((64, 64)),
}


@pytest.fixture(scope="module")
def tiles():
    """Tiles of the tissue section that do not overlap."""
    images = read_demo("demo:ihc")
    corners = [sample_id.split("/")[1].split("-") for sample_id in images.sample_ids]
    apart = [i for i, corner in enumerate(corners) if all(int(x) % 64 == 0 for x in corner)]
    return images.images[np.array(apart)]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(tiles, change):
    copies = np.stack([np.asarray(change(Image.fromarray(tile))) for tile in tiles[:10]])
    images = image_set(np.zeros(len(tiles) + 10), images=np.concatenate([tiles, copies]))
    expected = {(i, len(tiles) + i) for i in range(10)}
    assert set(images.look_alikes) == expected


def test_distance_is_that_of_the_library(tiles):
    images = image_set(np.zeros(len(tiles)), images=tiles)
    hashes = images.scan.hashes
    reference = [imagehash.phash(Image.fromarray(tile), hash_size=16) for tile in tiles]
    for one, other in ((0, 1), (3, 17), (20, 50)):
        distance = np.bitwise_count(hashes[one] ^ hashes[other]).sum()
        assert distance == reference[one] - reference[other]


@pytest.mark.parametrize("name", ["pneumonia_cxr_64", "knee_kl_64"])
def test_different_x_rays_do_not_look_alike(shared_dir, name):
    images = load(DatasetConfig(path=str(shared_dir / "data" / f"{name}.npz")))
    pairs = images.look_alikes
    assert all(images.digests[one] == images.digests[other] for one, other in pairs)


def test_the_gate_stops_look_alikes_across_a_boundary_and_notes_others(tiles):
    copies = np.stack([np.asarray(recompressed(Image.fromarray(tile))) for tile in tiles[:2]])
    official = ["train", "train", *["train", "validation"] * 14, *["test"] * 34, "train", "test"]
    images = image_set(np.arange(66) % 2, images=np.concatenate([tiles, copies]), official=official)
    config = DatasetConfig(path="x", split="official")
    split = split_of(images, config, fold=None, n_folds=None)
    findings = inspect(images, {"official": split})
    assert [(finding.examples, finding.stops) for finding in findings] == [
        (("0001 ~ 0065",), True),
        (("0000 ~ 0064",), False),
    ]


def test_the_gate_notes_look_alikes_under_two_labels(tiles):
    copy = np.asarray(recompressed(Image.fromarray(tiles[3])))[None]
    labels = [*np.arange(64) % 2, 0]  # tile 3 has label 1
    images = image_set(labels, images=np.concatenate([tiles, copy]))
    findings = [finding for finding in inspect(images, {}) if "two labels" in finding.problem]
    assert [(finding.examples, finding.stops) for finding in findings] == [
        (("0003 ~ 0064",), False)
    ]


def test_the_gate_finds_the_same_scans_on_both_sides_of_a_published_split(shared_dir):
    # Ten pairs, each looked at: the same scan twice, one of them once benign and once malignant.
    images = load(DatasetConfig(path=str(shared_dir / "data" / "busi_64.npz")))
    config = DatasetConfig(path="x", split="official")
    split = split_of(images, config, fold=None, n_folds=None)
    across, _, contradicting = inspect(images, {"official": split})
    assert (across.n, across.stops) == (10, True)
    assert contradicting.n == 6
    names = [tuple(images.sample_ids[i] for i in pair) for pair in images.look_alikes]
    assert ("train/000450", "val/000072") in names
    folds = {
        f"fold {fold}": split_of(images, DatasetConfig(path="x"), fold=fold, n_folds=5)
        for fold in range(1, 6)
    }
    assert not any(finding.stops for finding in inspect(images, folds))


def test_empty_images_are_listed():
    pixels = np.arange(5 * 64, dtype=np.uint16).astype(np.uint8).reshape(5, 8, 8)
    pixels[1], pixels[4] = 7, 0
    assert image_set([0] * 5, images=pixels).scan.empty == (1, 4)
