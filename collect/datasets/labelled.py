"""What labels mean, and whether they lie in the classes."""

import numpy as np
from numpy.typing import NDArray

from collect.configuration.sections import Task
from collect.data.images import ImageSet
from warehouse.errors import StudyError


def guessed_task(labels: NDArray[np.int64]) -> Task:
    """Guess the task from labels of shape (n, 1), class numbers, or (n, n_labels), multi-hot.

    Ordinal classes look like any others: say ``task = "ordinal"`` in the study.
    """
    if labels.shape[1] > 1:
        return "multilabel"
    return "binary" if labels.max() <= 1 else "multiclass"


def check_labels(images: ImageSet, where: str) -> None:
    """Refuse labels that no class has, and tasks that the labels do not fit.

    Parameters
    ----------
    images : ImageSet
        What was read.
    where : str
        File or folder that the message names.

    Raises
    ------
    StudyError
        With the number of offending labels and the first of them.
    """
    if len(images) == 0:
        raise StudyError(f"{where}: holds no images")
    is_multi_hot = images.labels.ndim == 2
    if is_multi_hot != (images.task == "multilabel"):
        shape = images.labels.shape
        raise StudyError(f"{where}: labels of shape {shape} do not fit the task {images.task}")
    if images.task == "binary" and images.n_classes != 2:
        raise StudyError(f"{where}: the task is binary, but there are {images.n_classes} classes")
    if is_multi_hot and images.labels.shape[1] != images.n_classes:
        n_labels = images.labels.shape[1]
        raise StudyError(f"{where}: {n_labels} labels an image, but {images.n_classes} class names")
    largest = 1 if is_multi_hot else images.n_classes - 1
    outside = (images.labels < 0) | (images.labels > largest)
    if outside.any():
        first = np.argwhere(outside)[0]
        raise StudyError(
            f"{where}: {int(outside.sum())} labels lie outside 0 to {largest}, the first is "
            f"{images.labels[tuple(first)]} at {images.sample_ids[first[0]]}"
        )
