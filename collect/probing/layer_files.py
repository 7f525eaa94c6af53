"""Activations that somebody saved without repdrift, compared as those of a run are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from collect.backbones.weights import read_state_dict
from collect.measures.compare import Comparison, Pairs, defined_comparisons, layer_pairs
from collect.measures.inference import Inference
from collect.measures.representation import MINIMUM_ROWS, positions_as_rows
from collect.probing.layer_rows import by_positions
from collect.probing.measure_names import require_measures
from collect.probing.units import unit_of_image
from warehouse.errors import CollectError

TENSORS = (".safetensors", ".pt", ".pth")
ONLY_LAYER = "layer"  # of a file that names none


def compare_files(
    layers: Path,
    reference: Path,
    *,
    measures: Sequence[str],
    pairs: Pairs = "matching",
    unit_names: Sequence[str] | None = None,
    inference: Inference,
) -> tuple[list[Comparison], list[str]]:
    """Compare the layers of two files.

    Parameters
    ----------
    layers, reference : Path
        As :func:`read_layers` takes them: the same images in the same order.
    measures : sequence of str
        Names in :data:`~collect.measures.registry.MEASURES`.
    pairs : {"matching", "all"}
        Layers of the same name, or all with all.
    unit_names : sequence of str, optional
        Patient of each image.
    inference : Inference
        What to compute beside the values.

    Returns
    -------
    tuple of (list of Comparison, list of str)
        What is defined, and one line for each layer or pair that is not.

    Raises
    ------
    CollectError
        If a measure is unknown, a file is not readable, or the files do not fit together.
    """
    require_measures(measures)
    x, y = read_layers(layers), read_layers(reference)
    n_images = {path: _n_images(path, found) for path, found in ((layers, x), (reference, y))}
    if n_images[layers] != n_images[reference]:
        raise CollectError(
            f"{layers} has {n_images[layers]} images and {reference} has {n_images[reference]}: "
            "not the same images"
        )
    if unit_names is not None and len(unit_names) != n_images[layers]:
        raise CollectError(f"{len(unit_names)} units of {n_images[layers]} images: name each once")
    try:
        layer_pairs(list(x), list(y), pairs)
    except ValueError as error:
        raise CollectError(f"{reference}: {error}; --all-pairs compares other names") from error
    unit = unit_of_image(unit_names, n_images[layers])
    if (n_units := len(torch.unique(unit))) < MINIMUM_ROWS:
        raise CollectError(
            f"{layers} has images of {n_units} units, and similarities need {MINIMUM_ROWS}"
        )
    ours, theirs = ({name: _rows(one) for name, one in found.items()} for found in (x, y))
    found: list[Comparison] = []
    left_out: list[str] = []
    for names, groups in by_positions(ours, unit):
        defined, undefined = defined_comparisons(
            {name: ours[name] for name in names},
            theirs,
            measures=measures,
            pairs=pairs,
            groups=groups,
            inference=inference,
        )
        found += defined
        left_out += undefined
    return found, left_out


def read_layers(path: Path) -> dict[str, Tensor]:
    """Read activations by layer.

    Parameters
    ----------
    path : Path
        ``.npz``, ``.safetensors``, ``.pt`` or ``.pth`` with an array by layer; ``.npy`` with one.
        Arrays are (n_images, n_features), (n_images, n_tokens, n_features) or
        (n_images, n_channels, height, width).

    Raises
    ------
    CollectError
        If the file is missing, damaged, of another kind, or holds anything but such arrays; code
        in it is never executed.
    """
    if not path.is_file():
        raise CollectError(f"{path}: no such file of activations")
    if path.suffix in TENSORS:
        found = dict(read_state_dict(path))
    elif path.suffix in (".npz", ".npy"):
        found = {name: _tensor(path, name, array) for name, array in _arrays(path).items()}
    else:
        raise CollectError(f"{path}: expected .npz, .npy, {', '.join(TENSORS)}")
    if not found:
        raise CollectError(f"{path}: no layers")
    for name, one in found.items():
        if one.ndim not in (2, 3, 4) or one.is_complex():
            raise CollectError(
                f"{path}: {name} has shape {tuple(one.shape)} and dtype {one.dtype}: expected "
                "numbers by (images, features), (images, tokens, features) or (images, channels, "
                "height, width)"
            )
    return found


def read_units(path: Path) -> list[str]:
    """Read the patient of each image from a text file, one per line.

    Raises
    ------
    CollectError
        If the file is missing or no text.
    """
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CollectError(f"{path}: no readable text with a patient per line") from error


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file:  # of a torn archive numpy would leave its own open
            content = np.load(file, allow_pickle=False)
            if isinstance(content, np.ndarray):
                return {ONLY_LAYER: content}
            return {name: content[name] for name in content.files}
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise CollectError(f"{path}: no readable arrays of numbers: {error}") from error


def _tensor(path: Path, name: str, array: np.ndarray) -> Tensor:
    try:
        return torch.from_numpy(np.ascontiguousarray(array))
    except TypeError as error:
        raise CollectError(f"{path}: {name} holds {array.dtype}, not numbers") from error


def _n_images(path: Path, layers: Mapping[str, Tensor]) -> int:
    n_images = {len(one) for one in layers.values()}
    if len(n_images) > 1:
        sizes = ", ".join(f"{name} {len(one)}" for name, one in layers.items())
        raise CollectError(f"{path}: layers of different numbers of images: {sizes}")
    return n_images.pop()


def _rows(activations: Tensor) -> Tensor:
    """Rows in the order image, position."""
    return activations if activations.ndim == 2 else positions_as_rows(activations)[0]
