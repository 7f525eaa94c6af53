"""Labelled images, as every dataset reader returns them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from collect.configuration.sections import Task
from collect.data.pixel_scan import PixelScan, near_pairs, scan_pixels


class Images(Protocol):
    """Images by position: an array, or a sequence that decodes on access."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any:  # noqa: ANN401  (ndarray's own overloads)
        """Image at a position (uint8), or for an array of positions the images there."""
        ...


@runtime_checkable
class Encoded(Images, Protocol):
    """Images that are decoded on access, and can be hashed without."""

    def digest(self, index: int) -> bytes:
        """SHA-256 of the encoded image at a position."""
        ...


@dataclass(frozen=True)
class ImageSet:
    """Labelled images with what is known about them.

    Parameters
    ----------
    name : str
        Name of the dataset in the warehouse.
    task : {"binary", "multiclass", "ordinal", "multilabel"}
        What the labels mean.
    images : Images of length n
        uint8, each (height, width) gray or (height, width, 3) RGB; sizes may differ when decoded
        on access.
    labels : ndarray of shape (n,) or (n, n_labels)
        int64 class numbers from 0, or for ``multilabel`` 0 or 1 per label.
    sample_ids : tuple of str
        Unique, stable names of the images.
    class_names : tuple of str
        Names of the classes, or of the labels.
    groups : ndarray of shape (n,), optional
        Images of one patient, lesion or slide block share a value; None where nothing is known.
    official_split : ndarray of shape (n,), optional
        ``train``, ``validation`` or ``test`` where the data came split.
    """

    name: str
    task: Task
    images: Images
    labels: NDArray[np.int64]
    sample_ids: tuple[str, ...]
    class_names: tuple[str, ...]
    groups: NDArray[np.str_] | None = None
    official_split: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        counts = {
            "images": len(self.images),
            "labels": len(self.labels),
            "sample ids": len(self.sample_ids),
        }
        if self.groups is not None:
            counts["groups"] = len(self.groups)
        if len(set(counts.values())) > 1:
            listed = ", ".join(f"{n} {what}" for what, n in counts.items())
            raise ValueError(f"{self.name}: {listed}: not the same images")

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def class_membership(self) -> NDArray[np.bool_]:
        """Whether image i has class j, of shape (n, n_classes); several columns if multi-label."""
        if self.labels.ndim == 2:
            return self.labels.astype(np.bool_)
        has_class: NDArray[np.bool_] = self.labels[:, None] == np.arange(self.n_classes)
        return has_class

    @property
    def n_classes(self) -> int:
        """Number of classes, or of labels: the outputs that a head needs."""
        return len(self.class_names)

    @cached_property
    def digests(self) -> tuple[bytes, ...]:
        """SHA-256 of each image: of its pixels and shape, or of its bytes as long as it is encoded.

        Equal digests mean equal images; equal pixels in two encodings have different digests.
        """
        if isinstance(self.images, Encoded):
            return tuple(self.images.digest(position) for position in range(len(self)))
        return tuple(_digest(self.images[position]) for position in range(len(self)))

    @cached_property
    def scan(self) -> PixelScan:
        """Empty images and perceptual hashes; decodes every image once.

        Raises StudyError if images cannot be decoded.
        """
        return scan_pixels(self.images)

    @cached_property
    def look_alikes(self) -> tuple[tuple[int, int], ...]:
        """Pairs of positions of images that look alike, identical ones among them."""
        return near_pairs(self.scan)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of images, labels, groups and ids: the same data give the same hash anywhere."""
        digest = hashlib.sha256(b"".join(self.digests))
        digest.update(np.ascontiguousarray(self.labels).tobytes())
        described = (self.sample_ids, self.class_names, _listed(self.groups))
        digest.update(repr((*described, _listed(self.official_split))).encode())
        return digest.hexdigest()

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> Self:
        """Return the images at these positions, in this order, as a set of their own."""
        chosen = np.asarray(indices, dtype=np.int64)
        return replace(
            self,
            images=self.images[chosen],
            labels=self.labels[chosen],
            sample_ids=tuple(self.sample_ids[index] for index in chosen),
            groups=None if self.groups is None else self.groups[chosen],
            official_split=None if self.official_split is None else self.official_split[chosen],
        )


def _listed(values: NDArray[np.str_] | None) -> list[str] | None:
    return None if values is None else values.tolist()


def _digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(
        repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()
    ).digest()
