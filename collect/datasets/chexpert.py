"""Chest X-rays of CheXpert (Irvin et al. 2019) with 14 observations."""

from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set, table

LABELS = (
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)
SPLITS = {"train": "train", "valid": "validation", "test": "test"}


def read_chexpert(root: Path) -> ImageSet:
    """Read ``train.csv`` and ``valid.csv``, and ``test.csv`` where it is there, grouped by patient.

    Uncertain labels (-1) and blanks are 0, the U-zeros policy of Irvin et al.; nothing else is
    changed: an image without any observation has no label.

    Raises
    ------
    StudyError
        If a table or an image is missing.
    """
    entries: list[Entry] = []
    for name, split in SPLITS.items():
        path = root / f"{name}.csv"
        if name == "test" and not path.exists():
            continue
        for row in table(path, ("Path", *LABELS)):
            # CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg
            parts = row["Path"].split("/")
            patient = next(part for part in parts if part.startswith("patient"))
            entries.append(
                Entry(
                    sample_id="/".join(parts[1:])
                    if parts[0].startswith("CheXpert")
                    else row["Path"],
                    label=tuple(int(float(row[label] or 0) == 1) for label in LABELS),
                    group=patient,
                    split=split,
                )
            )
    return image_set(Described("chexpert", "multilabel", LABELS), entries, root)
