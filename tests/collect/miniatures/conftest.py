"""A made-up archive of JPEG images in which the colour tells the class."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COLOURS = {"red": (220, 40, 40), "green": (40, 220, 40), "blue": (40, 40, 220)}


@pytest.fixture(scope="session")
def archive_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 training and 60 test images of three colours with noise, as an NPZ of JPEGs."""
    rng = np.random.default_rng(8)
    arrays = {"class_names": np.array(list(COLOURS))}
    for split, n in (("train", 200), ("test", 60)):
        labels = rng.integers(0, 3, size=(n, 1)).astype(np.uint8)
        files = []
        for label in labels.ravel():
            pixels = np.array(list(COLOURS.values())[label]) + rng.normal(0, 25, (32, 32, 3))
            buffer = io.BytesIO()
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG")
            files.append(buffer.getvalue())
        arrays[f"{split}_jpeg"] = np.frombuffer(b"".join(files), dtype=np.uint8)
        arrays[f"{split}_offsets"] = np.cumsum([0, *map(len, files)])
        arrays[f"{split}_labels"] = labels
    path = tmp_path_factory.mktemp("archive") / "colours.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]  # names are not options of savez
    return path
