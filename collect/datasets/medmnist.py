"""MedMNIST's own files: what they leave out (task, class names) is in the package ``medmnist``."""

from dataclasses import replace
from pathlib import Path

from collect.configuration.sections import Task
from collect.data.images import ImageSet
from collect.datasets.npz import read_npz
from warehouse.errors import StudyError

TASKS: dict[str, Task] = {
    "binary-class": "binary",
    "multi-class": "multiclass",
    "ordinal-regression": "ordinal",
    "multi-label, binary-class": "multilabel",
}


def read_medmnist(path: Path) -> ImageSet:
    """Read ``pneumoniamnist.npz``, ``dermamnist_64.npz`` ... as ``medmnist`` downloads them.

    The files have no patients: their splits are by patient where the origin knew them, but folds
    made here keep together only images that look alike.

    Raises
    ------
    StudyError
        If ``medmnist`` is not installed, the file is none of its 2-D sets, or splits are not
        complete.
    """
    try:
        from medmnist.info import INFO
    except ImportError as error:
        raise StudyError(f"{path}: its labels need `pip install medmnist`") from error
    name = path.stem.partition("_")[0]
    if name not in INFO or name.endswith("3d"):
        raise StudyError(f"{path}: {name!r} is none of MedMNIST's 2-D sets")
    about = INFO[name]
    task = TASKS[about["task"]]
    images = read_npz(path, name=name, task=task)
    expected = sum(about["n_samples"].values())
    if len(images) != expected:
        raise StudyError(f"{path}: {len(images)} images, MedMNIST's has {expected}")
    class_names = tuple(about["label"][str(number)] for number in range(len(about["label"])))
    return replace(images, class_names=class_names)
