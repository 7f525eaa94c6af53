"""The source probe: natural images on which k-NN quality is evaluated, the same for every run."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from collect.images import ImageSet
from collect.splits import linked_groups, stratified_parts
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


def stratified_sample(images: ImageSet, indices: Indices, n: int) -> Indices:
    """Choose ``n`` of the images at ``indices``, each class in its share; all if there are fewer.

    Images are taken in the order of the SHA-256 of their sample ids, so a larger sample of the
    same images nearly contains a smaller one, and no seed is needed.

    Returns
    -------
    ndarray
        int64 positions in ``images``, sorted.
    """
    if n >= len(indices):
        return np.sort(indices)
    hashes = [hashlib.sha256(images.sample_ids[index].encode()).digest() for index in indices]
    shuffled = indices[np.argsort(np.array(hashes, dtype="S32"), kind="stable")]
    membership = images.class_membership[shuffled]
    # The rarest class of an image decides; an image without any label is a class of its own.
    rarity = np.where(membership, membership.sum(axis=0), len(shuffled) + 1)
    stratum = np.where(membership.any(axis=1), rarity.argmin(axis=1), membership.shape[1])
    # Position of each image within its class, as a fraction: the n smallest are the class shares.
    rank = np.empty(len(shuffled))
    for number in np.unique(stratum):
        members = np.flatnonzero(stratum == number)
        rank[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.sort(shuffled[np.argsort(rank, kind="stable")[:n]])


def _sides(images: ImageSet, share: float) -> tuple[Indices, Indices]:
    official = images.official_split
    if official is not None and np.any(official == "train"):
        for name in ("test", "validation"):
            if np.any(official == name):
                return np.flatnonzero(official == "train"), np.flatnonzero(official == name)
    part = stratified_parts(images.class_membership, linked_groups(images), [1 - share, share])
    return np.flatnonzero(part == 0), np.flatnonzero(part == 1)
