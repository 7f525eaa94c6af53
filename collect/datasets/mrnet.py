"""Sagittal slices of the knee MRI examinations of MRNet (Bien et al. 2018)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set
from warehouse.errors import StudyError

CLASSES = ("normal", "acl", "meniscus")
SPLITS = {"train": "train", "valid": "validation"}
N_SLICES = 3


@dataclass(frozen=True)
class Slices:
    """Slices of volumes in NPY files, read on access."""

    paths: tuple[Path, ...]
    positions: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int, /) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: NDArray[np.int64], /) -> Self: ...
    def __getitem__(self, index: int | NDArray[np.int64], /) -> NDArray[np.uint8] | Self:
        """Read one slice (height, width), or choose several without reading."""
        if isinstance(index, np.ndarray):
            chosen = index.tolist()
            return type(self)(
                tuple(self.paths[i] for i in chosen), tuple(self.positions[i] for i in chosen)
            )
        slice_: NDArray[np.uint8] = _volume(self.paths[index])[self.positions[index]]
        return np.array(slice_, dtype=np.uint8)

    def digest(self, index: int) -> bytes:
        """SHA-256 of the slice's pixels."""
        return hashlib.sha256(self[index].tobytes()).digest()


def read_mrnet(root: Path) -> ImageSet:
    """Read the three central sagittal slices of every examination, grouped by examination.

    The class is ``acl`` for a tear of the cruciate ligament, ``meniscus`` for one of the meniscus
    alone, else ``normal`` (no tear; the knee may be abnormal otherwise). Which 1 to 3 slices Mei et
    al. (2022) took is not published, so the counts differ from theirs. Validation labels are read
    from the validation tables of their own task.

    Raises
    ------
    StudyError
        If a table is missing or a volume cannot be read.
    """
    if (root / "MRNet-v1.0").is_dir():
        root = root / "MRNet-v1.0"
    entries, paths, positions = [], [], []
    for folder, split in SPLITS.items():
        acl, meniscus = (_labels(root / f"{folder}-{task}.csv") for task in ("acl", "meniscus"))
        for exam, has_acl in acl.items():
            path = root / folder / "sagittal" / f"{exam}.npy"
            first = max(len(_volume(path)) - N_SLICES, 0) // 2
            for position in range(first, min(first + N_SLICES, len(_volume(path)))):
                label = 1 if has_acl else 2 * meniscus[exam]
                sample_id = f"{folder}/sagittal/{exam}/{position:03d}"
                entries.append(Entry(sample_id, label, group=exam, split=split))
                paths.append(path)
                positions.append(position)
    described = Described("mrnet", "multiclass", CLASSES)
    return image_set(described, entries, root, Slices(tuple(paths), tuple(positions)))


def _labels(path: Path) -> dict[str, int]:
    """Read a table without header: examination, 0 or 1."""
    if not path.exists():
        raise StudyError(f"{path}: missing; see `repdrift collect datasets`")
    rows = [line.split(",") for line in path.read_text().split()]
    return {exam: int(label) for exam, label in rows}


def _volume(path: Path) -> NDArray[np.uint8]:
    try:
        volume: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: no readable volume ({error})") from error
    return volume
