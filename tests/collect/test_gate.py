"""The gate finds each planted problem, says how many with examples, and stops what it must."""

import numpy as np
import pytest
from PIL import Image

from collect.configuration.sections import DatasetConfig
from collect.data.gate import inspect, require_clean
from collect.data.splits import split_of
from collect.datasets.encoded import ImageFiles
from tests.collect.image_sets import image_set
from warehouse.errors import StudyError

OFFICIAL = DatasetConfig(path="x", split="official")


def by_folds(images, n_folds=2):
    config = DatasetConfig(path="x")
    return {
        f"fold {fold}": split_of(images, config, fold=fold, n_folds=n_folds)
        for fold in range(1, n_folds + 1)
    }


def official(images):
    return {"official": split_of(images, OFFICIAL, fold=None, n_folds=None)}


def pixels_with_copy(n, original, copy):
    pixels = np.arange(n * 4, dtype=np.uint32).view(np.uint8).reshape(n, 4, 4).copy()
    pixels[copy] = pixels[original]
    return pixels


def problems(findings):
    return [(finding.n, finding.problem, finding.stops) for finding in findings]


PARTS = ["train"] * 8 + ["validation"] * 4 + ["test"] * 4
ALTERNATING = [0, 1] * 8


def test_clean_data_have_no_findings():
    images = image_set(ALTERNATING, groups=np.repeat(np.arange(8), 2))
    assert inspect(images, by_folds(images)) == []
    assert require_clean([], None) is None
    assert require_clean([], "a reason that is not needed") is None


def test_patients_across_an_official_split_stop():
    groups = [f"p{i}" for i in range(16)]
    groups[13] = "p2"
    images = image_set(ALTERNATING, groups=groups, official=PARTS)
    (finding,) = inspect(images, official(images))
    assert finding.stops
    assert str(finding) == "x: 1 patients in both train and test of official (p2)"


def test_images_across_an_official_split_stop():
    images = image_set(ALTERNATING, images=pixels_with_copy(16, 1, 15), official=PARTS)
    assert problems(inspect(images, official(images))) == [
        (1, "identical images in both train and test of official", True),
        (1, "sets of identical images, each kept in one part of a split", False),
    ]


def test_images_across_validation_and_test_stop():
    images = image_set(ALTERNATING, images=pixels_with_copy(16, 9, 15), official=PARTS)
    (finding, _) = inspect(images, official(images))
    assert finding.problem == "identical images in both validation and test of official"
    assert finding.examples == ("0009",)


def test_folds_keep_copies_together_so_they_are_only_noted():
    groups = np.repeat(np.arange(8), 2)
    images = image_set(ALTERNATING, groups=groups, images=pixels_with_copy(16, 1, 15))
    findings = inspect(images, by_folds(images))
    assert [finding.stops for finding in findings] == [False, False]
    assert findings[1].problem.startswith("identical images under two patients")
    assert findings[1].examples == ("0001 = 0015",)


def test_one_image_under_two_labels_stops():
    images = image_set(ALTERNATING, images=pixels_with_copy(16, 0, 15))
    finding = inspect(images, by_folds(images))[0]
    assert finding.stops
    assert str(finding) == "x: 1 identical images under two labels (0000 = 0015)"


@pytest.mark.parametrize("encoded", [False, True])
def test_empty_images_stop(tmp_path, encoded):
    pixels = pixels_with_copy(16, 0, 0)
    pixels[3], pixels[5] = 0, 200
    images = image_set(ALTERNATING, images=pixels)
    if encoded:
        for position, image in enumerate(pixels):
            Image.fromarray(image).save(tmp_path / f"{position:02d}.png")
        images = image_set(ALTERNATING, images=ImageFiles(tuple(sorted(tmp_path.glob("*.png")))))
    assert (
        str(inspect(images, by_folds(images))[0]) == "x: 2 empty images, of one colour (0003; 0005)"
    )


def test_a_class_without_images_in_a_fold_stops():
    images = image_set([0] * 8 + [1] * 7 + [2])
    (finding,) = inspect(images, by_folds(images))
    assert finding.stops
    assert finding.problem == "classes without an image"
    assert finding.n == 2  # the only image of class 2 is missing once in train, once in test
    assert {example.split(" in ")[0] for example in finding.examples} == {"class 2"}


def test_a_label_without_positives_in_a_fold_is_noted():
    labels = np.zeros((16, 2), dtype=int)
    labels[:, 0] = ALTERNATING
    labels[3, 1] = 1
    images = image_set(labels)
    (finding,) = inspect(images, by_folds(images))
    assert not finding.stops
    assert finding.problem.startswith("labels without a positive image")


def test_a_truncated_file_is_named(tmp_path):
    for position in range(4):
        path = tmp_path / f"{position}.png"
        pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) + position
        Image.fromarray(pixels).save(path)
    content = (tmp_path / "2.png").read_bytes()
    (tmp_path / "2.png").write_bytes(content[:-30])
    images = image_set([0, 1, 0, 1], images=ImageFiles(tuple(sorted(tmp_path.glob("*.png")))))
    with pytest.raises(
        StudyError, match=r"1 of 4 images are unreadable, the first is .*2\.png: truncated"
    ):
        inspect(images, {})


def test_stops_with_one_line_unless_a_reason_is_given():
    images = image_set(ALTERNATING, images=pixels_with_copy(16, 0, 15), official=PARTS)
    findings = inspect(images, official(images))
    with pytest.raises(
        StudyError,
        match=r"identical images under two labels \(0000 = 0015\) and 1 more findings: mend the "
        r"data, or go on with --accept-leakage REASON",
    ):
        require_clean(findings, None)
    assert require_clean(findings, "replicating the paper") == "replicating the paper"
