"""What would make the scores of a study mean something else: looked for before training.

A finding either stops the study or is only noted. Patients across train and test, identical
or near-identical images across them, an image under two labels, an empty image or a missing class
stop it; what the split already takes care of is noted.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collect.data.images import ImageSet
from collect.data.splits import Split
from warehouse.errors import StudyError

N_EXAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """One kind of problem of a dataset.

    Parameters
    ----------
    dataset : str
        Name of the dataset.
    problem : str
        What is wrong, in the plural: ``patients in both train and test``.
    n : int
        How many.
    examples : tuple of str
        Up to three of them.
    stops : bool
        Whether the study stops unless the leakage is accepted.
    """

    dataset: str
    problem: str
    n: int
    examples: tuple[str, ...]
    stops: bool

    def __str__(self) -> str:
        return f"{self.dataset}: {self.n} {self.problem} ({'; '.join(self.examples)})"


def inspect(images: ImageSet, splits: Mapping[str, Split]) -> list[Finding]:
    """Look for leakage, contradictions and holes.

    Parameters
    ----------
    images : ImageSet
        A dataset.
    splits : mapping of str to Split
        Every split that the study uses, by name (``fold 1`` ...).

    Returns
    -------
    list of Finding
        Those that stop first.

    Raises
    ------
    StudyError
        If images cannot be decoded.

    Notes
    -----
    Decodes every image once, and compares every pair's perceptual hashes.
    """
    findings = [
        *_empty_images(images),
        *_identical_images(images),
        *_near_duplicates(images, splits),
        *_across_parts(images, splits),
        *_missing_classes(images, splits),
    ]
    return sorted(findings, key=lambda finding: not finding.stops)


def require_clean(findings: Sequence[Finding], accepted: str | None) -> str | None:
    """Stop on what may not be ignored.

    Parameters
    ----------
    findings : sequence of Finding
        What :func:`inspect` found.
    accepted : str, optional
        Reason to go on.

    Returns
    -------
    str or None
        The reason, to be written into the runs; None if there was nothing to accept.

    Raises
    ------
    StudyError
        If something stops the study and no reason was given.
    """
    stopping = [finding for finding in findings if finding.stops]
    if not stopping:
        return None
    if not accepted:
        others = f" and {len(stopping) - 1} more findings" if len(stopping) > 1 else ""
        raise StudyError(
            f"{stopping[0]}{others}: mend the data, or go on with --accept-leakage REASON"
        )
    return accepted


def _identical_images(images: ImageSet) -> Iterator[Finding]:
    same: dict[bytes, list[int]] = defaultdict(list)
    for position, digest in enumerate(images.digests):
        same[digest].append(position)
    repeated = [positions for positions in same.values() if len(positions) > 1]
    contradicting = [p for p in repeated if len(np.unique(images.labels[p], axis=0)) > 1]
    if contradicting:
        yield _finding(
            images, "identical images under two labels", _sets(images, contradicting), stops=True
        )
    if repeated:
        problem = "sets of identical images, each kept in one part of a split"
        yield _finding(images, problem, _sets(images, repeated), stops=False)
    if images.groups is not None:
        strangers = [p for p in repeated if len(np.unique(images.groups[p])) > 1]
        if strangers:
            problem = "identical images under two patients, who are kept in one part of a split"
            yield _finding(images, problem, _sets(images, strangers), stops=False)


def _empty_images(images: ImageSet) -> Iterator[Finding]:
    empty = images.scan.empty
    if empty:
        yield _finding(images, "empty images, of one colour", _ids(images, empty), stops=True)


def _near_duplicates(images: ImageSet, splits: Mapping[str, Split]) -> Iterator[Finding]:
    """Pairs that look alike: across a boundary they stop; elsewhere they do no harm.

    Identical images are another finding.
    """
    pairs = [
        (one, other)
        for one, other in images.look_alikes
        if images.digests[one] != images.digests[other]
    ]
    part = np.zeros((len(splits), len(images)), dtype=np.int64)
    for row, split in zip(part, splits.values(), strict=True):
        row[split.validation], row[split.test] = 1, 2
    across = [pair for pair in pairs if (part[:, pair[0]] != part[:, pair[1]]).any()]
    if across:
        problem = "pairs of images that look alike, in different parts of a split"
        yield _finding(images, problem, _sets(images, across, " ~ "), stops=True)
    if len(pairs) > len(across):
        within = [pair for pair in pairs if pair not in set(across)]
        problem = "pairs of images that look alike, each kept in one part of a split"
        yield _finding(images, problem, _sets(images, within, " ~ "), stops=False)
    contradicting = [
        (one, other) for one, other in pairs if np.any(images.labels[one] != images.labels[other])
    ]
    if contradicting:
        problem = "pairs of images that look alike under two labels"
        yield _finding(images, problem, _sets(images, contradicting, " ~ "), stops=False)


def _across_parts(images: ImageSet, splits: Mapping[str, Split]) -> Iterator[Finding]:
    """Patients and images on both sides of a boundary; folds have none by construction."""
    keys = {"identical images": np.array(images.digests, dtype="S32")}
    if images.groups is not None:
        keys = {"patients": images.groups, **keys}
    for name, split in splits.items():
        parts = {"train": split.train, "validation": split.validation, "test": split.test}
        for what, key in keys.items():
            for one, other in (("train", "test"), ("validation", "test"), ("train", "validation")):
                shared = np.intersect1d(key[parts[one]], key[parts[other]])
                if len(shared):
                    first = [int(np.flatnonzero(key == value)[0]) for value in shared[:N_EXAMPLES]]
                    examples = (
                        [str(value) for value in shared[:N_EXAMPLES]]
                        if what == "patients"
                        else _ids(images, first)
                    )
                    problem = f"{what} in both {one} and {other} of {name}"
                    yield Finding(images.name, problem, len(shared), tuple(examples), stops=True)


def _missing_classes(images: ImageSet, splits: Mapping[str, Split]) -> Iterator[Finding]:
    """Classes without an image in some part; without a positive, a label's score is undefined."""
    missing = [
        f"{images.class_names[number]} in {part} of {name}"
        for name, split in splits.items()
        for part, indices in (("train", split.train), ("test", split.test))
        for number in np.flatnonzero(~images.class_membership[indices].any(axis=0))
    ]
    if missing:
        is_label = images.task == "multilabel"
        problem = (
            "labels without a positive image, whose scores are left out there"
            if is_label
            else "classes without an image"
        )
        yield _finding(images, problem, missing, stops=not is_label)


def _finding(images: ImageSet, problem: str, cases: Sequence[str], *, stops: bool) -> Finding:
    return Finding(images.name, problem, len(cases), tuple(cases[:N_EXAMPLES]), stops)


def _ids(images: ImageSet, positions: Sequence[int]) -> list[str]:
    return [images.sample_ids[position] for position in positions]


def _sets(images: ImageSet, sets: Sequence[Sequence[int]], sign: str = " = ") -> list[str]:
    return [sign.join(_ids(images, positions)) for positions in sets]
