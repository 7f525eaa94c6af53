"""Paediatric chest X-rays of Kermany et al. (2018): normal or pneumonia."""

import re
from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set
from warehouse.errors import StudyError

CLASSES = ("NORMAL", "PNEUMONIA")
SPLITS = {"train": "train", "val": "validation", "test": "test"}
PATIENT = re.compile(r"(?:(person)(\d+)_)|(?:NORMAL2?-)?(IM)-(\d+)")


def read_kermany_chest(root: Path) -> ImageSet:
    """Read ``{train,val,test}/{NORMAL,PNEUMONIA}``, grouped by the patient in the file name.

    Numbers that are the same in train and test, bacterial and viral, or with and without the
    prefix ``NORMAL2``, are taken for one patient: too large a group leaks nothing.

    Raises
    ------
    StudyError
        If there are no images, or a file name has no patient.
    """
    if (root / "chest_xray").is_dir():
        root = root / "chest_xray"
    entries = [
        Entry(
            sample_id=path.relative_to(root).as_posix(),
            label=number,
            group=patient_of(path.name),
            split=split,
        )
        for folder, split in SPLITS.items()
        for number, name in enumerate(CLASSES)
        for path in sorted((root / folder / name).glob("*.jp*g"))
    ]
    return image_set(Described("kermany_chest", "binary", CLASSES), entries, root)


def patient_of(name: str) -> str:
    """Patient of a file.

    Raises
    ------
    StudyError
        If the name follows neither pattern.

    Examples
    --------
    >>> patient_of("person1_bacteria_2.jpeg"), patient_of("person1_virus_6.jpeg")
    ('person1', 'person1')
    >>> patient_of("NORMAL2-IM-0927-0001.jpeg"), patient_of("IM-0115-0001.jpeg")
    ('IM927', 'IM115')
    """
    match = PATIENT.match(name)
    if match is None:
        raise StudyError(f"{name}: no patient in the name (person<n>_... or IM-<n>-... expected)")
    return f"{match[1] or match[3]}{int(match[2] or match[4])}"
