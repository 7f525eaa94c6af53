"""ImageNet-1K (ILSVRC 2012) as source probe: bank from train, queries from val."""

from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set, table
from warehouse.errors import StudyError


def read_imagenet1k(root: Path) -> ImageSet:
    """Read ``train/<wnid>/*.JPEG`` with ``val/<wnid>/*.JPEG``, or the layout of the Kaggle archive.

    The latter has ``ILSVRC/Data/CLS-LOC/{train,val}`` with flat validation images, whose classes
    are in ``LOC_val_solution.csv``. Classes are numbered by the order of their WordNet ids, as
    every published ImageNet classifier does.

    Raises
    ------
    StudyError
        If there is no training folder, or a validation image has no class.
    """
    kaggle = root / "ILSVRC" / "Data" / "CLS-LOC"
    base = kaggle if kaggle.is_dir() else root
    if not (base / "train").is_dir():
        raise StudyError(f"{base / 'train'}: missing; see `repdrift collect datasets`")
    wnids = tuple(sorted(folder.name for folder in (base / "train").iterdir() if folder.is_dir()))
    number = {wnid: position for position, wnid in enumerate(wnids)}
    entries = [
        Entry(path.relative_to(root).as_posix(), number[wnid], split="train")
        for wnid in wnids
        for path in sorted((base / "train" / wnid).glob("*.JPEG"))
    ]
    for path, wnid in _validation(root, base / "val"):
        if wnid not in number:
            raise StudyError(f"{path}: class {wnid} has no training folder")
        entries.append(Entry(path.relative_to(root).as_posix(), number[wnid], split="validation"))
    return image_set(Described("imagenet1k", "multiclass", wnids), entries, root)


def _validation(root: Path, folder: Path) -> list[tuple[Path, str]]:
    solution = root / "LOC_val_solution.csv"
    if solution.exists():
        return [
            (folder / f"{row['ImageId']}.JPEG", row["PredictionString"].split()[0])
            for row in table(solution, ("ImageId", "PredictionString"))
        ]
    return [(path, path.parent.name) for path in sorted(folder.glob("*/*.JPEG"))]
