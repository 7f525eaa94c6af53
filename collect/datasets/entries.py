"""Image files with what a dataset's own tables say about them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collect.configuration.sections import Task
from collect.data.images import Images, ImageSet
from collect.datasets.encoded import ImageFiles
from warehouse.errors import StudyError


@dataclass(frozen=True)
class Entry:
    """One image of a dataset.

    Parameters
    ----------
    sample_id : str
        Stable, unique name: the path below the dataset's folder.
    label : int or tuple of int
        Class number, or 0 and 1 per label.
    group : str, optional
        Patient, lesion, slide or examination.
    split : str, optional
        ``train``, ``validation`` or ``test`` as the dataset came.
    """

    sample_id: str
    label: int | tuple[int, ...]
    group: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Described:
    """What every image of a dataset has in common."""

    name: str
    task: Task
    class_names: tuple[str, ...]


def image_set(
    described: Described, entries: Sequence[Entry], root: Path, images: Images | None = None
) -> ImageSet:
    """Build an image set from entries.

    Parameters
    ----------
    described : Described
        Name, task and classes.
    entries : sequence of Entry
        In the order of the images.
    root : Path
        Folder below which the sample ids are paths.
    images : Images, optional
        Pixels, where they are not files of their own.

    Raises
    ------
    StudyError
        If nothing is listed, or listed files are missing; the message counts them.
    """
    if not entries:
        raise StudyError(f"{root}: no image of {described.name} found")
    paths = tuple(root / entry.sample_id for entry in entries)
    if images is None:
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise StudyError(
                f"{root}: {len(missing)} of {len(paths)} listed images are missing, the first is "
                f"{missing[0]}"
            )
    return ImageSet(
        name=described.name,
        task=described.task,
        images=ImageFiles(paths) if images is None else images,
        labels=np.array([entry.label for entry in entries], dtype=np.int64),
        sample_ids=tuple(entry.sample_id for entry in entries),
        class_names=described.class_names,
        groups=_strings([entry.group for entry in entries]),
        official_split=_strings([entry.split for entry in entries]),
    )


def table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a CSV that comes with a dataset; ``columns`` have to be there.

    Raises
    ------
    StudyError
        If the file or a column is missing.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; see `repdrift collect datasets`") from error
    absent = [column for column in columns if column not in (reader.fieldnames or ())]
    if absent:
        raise StudyError(f"{path}: column {absent[0]} is missing")
    return rows


def one_hot(row: Mapping[str, str], class_names: Sequence[str], where: str) -> int:
    """Class number of a row with a 1 in the column of its class.

    Raises
    ------
    StudyError
        If no column, or more than one, is 1.
    """
    chosen = [number for number, name in enumerate(class_names) if float(row[name]) == 1]
    if len(chosen) != 1:
        raise StudyError(f"{where}: {len(chosen)} classes are marked, one is expected")
    return chosen[0]


def _strings(values: Sequence[str | None]) -> NDArray[np.str_] | None:
    if any(value is None for value in values):
        return None
    return np.array(values, dtype=np.str_)
