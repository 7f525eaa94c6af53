"""NPZ files in the MedMNIST layout: read whole, and refused by file and array."""

import io
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from collect.configuration.sections import DatasetConfig
from collect.datasets.load import load
from collect.datasets.npz import read_npz
from warehouse.errors import StudyError


@pytest.fixture
def arrays(rng):
    content = {"class_names": np.array(["normal", "pneumonia"])}
    for split, n in (("train", 6), ("val", 2), ("test", 4)):
        content[f"{split}_images"] = rng.integers(0, 256, size=(n, 8, 8), dtype=np.uint8)
        content[f"{split}_labels"] = (np.arange(n, dtype=np.uint8) % 2)[:, None]
        content[f"{split}_patients"] = np.arange(n, dtype=np.int32) // 2
    return content


@pytest.fixture
def saved(tmp_path, arrays):
    def save(**changes):
        path = tmp_path / "chest.npz"
        kept = {key: value for key, value in (arrays | changes).items() if value is not None}
        np.savez(path, **kept)
        return path

    return save


def read(path, **settings):
    return read_npz(path, name="chest", **settings)


def jpeg(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=95)
    return stream.getvalue()


def one_array():
    """Content of a file of numpy's other format, which holds a single array."""
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


def test_pools_the_splits_and_remembers_them(saved, arrays):
    images = read(saved())
    assert (images.name, images.task, images.class_names) == (
        "chest",
        "binary",
        ("normal", "pneumonia"),
    )
    assert_array_equal(images.images[6:8], arrays["val_images"])
    assert images.labels.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert images.official_split.tolist() == ["train"] * 6 + ["validation"] * 2 + ["test"] * 4
    assert images.sample_ids[6] == "val/000000"
    assert images.groups[:4].tolist() == ["0", "0", "1", "1"]


def test_several_label_columns_are_multilabel(saved, rng):
    labels = {
        f"{split}_labels": rng.integers(0, 2, size=(n, 3), dtype=np.uint8)
        for split, n in (("train", 6), ("val", 2), ("test", 4))
    }
    images = read(saved(**labels, class_names=None))
    assert images.task == "multilabel"
    assert images.labels.shape == (12, 3)
    assert images.class_names == ("0", "1", "2")


def test_ordinal_is_what_the_study_says_it_is(saved):
    assert read(saved(), task="ordinal").task == "ordinal"


def test_other_label_arrays_can_be_asked_for(saved):
    changes = {f"{split}_grade": np.full(n, 2) for split, n in (("train", 6), ("test", 4))}
    images = read(saved(**changes), labels="grade")
    assert images.labels.tolist() == [2] * 10
    assert images.class_names == ("0", "1", "2")


def test_decodes_jpeg_archives_on_access(tmp_path):
    # Smooth images survive JPEG nearly unchanged.
    pixels = np.linspace(0, 255, 16 * 16).reshape(16, 16).astype(np.uint8)
    pictures = [pixels, pixels.T, 255 - pixels]
    encoded = [jpeg(np.repeat(p[..., None], 3, axis=2)) for p in pictures]
    np.savez(
        tmp_path / "cifar.npz",
        train_jpeg=np.frombuffer(b"".join(encoded[:2]), dtype=np.uint8),
        train_offsets=np.cumsum([0, *map(len, encoded[:2])]),
        train_labels=np.array([0, 1]),
        test_jpeg=np.frombuffer(encoded[2], dtype=np.uint8),
        test_offsets=np.array([0, len(encoded[2])]),
        test_labels=np.array([2]),
    )
    images = read(tmp_path / "cifar.npz")
    assert images.images[1].shape == (16, 16, 3)
    for position, picture in enumerate(pictures):
        assert np.abs(images.images[position][..., 0].astype(int) - picture).max() < 8
    assert_array_equal(images.take([2, 0]).images[1], images.images[0])


def test_a_truncated_jpeg_is_named(tmp_path, rng):
    content = jpeg(rng.integers(0, 256, size=(32, 32, 3), dtype=np.uint8))
    np.savez(
        tmp_path / "cifar.npz",
        test_jpeg=np.frombuffer(content + content[:200], dtype=np.uint8),
        test_offsets=np.array([0, len(content), len(content) + 200]),
        test_labels=np.array([0, 1]),
    )
    images = read(tmp_path / "cifar.npz")
    with pytest.raises(StudyError, match=r"cifar\.npz: image 1 of test_jpeg: truncated"):
        _ = images.images[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"train_labels": np.zeros((5, 1), dtype=np.uint8)},
            "train_images has 6 entries and train_labels has 5: not the same images",
        ),
        (
            {"test_patients": np.zeros(3, dtype=np.int32)},
            "test_patients has 3 entries and test_labels has 4",
        ),
        (
            {"test_labels": np.array([[0], [1], [2], [1]], dtype=np.uint8)},
            r"1 labels lie outside 0 to 1, the first is 2 at test/000002",
        ),
        (
            {"val_labels": np.array([[0], [-1]], dtype=np.int8)},
            r"1 labels lie outside 0 to 1, the first is -1 at val/000001",
        ),
        ({"val_images": None}, "val_images is missing"),
        ({"val_labels": np.array([0.5, 1.0])}, r"val_labels is float64 of shape \(2,\)"),
        ({"val_images": np.zeros((2, 8, 8))}, "val_images is float64"),
        ({"val_images": np.zeros((2, 9, 8), dtype=np.uint8)}, r"shape \(2, 9, 8\)"),
        ({"test_labels": np.array(["a"] * 4, dtype=object)}, "no readable NPZ of plain arrays"),
    ],
)
def test_refuses(saved, changes, message):
    path = saved(**changes)
    with pytest.raises(StudyError, match=message) as caught:
        load(DatasetConfig(path=str(path)))
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("task", ["multilabel", "binary"])
def test_refuses_a_task_that_the_labels_do_not_fit(saved, task):
    labels = {f"{split}_labels": np.zeros((n, 1)) for split, n in (("train", 6), ("test", 4))}
    path = saved(**{k: v.astype(int) for k, v in labels.items()}, class_names=np.array(list("abc")))
    with pytest.raises(StudyError, match="task"):
        load(DatasetConfig(path=str(path), task=task))


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 not a zip", one_array()])
def test_refuses_what_is_no_archive(tmp_path, content):
    (tmp_path / "garbage.npz").write_bytes(content)
    with pytest.raises(StudyError) as caught:
        load(DatasetConfig(path=str(tmp_path / "garbage.npz")))
    assert str(caught.value) == (
        f"{tmp_path / 'garbage.npz'}: no NPZ file (no zip archive, or one that breaks off)"
    )


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(StudyError, match=r"absent\.npz: no such file"):
        load(DatasetConfig(path=str(tmp_path / "absent.npz")))


def test_refuses_an_archive_that_breaks_off(saved):
    path = saved()
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(StudyError, match=r"chest\.npz: no NPZ file"):
        load(DatasetConfig(path=str(path)))


def test_refuses_an_archive_with_a_damaged_array(saved):
    path = saved()
    content = bytearray(path.read_bytes())
    content[400] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"chest\.npz: no readable NPZ of plain arrays \(Bad CRC"):
        load(DatasetConfig(path=str(path)))


def test_what_is_no_array_is_not_there(saved):
    path = saved(val_images=None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("val_images.npy", b"text")
    with pytest.raises(StudyError, match=r"chest\.npz: val_images is missing"):
        load(DatasetConfig(path=str(path)))


@pytest.mark.parametrize(
    ("name", "task", "n"),
    [
        ("pneumonia_cxr_64", "binary", 3170),
        ("knee_kl_64", "multiclass", 4130),
        ("nih_chest14_64", "multilabel", 1992),
        ("busi_64", "multiclass", 778),
        ("cifar10_jpeg", "multiclass", 60000),
    ],
)
def test_reads_the_real_files(shared_dir, name, task, n):
    images = load(DatasetConfig(path=str(shared_dir / "data" / f"{name}.npz")))
    assert (images.task, len(images)) == (task, n)
    assert images.images[n - 1].dtype == np.uint8
