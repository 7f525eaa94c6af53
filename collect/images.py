"""Labelled images, as every dataset reader returns them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self, overload

import numpy as np
from numpy.typing import NDArray

from collect.sections import Task


class Images(Protocol):
    """Images by position: an array, or a sequence that decodes on access."""

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, index: int, /) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: NDArray[np.int64], /) -> "Images": ...
    def __getitem__(self, index: int | NDArray[np.int64], /) -> "NDArray[np.uint8] | Images":
        """Image (height, width) or (height, width, 3) at a position, or the images at several."""
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

    @property
    def n_classes(self) -> int:
        """Number of classes, or of labels: the outputs that a head needs."""
        return len(self.class_names)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of images, labels, groups and ids: the same data give the same hash anywhere."""
        digest = hashlib.sha256()
        for position in range(len(self)):
            image = np.ascontiguousarray(self.images[position])
            digest.update(repr(image.shape).encode())
            digest.update(image.tobytes())
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
