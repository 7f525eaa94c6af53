"""Fundus photographs of APTOS 2019, graded for diabetic retinopathy from 0 to 4."""

from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set, table

GRADES = ("no", "mild", "moderate", "severe", "proliferative")


def read_aptos2019(root: Path) -> ImageSet:
    """Read the training images; the labels of the test images were never published.

    Patients are not published either: the two eyes of one patient may be in different folds.

    Raises
    ------
    StudyError
        If the table or an image is missing.
    """
    entries = [
        Entry(sample_id=f"train_images/{row['id_code']}.png", label=int(row["diagnosis"]))
        for row in table(root / "train.csv", ("id_code", "diagnosis"))
    ]
    return image_set(Described("aptos2019", "ordinal", GRADES), entries, root)
