"""An image folder with a manifest: a CSV of path, label, and optionally group and split."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collect.configuration.sections import Task
from collect.data.images import ImageSet
from collect.datasets.encoded import ImageFiles
from warehouse.errors import StudyError

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
Rows = list[dict[str, str]]


def read_manifest(
    path: Path, *, name: str, labels: str = "label", task: Task | None = None
) -> ImageSet:
    """Read a CSV with one row per image: ``path,label,group,split``.

    Paths are relative to the folder of the CSV. Classes are the sorted distinct labels, in the
    order of their numbers where all are integers; several labels of a multi-label image are
    separated by ``|`` (an empty cell: none). ``group`` names the patient, ``split`` is train,
    validation or test; both columns may be absent.

    Parameters
    ----------
    path : Path
        The CSV, or a folder that holds ``manifest.csv``.
    name : str
        Name of the dataset.
    labels : str
        Column of the labels.
    task : str, optional
        What the labels mean; guessed if absent.

    Raises
    ------
    StudyError
        If the file is missing, a column or an image is, or a split has an unknown name; the
        message names file and line.
    """
    file = path / "manifest.csv" if path.is_dir() else path
    rows = _rows(file, labels)
    paths = tuple(file.parent / row["path"] for row in rows)
    for line, image in enumerate(paths, start=2):
        if not image.is_file():
            raise StudyError(f"{file}: line {line}: {image}: no such image")
    values = [row[labels] for row in rows]
    is_multilabel = task == "multilabel" or (task is None and any("|" in v for v in values))
    class_names, targets = _multi_hot(values) if is_multilabel else _class_numbers(values)
    guessed: Task = "binary" if len(class_names) == 2 else "multiclass"
    return ImageSet(
        name=name,
        task=task or ("multilabel" if is_multilabel else guessed),
        images=ImageFiles(paths),
        labels=targets,
        sample_ids=tuple(row["path"] for row in rows),
        class_names=class_names,
        groups=np.array([row["group"] for row in rows]) if "group" in rows[0] else None,
        official_split=_splits(file, rows) if "split" in rows[0] else None,
    )


def _rows(file: Path, labels: str) -> Rows:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns, rows = reader.fieldnames or (), list(reader)
    except FileNotFoundError as error:
        raise StudyError(f"{file}: no such manifest") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise StudyError(f"{file}: no readable CSV ({error})") from error
    for column in ("path", labels):
        if column not in columns:
            raise StudyError(f"{file}: column {column} is missing")
    _check_rows(file, rows)
    return rows


def _check_rows(file: Path, rows: Rows) -> None:
    if not rows:
        raise StudyError(f"{file}: lists no images")
    listed: set[str] = set()
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise StudyError(f"{file}: line {line} has not as many cells as the header")
        if row["path"] in listed:
            raise StudyError(f"{file}: line {line}: {row['path']} is listed twice")
        listed.add(row["path"])


def _class_numbers(values: list[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    names = tuple(sorted(set(values), key=_numbers_in_order))
    number = {name: position for position, name in enumerate(names)}
    return names, np.array([number[value] for value in values], dtype=np.int64)


def _multi_hot(values: list[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    chosen = [{label for label in value.split("|") if label} for value in values]
    names = tuple(sorted(set().union(*chosen), key=_numbers_in_order))
    rows = [[int(name in labels) for name in names] for labels in chosen]
    return names, np.array(rows, dtype=np.int64)


def _numbers_in_order(label: str) -> tuple[int, int, str]:
    return (0, int(label), "") if label.isdecimal() else (1, 0, label)


def _splits(file: Path, rows: Rows) -> NDArray[np.str_]:
    for line, row in enumerate(rows, start=2):
        if row["split"].lower() not in SPLITS:
            raise StudyError(
                f"{file}: line {line}: split {row['split']!r} is none of {', '.join(SPLITS)}"
            )
    return np.array([SPLITS[row["split"].lower()] for row in rows])
