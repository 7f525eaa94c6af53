"""The three parts of MedFMC that the MedFM challenge of 2023 used: chest, colon, endoscopy."""

import re
from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set
from warehouse.errors import StudyError

CHEST = (
    "pleural_effusion",
    "nodule",
    "pneumonia",
    "cardiomegaly",
    "hilar_enlargement",
    "fracture_old",
    "fibrosis",
    "aortic_calcification",
    "tortuous_aorta",
    "thickened_pleura",
    "TB",
    "pneumothorax",
    "emphysema",
    "atelectasis",
    "calcification",
    "pulmonary_edema",
    "increased_lung_markings",
    "elevated_diaphragm",
    "consolidation",
)
COLON = ("negative", "positive")
ENDOSCOPY = ("ulcer", "erosion", "polyp", "tumor")
LISTS = {"trainval.txt": "train", "test_WithLabel.txt": "test"}
LINE = re.compile(r"(?P<image>.+\.(?:png|jpg))[ \t]+(?P<labels>[01](?:[ ,][01])*)")
CASE = re.compile(r"(\d{4}-\d{5})-|([^_]+)_")


def read_medfm_chest(root: Path) -> ImageSet:
    """Read the chest X-rays with 19 findings; patients are not published."""
    return _read(root, Described("medfm_chest", "multilabel", CHEST))


def read_medfm_colon(root: Path) -> ImageSet:
    """Read the colon tissue patches, tumour or not, grouped by case (from the file name)."""
    return _read(root, Described("medfm_colon", "binary", COLON))


def read_medfm_endo(root: Path) -> ImageSet:
    """Read the endoscopies with 4 findings, grouped by examination (from the file name)."""
    return _read(root, Described("medfm_endo", "multilabel", ENDOSCOPY))


def group_of(dataset: str, image: str) -> str | None:
    """Case or examination of an image, from its file name.

    Examples
    --------
    >>> group_of("medfm_endo", "13333_2021.11_0003_55200268.png")
    '13333_2021.11_0003'
    >>> group_of("medfm_colon", "2019-10327-1-1-1_2019-05-28 17_55_39-lv1-476-116p0026.png")
    '2019-10327'
    >>> group_of("medfm_colon", "D20181047302_2019-06-10 11_38_18-lv1-292-118p0010.png")
    'D20181047302'
    """
    if dataset == "medfm_endo":
        return image.rpartition("_")[0]
    if dataset == "medfm_colon":
        case = CASE.match(image)
        return (case[1] or case[2]) if case else image
    return None


def _read(root: Path, described: Described) -> ImageSet:
    entries: list[Entry] = []
    for name, split in LISTS.items():
        path = root / name
        if not path.exists():
            raise StudyError(f"{path}: missing; see `repdrift collect datasets`")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                entries.append(_entry(described, f"{path}: line {number}", line.strip(), split))
    return image_set(described, entries, root)


def _entry(described: Described, where: str, line: str, split: str) -> Entry:
    match = LINE.fullmatch(line)
    values = tuple(int(value) for value in re.split("[ ,]", match["labels"])) if match else ()
    n_expected = 1 if described.task == "binary" else len(described.class_names)
    if match is None or len(values) != n_expected:
        raise StudyError(f"{where}: an image and {n_expected} times 0 or 1 are expected: {line!r}")
    return Entry(
        sample_id=f"images/{match['image']}",
        label=values[0] if described.task == "binary" else values,
        group=group_of(described.name, match["image"]),
        split=split,
    )
