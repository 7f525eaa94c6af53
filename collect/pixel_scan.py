"""One pass over the pixels of a dataset: unreadable and empty images, and perceptual hashes."""

from collections.abc import Iterator
from dataclasses import dataclass

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from collect.images import ImageSet
from warehouse.errors import StudyError

HASH_SIDE = 16
MAX_DISTANCE = 20


@dataclass(frozen=True)
class PixelScan:
    """What the pixels say.

    Parameters
    ----------
    empty : tuple of int
        Positions of images of one colour.
    hashes : ndarray of shape (n, 4)
        uint64, 256 bits an image.
    """

    empty: tuple[int, ...]
    hashes: NDArray[np.uint64]


def scan_pixels(images: ImageSet) -> PixelScan:
    """Decode every image once.

    The perceptual hash is imagehash's ``phash`` of 16 x 16 bits: signs of the low frequencies of
    the discrete cosine transform of the gray image, reduced to 64 x 64.

    Raises
    ------
    StudyError
        If images cannot be decoded; the message counts them and names the first.
    """
    empty: list[int] = []
    unreadable: list[str] = []
    bits = np.zeros((len(images), HASH_SIDE * HASH_SIDE), dtype=np.bool_)
    for position in range(len(images)):
        try:
            pixels = images.images[position]
        except StudyError as error:
            unreadable.append(str(error))
            continue
        if np.ptp(pixels) == 0:
            empty.append(position)
        bits[position] = imagehash.phash(Image.fromarray(pixels), hash_size=HASH_SIDE).hash.ravel()
    if unreadable:
        raise StudyError(
            f"{images.name}: {len(unreadable)} unreadable images, the first is {unreadable[0]}"
        )
    return PixelScan(tuple(empty), np.packbits(bits, axis=1).view(np.uint64))


def near_pairs(hashes: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Yield pairs of images that look alike: at most 20 of 256 bits differ.

    Recompression, slight blur and small changes of size or brightness stay below that; of 12
    million pairs of different chest and knee X-rays of 64 x 64 pixels none does.

    Notes
    -----
    Costs ``O(n**2)`` time, about 2 ns a pair, and ``O(n)`` memory.
    """
    for position in range(len(hashes) - 1):
        rest = hashes[position + 1 :]
        distance = np.bitwise_count(rest ^ hashes[position]).sum(axis=1, dtype=np.int64)
        for other in np.flatnonzero(distance <= MAX_DISTANCE):
            yield position, position + 1 + int(other)
