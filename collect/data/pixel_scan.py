"""One pass over the pixels of a dataset: unreadable and empty images, and perceptual hashes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from warehouse.errors import StudyError

if TYPE_CHECKING:
    from collect.data.images import Images

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


def scan_pixels(images: "Images") -> PixelScan:
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
            pixels = images[position]
        except StudyError as error:
            unreadable.append(str(error))
            continue
        if np.ptp(pixels) == 0:
            empty.append(position)
        bits[position] = imagehash.phash(Image.fromarray(pixels), hash_size=HASH_SIDE).hash.ravel()
    if unreadable:
        raise StudyError(
            f"{len(unreadable)} of {len(images)} images are unreadable, the first is "
            f"{unreadable[0]}"
        )
    return PixelScan(tuple(empty), np.packbits(bits, axis=1).view(np.uint64))


def near_pairs(scan: PixelScan) -> tuple[tuple[int, int], ...]:
    """Find pairs of images that look alike: at most 20 of 256 bits differ; empty ones are left out.

    Recompression, slight blur and small changes of size or brightness stay below that; of 13
    million pairs of different chest and knee X-rays of 64 x 64 pixels none does.

    Returns
    -------
    tuple of pairs of int
        Positions, the smaller first, in order.

    Notes
    -----
    Costs ``O(n**2)`` time, about 2 ns a pair, and ``O(n)`` memory.
    """
    pairs: list[tuple[int, int]] = []
    for position in range(len(scan.hashes) - 1):
        rest = scan.hashes[position + 1 :]
        distance = np.bitwise_count(rest ^ scan.hashes[position]).sum(axis=1, dtype=np.int64)
        pairs += [
            (position, position + 1 + int(k)) for k in np.flatnonzero(distance <= MAX_DISTANCE)
        ]
    empty = set(scan.empty)
    return tuple(pair for pair in pairs if not empty & set(pair))
