"""Images that stay encoded until they are asked for: a JPEG archive, files of a folder."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from collect.datasets.dicom import decoded_dicom
from warehouse.errors import StudyError

GRAY_MODES = {"1", "L", "LA", "I", "I;16", "F"}


@dataclass(frozen=True)
class EncodedImages:
    """JPEGs in one byte array, image ``i`` from ``offsets[i]`` to ``offsets[i + 1]``.

    Parameters
    ----------
    content : ndarray of shape (n_bytes,)
        uint8, all images end to end.
    starts, stops : ndarray of shape (n,)
        int64 positions in ``content``.
    names : tuple of str
        What an error message calls each image.
    """

    content: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, index: int, /) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: NDArray[np.int64], /) -> Self: ...
    def __getitem__(self, index: int | NDArray[np.int64], /) -> NDArray[np.uint8] | Self:
        """Decode one image, or choose several without decoding."""
        if isinstance(index, np.ndarray):
            return type(self)(
                self.content,
                self.starts[index],
                self.stops[index],
                tuple(self.names[position] for position in index),
            )
        return decoded(self._encoded(index), self.names[index])

    def digest(self, index: int) -> bytes:
        """SHA-256 of the encoded image."""
        return hashlib.sha256(self._encoded(index)).digest()

    def _encoded(self, index: int) -> bytes:
        return self.content[self.starts[index] : self.stops[index]].tobytes()


@dataclass(frozen=True)
class ImageFiles:
    """Image files, decoded on access."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int, /) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: NDArray[np.int64], /) -> Self: ...
    def __getitem__(self, index: int | NDArray[np.int64], /) -> NDArray[np.uint8] | Self:
        """Decode one image, or choose several without decoding."""
        if isinstance(index, np.ndarray):
            return type(self)(tuple(self.paths[position] for position in index))
        return decoded(_content(self.paths[index]), str(self.paths[index]))

    def digest(self, index: int) -> bytes:
        """SHA-256 of the file."""
        return hashlib.sha256(_content(self.paths[index])).digest()


def decoded(content: bytes, name: str) -> NDArray[np.uint8]:
    """Decode one image to uint8, (height, width) if it is gray, else (height, width, 3).

    Images of 16 bits keep their upper 8. Transparency is dropped. A name that ends in ``.dcm``, or
    the mark of a DICOM file, says that it is one.

    Raises
    ------
    StudyError
        If the content is no image or breaks off; the message gives ``name``.
    """
    if name.endswith(".dcm") or content[128:132] == b"DICM":
        return decoded_dicom(content, name)
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.mode.startswith("I;16") or image.mode == "I":
                return (np.asarray(image, dtype=np.uint32) >> 8).clip(0, 255).astype(np.uint8)
            return np.asarray(image.convert("L" if image.mode in GRAY_MODES else "RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise StudyError(f"{name}: truncated or no image ({error})") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise StudyError(f"{path}: no such image") from error
