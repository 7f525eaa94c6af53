"""Dermoscopic images of the ISIC challenges of 2018 (task 3) and 2019."""

from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set, one_hot, table
from warehouse.errors import StudyError

CLASSES_2018 = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
CLASSES_2019 = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC")
PARTS_2018 = {"Training": "train", "Validation": "validation", "Test": "test"}


def read_isic2018(root: Path) -> ImageSet:
    """Read task 3 of 2018: training images, and validation and test images where they are there.

    Training images are grouped by lesion (HAM10000 shows many lesions more than once); the lesions
    of the other parts are not published, so each of their images is a group of its own.

    Raises
    ------
    StudyError
        If a table or an image is missing.
    """
    lesions = _lesions(root / "ISIC2018_Task3_Training_LesionGroupings.csv")
    entries: list[Entry] = []
    for part, split in PARTS_2018.items():
        name = f"ISIC2018_Task3_{part}_GroundTruth"
        truth = _first_of(root / name / f"{name}.csv", root / f"{name}.csv")
        if part != "Training" and not truth.exists():
            continue
        for row in table(truth, ("image", *CLASSES_2018)):
            image = row["image"]
            entries.append(
                Entry(
                    sample_id=f"ISIC2018_Task3_{part}_Input/{image}.jpg",
                    label=one_hot(row, CLASSES_2018, f"{truth}: {image}"),
                    group=lesions.get(image, image),
                    split=split,
                )
            )
    return image_set(Described("isic2018", "multiclass", CLASSES_2018), entries, root)


def read_isic2019(root: Path) -> ImageSet:
    """Read the training images of 2019, grouped by lesion; UNK has no training image.

    An image without a lesion id is a group of its own. Many images are also in ISIC 2018.

    Raises
    ------
    StudyError
        If a table or an image is missing.
    """
    truth = root / "ISIC_2019_Training_GroundTruth.csv"
    metadata = table(root / "ISIC_2019_Training_Metadata.csv", ("image", "lesion_id"))
    lesions = {row["image"]: row["lesion_id"] or row["image"] for row in metadata}
    folder = "ISIC_2019_Training_Input"
    if (root / folder / folder).is_dir():  # the archive unpacks into a folder of its own name
        folder = f"{folder}/{folder}"
    entries = [
        Entry(
            sample_id=f"{folder}/{row['image']}.jpg",
            label=one_hot(row, CLASSES_2019, f"{truth}: {row['image']}"),
            group=lesions.get(row["image"], row["image"]),
        )
        for row in table(truth, ("image", *CLASSES_2019))
    ]
    return image_set(Described("isic2019", "multiclass", CLASSES_2019), entries, root)


def _lesions(path: Path) -> dict[str, str]:
    if not path.exists():
        raise StudyError(
            f"{path}: missing; without it several images of one lesion would be split apart"
        )
    return {row["image"]: row["lesion_id"] for row in table(path, ("image", "lesion_id"))}


def _first_of(*paths: Path) -> Path:
    return next((path for path in paths if path.exists()), paths[0])
