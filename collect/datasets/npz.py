"""NPZ files in the MedMNIST layout, with pixels or with JPEG bytes."""

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collect.configuration.sections import Task
from collect.data.images import Images, ImageSet
from collect.datasets.encoded import EncodedImages
from collect.datasets.labelled import guessed_task
from warehouse.errors import StudyError

Arrays = dict[str, NDArray[np.generic]]
SPLITS = {"train": "train", "val": "validation", "test": "test"}
GROUPS = ("patients", "groups")


def read_npz(
    path: Path, *, name: str, labels: str = "labels", task: Task | None = None
) -> ImageSet:
    """Read every split of an NPZ in the MedMNIST layout as one set.

    The file holds ``{train,val,test}_images`` (uint8, (n, height, width) or (n, height, width, 3)),
    or ``{split}_jpeg`` and ``{split}_offsets``; ``{split}_labels`` ((n, 1) or (n, n_labels)), and
    optionally ``{split}_patients`` or ``{split}_groups`` and ``class_names``. Splits may be absent.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the dataset.
    labels : str
        Label arrays are called ``{split}_{labels}``.
    task : str, optional
        What the labels mean; guessed if absent.

    Raises
    ------
    StudyError
        If the file is missing or unreadable, arrays differ in length, or a label lies outside the
        classes; the message names file and array.
    """
    arrays = _arrays(path)
    splits = [split for split in SPLITS if f"{split}_{labels}" in arrays]
    if not splits:
        raise StudyError(f"{path}: holds no train_{labels}, val_{labels} or test_{labels}")
    for split in splits:
        _check_lengths(path, arrays, split, labels)
    targets = np.concatenate([_integers(path, arrays, f"{split}_{labels}") for split in splits])
    counts = [len(arrays[f"{split}_{labels}"]) for split in splits]
    task = task or guessed_task(targets)
    return ImageSet(
        name=name,
        task=task,
        images=_images(path, arrays, splits, counts),
        labels=targets if task == "multilabel" else targets.reshape(len(targets)),
        sample_ids=tuple(
            f"{split}/{position:06d}"
            for split, count in zip(splits, counts, strict=True)
            for position in range(count)
        ),
        class_names=_class_names(arrays, targets, labels, task),
        groups=_groups(arrays, splits),
        official_split=np.repeat([SPLITS[split] for split in splits], counts),
    )


def _arrays(path: Path) -> Arrays:
    try:
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise StudyError(f"{path}: no NPZ file (no zip archive, or one that breaks off)")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as file:
                members = {key: file[key] for key in file.files}
    except FileNotFoundError as error:
        raise StudyError(f"{path}: no such file") from error
    except (OSError, ValueError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise StudyError(f"{path}: no readable NPZ of plain arrays ({error})") from error
    return {key: array for key, array in members.items() if isinstance(array, np.ndarray)}


def _check_lengths(path: Path, arrays: Arrays, split: str, labels: str) -> None:
    n_labels = len(arrays[f"{split}_{labels}"])
    if f"{split}_offsets" in arrays:
        counts = {f"{split}_offsets": len(arrays[f"{split}_offsets"]) - 1}
    elif f"{split}_images" in arrays:
        counts = {f"{split}_images": len(arrays[f"{split}_images"])}
    else:
        raise StudyError(f"{path}: {split}_images is missing")
    for kind in GROUPS:
        if f"{split}_{kind}" in arrays:
            counts[f"{split}_{kind}"] = len(arrays[f"{split}_{kind}"])
    for array, count in counts.items():
        if count != n_labels:
            raise StudyError(
                f"{path}: {array} has {count} entries and {split}_{labels} has {n_labels}: "
                "not the same images"
            )


def _integers(path: Path, arrays: Arrays, key: str) -> NDArray[np.int64]:
    array = arrays[key]
    if array.dtype.kind not in "iub" or array.ndim not in (1, 2):
        raise StudyError(
            f"{path}: {key} is {array.dtype} of shape {array.shape}; class numbers (n, 1) or 0 and "
            "1 per label (n, n_labels) are needed"
        )
    return array.astype(np.int64).reshape(len(array), -1)


def _images(path: Path, arrays: Arrays, splits: list[str], counts: list[int]) -> Images:
    if f"{splits[0]}_offsets" in arrays:
        return _jpegs(path, arrays, splits, counts)
    parts = [arrays[f"{split}_images"] for split in splits]
    for split, part in zip(splits, parts, strict=True):
        is_image = part.ndim == 3 or (part.ndim == 4 and part.shape[-1] == 3)
        if part.dtype != np.uint8 or not is_image or part.shape[1:] != parts[0].shape[1:]:
            raise StudyError(
                f"{path}: {split}_images is {part.dtype} of shape {part.shape}; uint8 of shape "
                "(n, height, width) or (n, height, width, 3), the same in all splits, is needed"
            )
    pixels: NDArray[np.uint8] = np.concatenate(parts).astype(np.uint8, copy=False)
    return pixels


def _jpegs(path: Path, arrays: Arrays, splits: list[str], counts: list[int]) -> EncodedImages:
    contents, starts, stops, begin = [], [], [], 0
    for split in splits:
        content = arrays[f"{split}_jpeg"].astype(np.uint8, copy=False)
        offsets = arrays[f"{split}_offsets"].astype(np.int64)
        if np.any(np.diff(offsets) < 0) or offsets[0] < 0 or offsets[-1] > len(content):
            raise StudyError(f"{path}: {split}_offsets do not lie in {split}_jpeg in order")
        contents.append(content)
        starts.append(offsets[:-1] + begin)
        stops.append(offsets[1:] + begin)
        begin += len(content)
    names = tuple(
        f"{path}: image {position} of {split}_jpeg"
        for split, count in zip(splits, counts, strict=True)
        for position in range(count)
    )
    return EncodedImages(
        np.concatenate(contents), np.concatenate(starts), np.concatenate(stops), names
    )


def _groups(arrays: Arrays, splits: list[str]) -> NDArray[np.str_] | None:
    for kind in GROUPS:
        if all(f"{split}_{kind}" in arrays for split in splits):
            parts = [arrays[f"{split}_{kind}"].ravel() for split in splits]
            return np.concatenate(parts).astype(np.str_)
    return None


def _class_names(
    arrays: Arrays, targets: NDArray[np.int64], labels: str, task: Task
) -> tuple[str, ...]:
    key = "class_names" if labels == "labels" else f"{labels}_class_names"
    if key in arrays:
        return tuple(str(name) for name in arrays[key])
    n_classes = targets.shape[1] if task == "multilabel" else int(targets.max()) + 1
    return tuple(str(number) for number in range(max(n_classes, 2)))
