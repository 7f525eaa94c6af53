"""The images that the miniatures are pre-trained on: CIFAR-10, JPEG bytes end to end in one NPZ."""

import hashlib
import io
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from warehouse.errors import CollectError

REQUIRED = tuple(
    f"{split}_{part}" for split in ("train", "test") for part in ("jpeg", "offsets", "labels")
)


@dataclass(frozen=True)
class Photographs:
    """Decoded images with labels; `images` are uint8 (n, 3, 32, 32), `labels` int64 (n,)."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device) -> "Photographs":
        """Move both tensors to a device."""
        return Photographs(self.images.to(device), self.labels.to(device))

    def take(self, indices: torch.Tensor) -> "Photographs":
        """Choose images by position."""
        return Photographs(self.images[indices], self.labels[indices])


@dataclass(frozen=True)
class Archive:
    """An archive's training and test images, its class names and the SHA-256 of its file."""

    train: Photographs
    test: Photographs
    class_names: tuple[str, ...]
    file_name: str
    sha256: str

    def limited(self, n_images: int | None) -> "Archive":
        """Keep the first `n_images` training and test images; all of them for None."""
        first = slice(n_images)
        train = Photographs(self.train.images[first], self.train.labels[first])
        test = Photographs(self.test.images[first], self.test.labels[first])
        return replace(self, train=train, test=test)


def read_archive(path: Path) -> Archive:
    """Decode every JPEG of an archive once; 60,000 images take about ten seconds.

    Parameters
    ----------
    path : Path
        NPZ file with ``{train,test}_jpeg`` (uint8 bytes), ``{train,test}_offsets`` (n + 1),
        ``{train,test}_labels`` and ``class_names``.

    Raises
    ------
    CollectError
        If the file or one of its arrays is missing, or an image is not 32x32.
    """
    if not path.is_file():
        msg = f"no image archive at {path}: give the CIFAR-10 archive with --images"
        raise CollectError(msg)
    with np.load(path, allow_pickle=False) as arrays:
        missing = [name for name in (*REQUIRED, "class_names") if name not in arrays]
        if missing:
            msg = f"{path} has no {', '.join(missing)}: not an archive of JPEG images"
            raise CollectError(msg)
        splits = {
            split: Photographs(
                _decoded(arrays[f"{split}_jpeg"], arrays[f"{split}_offsets"]),
                torch.from_numpy(arrays[f"{split}_labels"].astype(np.int64).ravel()),
            )
            for split in ("train", "test")
        }
        names = tuple(str(name) for name in arrays["class_names"])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Archive(splits["train"], splits["test"], names, path.name, digest)


def _decoded(content: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> torch.Tensor:
    images = np.empty((len(offsets) - 1, 32, 32, 3), dtype=np.uint8)
    for index, (start, stop) in enumerate(pairwise(offsets.tolist())):
        with Image.open(io.BytesIO(content[start:stop].tobytes())) as image:
            if image.size != (32, 32):
                msg = f"image {index} is {image.size[0]}x{image.size[1]} px, expected 32x32"
                raise CollectError(msg)
            images[index] = np.asarray(image.convert("RGB"))
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
