"""Mammograms of CBIS-DDSM: DICOM images, one row of the tables per abnormality."""

from collections.abc import Iterator
from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set, table
from warehouse.errors import StudyError

CLASSES = ("benign", "malignant")
TABLES = {
    f"{kind}_case_description_{split}_set.csv": split
    for kind in ("mass", "calc")
    for split in ("train", "test")
}
COLUMNS = ("patient_id", "pathology", "image file path")


def read_cbis_ddsm(root: Path) -> ImageSet:
    """Read the full mammograms, each once, grouped by patient.

    The tables have a row per abnormality, and 3,568 rows name 3,103 images; 17 images have benign
    and malignant rows. An image is malignant if one of its abnormalities is.

    Raises
    ------
    StudyError
        If a table is missing, or the folder of a mammogram has no DICOM file or several.
    """
    entries: dict[str, Entry] = {}
    for folder, row, split in _rows(root):
        label = int(row["pathology"].strip() == "MALIGNANT")
        known = entries.get(folder)
        entries[folder] = Entry(
            sample_id=known.sample_id if known else _dicom(root, folder),
            label=max(label, int(known.label) if known and isinstance(known.label, int) else 0),
            group=row["patient_id"],
            split=split,
        )
    return image_set(Described("cbis_ddsm", "binary", CLASSES), list(entries.values()), root)


def _rows(root: Path) -> Iterator[tuple[str, dict[str, str], str]]:
    for name, split in TABLES.items():
        path = root / name
        for row in table(path if path.exists() else root / "csv" / name, COLUMNS):
            # Mass-Training_P_00001_LEFT_CC/<study>/<series>/000000.dcm: series change on download
            yield row["image file path"].strip().split("/")[0], row, split


def _dicom(root: Path, folder: str) -> str:
    for parent in (root / folder, root / "CBIS-DDSM" / folder):
        found = sorted(parent.rglob("*.dcm"))
        if len(found) == 1:
            return found[0].relative_to(root).as_posix()
        if found:
            raise StudyError(f"{parent}: {len(found)} DICOM files, one mammogram is expected")
    raise StudyError(f"{root / folder}: no DICOM file of this mammogram")
