"""Patches of lymph node sections of PatchCamelyon (Veeling et al. 2018), in HDF5."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from collect.data.images import ImageSet
from collect.datasets.entries import Described, Entry, image_set, table
from warehouse.errors import StudyError

CLASSES = ("normal", "tumour")
SPLITS = {"train": "train", "valid": "validation", "test": "test"}
PREFIX = "camelyonpatch_level_2_split"


@dataclass(frozen=True)
class Patches:
    """Images of several HDF5 files, read on access: 7 GB need not be in memory."""

    paths: tuple[Path, ...]
    files: NDArray[np.int64]
    positions: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, index: int, /) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: NDArray[np.int64], /) -> Self: ...
    def __getitem__(self, index: int | NDArray[np.int64], /) -> NDArray[np.uint8] | Self:
        """Read one patch (96, 96, 3), or choose several without reading."""
        import h5py

        if isinstance(index, np.ndarray):
            return type(self)(self.paths, self.files[index], self.positions[index])
        with h5py.File(self.paths[self.files[index]], "r") as file:
            return np.asarray(file["x"][int(self.positions[index])], dtype=np.uint8)

    def digest(self, index: int) -> bytes:
        """SHA-256 of the patch's pixels."""
        return hashlib.sha256(self[index].tobytes()).digest()


def read_pcam(root: Path) -> ImageSet:
    """Read the three HDF5 pairs with their tables, grouped by whole-slide image.

    PCam-small is ``max_images = 10000`` of it: a stratified choice that is the same every time.

    Raises
    ------
    StudyError
        If a file is missing or unreadable, or its parts differ in length.
    """
    entries: list[Entry] = []
    paths: list[Path] = []
    files: list[int] = []
    positions: list[int] = []
    for part, split in SPLITS.items():
        path = root / f"{PREFIX}_{part}_x.h5"
        labels = _labels(root / f"{PREFIX}_{part}_y.h5", path)
        slides = [row["wsi"] for row in table(root / f"{PREFIX}_{part}_meta.csv", ("wsi",))]
        if len(slides) != len(labels):
            raise StudyError(f"{path}: {len(labels)} patches, but {len(slides)} rows in its table")
        for position, (label, slide) in enumerate(zip(labels, slides, strict=True)):
            entries.append(Entry(f"{part}/{position:06d}", int(label), slide, split))
            positions.append(position)
        files += [len(paths)] * len(labels)
        paths.append(path)
    images = Patches(tuple(paths), np.array(files), np.array(positions))
    return image_set(Described("pcam", "binary", CLASSES), entries, root, images)


def _labels(labels: Path, images: Path) -> NDArray[np.int64]:
    import h5py

    for path in (labels, images):
        if not path.exists():
            packed = path.with_name(f"{path.name}.gz")
            way_out = f"; unpack {packed.name}" if packed.exists() else ""
            raise StudyError(f"{path}: missing{way_out}")
    try:
        with h5py.File(labels, "r") as file, h5py.File(images, "r") as pixels:
            values = np.asarray(file["y"]).reshape(-1).astype(np.int64)
            n_images = len(pixels["x"])
    except (OSError, KeyError) as error:
        raise StudyError(f"{labels}: no readable HDF5 of PCam ({error})") from error
    if len(values) != n_images:
        raise StudyError(f"{images}: {n_images} patches, but {len(values)} labels")
    return values
