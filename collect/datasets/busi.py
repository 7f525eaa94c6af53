"""Breast ultrasound images of Al-Dhabyani et al. (2020): normal, benign, malignant."""

import re
from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set

CLASSES = ("normal", "benign", "malignant")
IMAGE = re.compile(r"[a-z]+ \(\d+\)\.png")  # masks are called "benign (1)_mask.png"


def read_busi(root: Path, *, malignant_only: bool = False) -> ImageSet:
    """Read the three folders; patients are not published, and some images are near duplicates.

    Parameters
    ----------
    root : Path
        ``Dataset_BUSI_with_GT`` or the folder around it.
    malignant_only : bool
        Whether the label is malignant or not, as in Juodelyte et al.'s code, which counts the 133
        normal images as benign; else the three classes.

    Raises
    ------
    StudyError
        If there are no images.
    """
    if (root / "Dataset_BUSI_with_GT").is_dir():
        root = root / "Dataset_BUSI_with_GT"
    entries = [
        Entry(
            sample_id=path.relative_to(root).as_posix(),
            label=int(name == "malignant") if malignant_only else number,
        )
        for number, name in enumerate(CLASSES)
        for path in sorted((root / name).glob("*.png"))
        if IMAGE.fullmatch(path.name)
    ]
    if malignant_only:
        return image_set(Described("busi", "binary", ("not malignant", "malignant")), entries, root)
    return image_set(Described("busi", "multiclass", CLASSES), entries, root)
