"""The archive: JPEG bytes end to end in, tensors out."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from collect.miniatures.photographs import read_archive
from warehouse.errors import CollectError


def test_decodes_every_image_with_its_label(archive_path):
    archive = read_archive(archive_path)
    assert archive.train.images.shape == (200, 3, 32, 32)
    assert archive.test.images.shape == (60, 3, 32, 32)
    assert archive.class_names == ("red", "green", "blue")
    # the brightest channel tells the class, and channel c is class c
    assert (
        archive.train.images.float().mean(dim=(2, 3)).argmax(dim=1) == archive.train.labels
    ).all()


def test_decodes_as_pillow_does(archive_path):
    with np.load(archive_path) as arrays:
        start, stop = arrays["test_offsets"][3:5]
        content = arrays["test_jpeg"][start:stop].tobytes()
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(image)
    found = read_archive(archive_path).test.images[3].permute(1, 2, 0).numpy()
    assert np.array_equal(found, expected)


def test_limits_both_splits(archive_path):
    limited = read_archive(archive_path).limited(30)
    assert (len(limited.train), len(limited.test)) == (30, 30)


def test_refuses(tmp_path):
    with pytest.raises(
        CollectError, match=re.escape("none.npz: give the CIFAR-10 archive with --images")
    ):
        read_archive(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", train_images=np.zeros(3))
    with pytest.raises(CollectError, match="has no train_jpeg, train_offsets"):
        read_archive(tmp_path / "other.npz")
