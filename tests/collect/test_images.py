"""Labelled images: one length, a hash of the content, and subsets that keep it all together."""

import numpy as np
import pytest

from tests.collect.image_sets import image_set


def test_the_hash_tells_apart_images_labels_groups_and_order():
    images = image_set([0, 1, 0, 1], groups=[1, 1, 2, 2])
    pixels = images.images.copy()
    pixels[2, 0, 0] ^= 1
    others = [
        image_set([0, 1, 0, 1], groups=[1, 1, 2, 2], images=pixels),
        image_set([0, 1, 1, 1], groups=[1, 1, 2, 2]),
        image_set([0, 1, 0, 1], groups=[1, 1, 1, 2]),
        image_set([0, 1, 0, 1]),
        images.take([1, 0, 2, 3]),
        images.take([0, 1, 2]),
    ]
    hashes = {images.content_hash, *(other.content_hash for other in others)}
    assert len(hashes) == 1 + len(others)
    assert image_set([0, 1, 0, 1], groups=[1, 1, 2, 2]).content_hash == images.content_hash


def test_images_of_one_content_and_different_shape_differ():
    content = np.arange(2 * 16, dtype=np.uint8)
    tall = image_set([0, 1], images=content.reshape(2, 8, 2))
    wide = image_set([0, 1], images=content.reshape(2, 2, 8))
    assert tall.digests[0] != wide.digests[0]


def test_a_subset_keeps_rows_together():
    images = image_set([0, 1, 2], groups=["a", "b", "c"], official=["train", "test", "test"])
    subset = images.take([2, 0])
    assert subset.labels.tolist() == [2, 0]
    assert subset.groups.tolist() == ["c", "a"]
    assert subset.sample_ids == ("0002", "0000")
    assert subset.official_split.tolist() == ["test", "train"]
    assert subset.digests == (images.digests[2], images.digests[0])


def test_membership_has_a_column_for_each_class():
    assert image_set([0, 2, 1]).class_membership.tolist() == [
        [True, False, False],
        [False, False, True],
        [False, True, False],
    ]
    assert image_set([[1, 0], [1, 1]]).class_membership.tolist() == [[True, False], [True, True]]


def test_refuses_lengths_that_differ():
    with pytest.raises(ValueError, match="3 images, 2 labels, 3 sample ids: not the same images"):
        image_set([0, 1], images=np.zeros((3, 4, 4), dtype=np.uint8), ids=("a", "b", "c"))
