"""Choosing images without a seed: a fixed, stratified part of a dataset."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from collect.data.images import ImageSet

Indices = NDArray[np.int64]


def stratified_sample(images: ImageSet, indices: Indices, n: int) -> Indices:
    """Choose ``n`` of the images at ``indices``, each class in its share; all if there are fewer.

    Images are taken in the order of the SHA-256 of their sample ids, so a larger sample of the
    same images nearly contains a smaller one, and no seed is needed.

    Parameters
    ----------
    images : ImageSet
        The dataset.
    indices : ndarray
        int64 positions to choose from.
    n : int
        How many.

    Returns
    -------
    ndarray
        int64 positions in ``images``, sorted.
    """
    if n >= len(indices):
        return np.sort(indices)
    hashes = [hashlib.sha256(images.sample_ids[index].encode()).digest() for index in indices]
    shuffled = indices[np.argsort(np.array(hashes, dtype="S32"), kind="stable")]
    strata = _strata(images.labels[shuffled])
    # Position of each image within its class, as a fraction: the n smallest are the class shares.
    rank = np.empty(len(shuffled))
    by_class = np.argsort(strata, kind="stable")
    for members in np.split(by_class, np.flatnonzero(np.diff(strata[by_class])) + 1):
        rank[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.sort(shuffled[np.argsort(rank, kind="stable")[:n]])


def _strata(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Class of each image; of several labels the rarest, without any a class of its own."""
    if labels.ndim == 1:
        return labels
    rarity = np.where(labels == 1, labels.sum(axis=0), len(labels) + 1)
    strata: NDArray[np.int64] = np.where(labels.any(axis=1), rarity.argmin(axis=1), labels.shape[1])
    return strata
