"""Thyroid ultrasound images of DDTI (Pedraza et al. 2015), by TI-RADS category."""

from pathlib import Path
from xml.etree import ElementTree

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set
from warehouse.errors import StudyError

CLASSES = ("benign", "malignant")
MALIGNANT = {"1": 0, "2": 0, "3": 0, "4": 1, "4a": 1, "4b": 1, "4c": 1, "5": 1}


def read_ddti(root: Path) -> ImageSet:
    """Read ``<case>.xml`` with ``<case>_<n>.jpg``, grouped by case.

    As in Mei et al. (2022): TI-RADS 1 to 3 are benign, 4a to 5 malignant. Cases whose XML gives no
    category have no label and are left out.

    Raises
    ------
    StudyError
        If an XML cannot be read, or gives a category that is none.
    """
    entries: list[Entry] = []
    for path in sorted(root.glob("*.xml")):
        label = _label(path)
        if label is not None:
            entries += [
                Entry(sample_id=image.name, label=label, group=path.stem)
                for image in sorted(root.glob(f"{path.stem}_*.jpg"))
            ]
    return image_set(Described("ddti", "binary", CLASSES), entries, root)


def _label(path: Path) -> int | None:
    try:
        category = ElementTree.parse(path).findtext("tirads", default="")
    except ElementTree.ParseError as error:
        raise StudyError(f"{path}: no readable XML ({error})") from error
    category = (category or "").strip().lower()
    if not category:
        return None
    if category not in MALIGNANT:
        raise StudyError(f"{path}: tirads {category!r} is none of {', '.join(MALIGNANT)}")
    return MALIGNANT[category]
