"""Which images train, which select a checkpoint, and which are reported on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from collect.configuration.sections import DatasetConfig
from collect.data.images import ImageSet
from warehouse.errors import StudyError

Indices = NDArray[np.int64]
# Folds belong to the data, not to a run: every network and seed sees the same ones.
FOLD_SEED = 0


@dataclass(frozen=True)
class Split:
    """Positions of the images of each part; no image is in two.

    Parameters
    ----------
    train, validation, test : ndarray
        int64 positions, sorted. ``validation`` selects the checkpoint, ``test`` selects nothing.
    content_hash : str
        SHA-256 of the sample ids of the three parts.
    """

    train: Indices
    validation: Indices
    test: Indices
    content_hash: str

    def __post_init__(self) -> None:
        everything = np.concatenate([self.train, self.validation, self.test])
        if len(np.unique(everything)) < len(everything):
            raise ValueError("an image is in two parts of the split: scores would not be held out")

    @classmethod
    def of(cls, images: ImageSet, *, train: Indices, validation: Indices, test: Indices) -> Self:
        """Sort the positions and hash the sample ids."""
        train, validation, test = np.sort(train), np.sort(validation), np.sort(test)
        parts = (train, validation, test)
        ids = [[images.sample_ids[position] for position in part] for part in parts]
        return cls(train, validation, test, hashlib.sha256(repr(ids).encode()).hexdigest())


def split_of(
    images: ImageSet, config: DatasetConfig, *, fold: int | None, n_folds: int | None
) -> Split:
    """Return the split of one run.

    Parameters
    ----------
    images : ImageSet
        The dataset.
    config : DatasetConfig
        How to split (``split``, ``validation_fraction``, ``test_fraction``).
    fold : int, optional
        Held-out fold from 1 to ``n_folds``; None unless ``config.split`` is ``folds``.
    n_folds : int, optional
        Number of folds.

    Raises
    ------
    StudyError
        If the data cannot be split so: too few groups, no official test part.
    """
    if config.split == "official":
        return _official(images, config)
    if config.split == "holdout":
        test = _some_of(images.class_membership, linked_groups(images), config.test_fraction)
    elif fold is None or n_folds is None:
        raise ValueError("a split by folds needs the fold and the number of folds")
    else:
        test = np.flatnonzero(fold_numbers(images, n_folds) == fold)
    rest = np.setdiff1d(np.arange(len(images)), test)
    return _with_validation(images, rest, test, config.validation_fraction)


def fold_numbers(images: ImageSet, n_folds: int) -> Indices:
    """Assign each image a fold from 1 to ``n_folds``: whole groups, every class shared out evenly.

    Raises
    ------
    StudyError
        If there are fewer groups than folds.
    """
    groups = linked_groups(images)
    n_groups = int(groups.max()) + 1
    if n_groups < n_folds:
        raise StudyError(f"{images.name}: {n_groups} groups cannot make {n_folds} folds")
    return 1 + stratified_parts(images.class_membership, groups, [1 / n_folds] * n_folds)


def linked_groups(images: ImageSet) -> Indices:
    """Return the number of the set of images with which each image has to stay.

    Images of one patient stay together, and so do images that look alike: a patient who occurs
    under two ids, or whom the data do not name, shows in them.

    Returns
    -------
    ndarray of shape (n,)
        Group numbers from 0.
    """
    n = len(images)
    group = (
        np.arange(n) if images.groups is None else np.unique(images.groups, return_inverse=True)[1]
    )
    one, other = np.array(images.look_alikes, dtype=np.int64).reshape(-1, 2).T
    n_groups = int(group.max()) + 1
    links = coo_array((np.ones(len(one)), (group[one], group[other])), shape=(n_groups, n_groups))
    component = connected_components(links, directed=False)[1][group]
    return np.unique(component, return_inverse=True)[1].astype(np.int64)


def _official(images: ImageSet, config: DatasetConfig) -> Split:
    if images.official_split is None:
        raise StudyError(f"{images.name}: comes without a split; use split = 'folds' or 'holdout'")
    part = {
        name: np.flatnonzero(images.official_split == name)
        for name in ("train", "validation", "test")
    }
    for name in ("train", "test"):
        if not len(part[name]):
            raise StudyError(f"{images.name}: the official split has no {name} images")
    if not len(part["validation"]):
        return _with_validation(images, part["train"], part["test"], config.validation_fraction)
    return Split.of(images, **part)


def _with_validation(images: ImageSet, rest: Indices, test: Indices, fraction: float) -> Split:
    """Hold back a share of what is left for training, whole groups."""
    _, groups = np.unique(linked_groups(images)[rest], return_inverse=True)
    validation = rest[_some_of(images.class_membership[rest], groups, fraction)]
    train = np.setdiff1d(rest, validation)
    if not len(train) or not len(validation):
        raise StudyError(f"{images.name}: too few groups for training and validation")
    return Split.of(images, train=train, validation=validation, test=test)


def stratified_parts(
    membership: NDArray[np.bool_], groups: Indices, shares: Sequence[float]
) -> Indices:
    r"""Share out whole groups so that each part has its share of every class.

    Groups are taken one after another, those that hold much of a class first, and each goes to the
    part :math:`b` where it increases the imbalance
    :math:`\sum_{bc} l_{bc}^2 / s_b` least; :math:`l_{bc}` is the fraction of class :math:`c` that
    part :math:`b` holds and :math:`s_b` its share. With one image a group and one class an image
    this is stratified sampling; with several labels an image it is close to [1]_. Unlike
    scikit-learn's ``StratifiedGroupKFold``, a class counts as much when it is rare.

    Parameters
    ----------
    membership : ndarray of shape (n, n_classes)
        Whether an image has a class.
    groups : ndarray of shape (n,)
        Group numbers from 0.
    shares : sequence of float
        Share of each part, in (0, 1), adding up to 1.

    Returns
    -------
    ndarray of shape (n,)
        Part of each image, from 0; no part is empty if there are groups enough. The same input
        gives the same parts.

    Notes
    -----
    Costs ``O(n_groups * n_classes * n_parts)`` time.

    References
    ----------
    .. [1] Sechidis, Tsoumakas, Vlahavas (2011), "On the Stratification of Multi-Label Data", ECML.
    """
    # The last column balances the number of images, those without any class included.
    columns = np.column_stack([membership, np.ones(len(membership), dtype=np.bool_)])
    weights = np.zeros((int(groups.max()) + 1, columns.shape[1]))
    np.add.at(weights, groups, columns)
    weights /= np.maximum(columns.sum(axis=0), 1)
    order = np.random.default_rng(FOLD_SEED).permutation(len(weights))
    order = order[np.argsort(-(weights[order] ** 2).sum(axis=1), kind="stable")]
    share = np.asarray(shares)
    held = np.zeros((len(share), columns.shape[1]))
    part = np.zeros(len(weights), dtype=np.int64)
    for group in order:
        weight = weights[group]
        part[group] = np.argmin((2 * held @ weight + weight @ weight) / share)
        held[part[group]] += weight
    return _none_empty(part, order, len(share))[groups]


def _none_empty(part: Indices, order: Indices, n_parts: int) -> Indices:
    """Give a part without groups the lightest group of the part that has most, if it has two."""
    for empty in range(n_parts):
        sizes = np.bincount(part, minlength=n_parts)
        if sizes[empty] == 0 and sizes.max() > 1:
            part[order[part[order] == sizes.argmax()][-1]] = empty
    return part


def _some_of(membership: NDArray[np.bool_], groups: Indices, share: float) -> Indices:
    return np.flatnonzero(stratified_parts(membership, groups, [1 - share, share]) == 1)
