"""An image folder with a CSV manifest: classes, groups and splits come from its columns."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from collect.configuration.sections import DatasetConfig
from collect.datasets.load import load
from warehouse.errors import StudyError


@pytest.fixture
def folder(tmp_path, rng):
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(rng.integers(0, 256, size=(9, 7), dtype=np.uint8)).save(tmp_path / name)
    return tmp_path


def dataset(folder, content, **settings):
    (folder / "manifest.csv").write_text(content)
    return load(DatasetConfig(path=str(folder), name="lesions", **settings))


def test_reads_paths_labels_groups_and_splits(folder):
    content = "path,label,group,split\na.png,nevus,p1,train\nb.png,melanoma,p2,valid\n"
    images = dataset(folder, content + "c.png,nevus,p1,test\n")
    assert images.class_names == ("melanoma", "nevus")
    assert images.labels.tolist() == [1, 0, 1]
    assert images.groups.tolist() == ["p1", "p2", "p1"]
    assert images.official_split.tolist() == ["train", "validation", "test"]
    assert images.task == "binary"
    assert_array_equal(images.images[0], np.asarray(Image.open(folder / "a.png")))


def test_numbers_are_classes_in_their_order(folder):
    images = dataset(folder, "path,label\na.png,10\nb.png,2\nc.png,0\n", task="ordinal")
    assert images.class_names == ("0", "2", "10")
    assert images.labels.tolist() == [2, 1, 0]
    assert images.groups is None


def test_several_labels_of_an_image_are_separated_by_bars(folder):
    images = dataset(folder, "path,label\na.png,mass|edema\nb.png,\nc.png,mass\n")
    assert images.task == "multilabel"
    assert images.class_names == ("edema", "mass")
    assert images.labels.tolist() == [[1, 1], [0, 0], [0, 1]]


def test_the_folder_may_move(folder, tmp_path_factory):
    content = "path,label\na.png,0\nb.png,1\nc.png,1\n"
    here = dataset(folder, content).content_hash
    there = tmp_path_factory.mktemp("elsewhere") / "moved"
    folder.rename(there)
    assert load(DatasetConfig(path=str(there), name="x")).content_hash == here


@pytest.mark.parametrize("mode", ["RGBA", "P", "CMYK"])
def test_colour_images_become_rgb(folder, mode):
    Image.new(mode, (4, 4)).save(folder / "colour.tif")
    images = dataset(folder, "path,label\ncolour.tif,0\na.png,1\n")
    assert images.images[0].shape == (4, 4, 3)


def test_sixteen_bits_keep_the_upper_eight(folder):
    deep = np.array([[0, 255, 256], [65535, 32768, 511]], dtype=np.uint16)
    Image.fromarray(deep).save(folder / "deep.png")
    images = dataset(folder, "path,label\ndeep.png,0\na.png,1\n")
    assert images.images[0].tolist() == [[0, 0, 1], [255, 128, 1]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,label\na.png,0\nmissing.png,1\n", r"line 3: .*missing\.png: no such image"),
        ("file,label\na.png,0\n", "column path is missing"),
        ("path,class\na.png,0\n", "column label is missing"),
        ("path,label\n", "lists no images"),
        ("", "column path is missing"),
        ("path,label,group\na.png,0\n", "line 2 has not as many cells as the header"),
        ("path,label\na.png,0\na.png,1\n", r"line 3: a\.png is listed twice"),
        ("path,label,split\na.png,0,all\n", "line 2: split 'all' is none of train"),
    ],
)
def test_refuses(folder, content, message):
    with pytest.raises(StudyError, match=message):
        dataset(folder, content)


def test_a_truncated_image_is_named(folder):
    content = (folder / "b.png").read_bytes()
    (folder / "b.png").write_bytes(content[: len(content) // 2])
    images = dataset(folder, "path,label\na.png,0\nb.png,1\n")
    with pytest.raises(StudyError, match=r"b\.png: truncated or no image"):
        _ = images.images[1]


def test_refuses_a_folder_without_manifest(tmp_path):
    with pytest.raises(StudyError, match=r"manifest\.csv: no such manifest"):
        load(DatasetConfig(path=str(tmp_path)))
