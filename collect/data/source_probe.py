"""The source probe: natural images on which k-NN quality is evaluated, the same for every run."""

import numpy as np
from numpy.typing import NDArray

from collect.data.images import ImageSet
from collect.data.sampling import stratified_sample
from collect.data.splits import linked_groups, stratified_parts
from warehouse.errors import StudyError

Indices = NDArray[np.int64]


def source_positions(images: ImageSet, *, n_bank: int, n_queries: int) -> tuple[Indices, Indices]:
    """Choose a labelled bank and queries, stratified by class; they share no image and no group.

    Where the data come split, the bank is taken from the training images and the queries from the
    test images (else the validation images), as DINO does with ImageNet; elsewhere whole groups go
    to one side or the other. The choice depends on the images alone: no seed.

    Parameters
    ----------
    images : ImageSet
        The source dataset.
    n_bank, n_queries : int
        How many images to choose.

    Returns
    -------
    bank, queries : ndarray
        int64 positions in ``images``, sorted.

    Raises
    ------
    StudyError
        If there are not that many.
    """
    for_bank, for_queries = _sides(images, n_queries / (n_bank + n_queries))
    for what, side, n in (("bank", for_bank, n_bank), ("queries", for_queries, n_queries)):
        if len(side) < n:
            raise StudyError(
                f"source {images.name}: n_{what} = {n}, but only {len(side)} of its {len(images)} "
                "images are on that side"
            )
    return (
        stratified_sample(images, for_bank, n_bank),
        stratified_sample(images, for_queries, n_queries),
    )


def _sides(images: ImageSet, share: float) -> tuple[Indices, Indices]:
    official = images.official_split
    if official is not None and np.any(official == "train"):
        for name in ("test", "validation"):
            if np.any(official == name):
                return np.flatnonzero(official == "train"), np.flatnonzero(official == name)
    part = stratified_parts(images.class_membership, linked_groups(images), [1 - share, share])
    return np.flatnonzero(part == 0), np.flatnonzero(part == 1)
