"""Find the reader of a dataset, read it, and check what came."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from collect.configuration.sections import LAYOUTS, DatasetConfig
from collect.data.images import ImageSet
from collect.data.sampling import stratified_sample
from collect.datasets.catalogue import named_dataset
from collect.datasets.demo import read_demo
from collect.datasets.labelled import check_labels
from collect.datasets.manifest import read_manifest
from collect.datasets.medmnist import read_medmnist
from collect.datasets.npz import read_npz
from warehouse.errors import StudyError


def load(config: DatasetConfig) -> ImageSet:
    """Read a dataset as its section of the study says.

    Parameters
    ----------
    config : DatasetConfig
        Path or demo name, reader, task, label column; ``max_images`` takes a stratified part.

    Returns
    -------
    ImageSet
        Checked: as many labels as images, every label in the classes.

    Raises
    ------
    StudyError
        One line that names the file and what is wrong with it.
    """
    images = _read(config)
    images = replace(images, name=config.name, task=config.task or images.task)
    check_labels(images, config.path or config.name)
    if config.max_images is not None and config.max_images < len(images):
        images = images.take(stratified_sample(images, np.arange(len(images)), config.max_images))
    return images


def _read(config: DatasetConfig) -> ImageSet:
    if config.path is None:
        return read_demo(config.name)
    path = Path(config.path)
    reader = config.reader or ("npz" if path.suffix == ".npz" else "manifest")
    known = None if reader in LAYOUTS else named_dataset(reader)
    if not path.exists():
        origin = f"; it comes from {known.source}, see `repdrift collect datasets`" if known else ""
        raise StudyError(f"{path}: no such file or folder (dataset {config.name}){origin}")
    if known is not None:
        return known.read(path)
    if reader == "medmnist":
        return read_medmnist(path)
    if reader == "npz":
        return read_npz(path, name=config.name, labels=config.labels, task=config.task)
    column = "label" if config.labels == "labels" else config.labels
    return read_manifest(path, name=config.name, labels=column, task=config.task)
