"""Images that scikit-image's wheel brings: a stained tissue section, and photographs.

Both are cut into 64 x 64 tiles on a raster inside blocks of 128 x 128 pixels. Tiles of one block
overlap and share a group; tiles of different blocks have no pixel in common.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from collect.data.images import ImageSet
from warehouse.errors import StudyError

TILE = 64
BLOCK = 128
STAINED_PIXEL = 0.065
PHOTOGRAPHS = {
    "astronaut": "astronaut",
    "brick": "brick",
    "camera": "camera",
    "cat": "chelsea",
    "coffee": "coffee",
    "coins": "coins",
    "grass": "grass",
    "gravel": "gravel",
    "hubble": "hubble_deep_field",
    "moon": "moon",
    "motorcycle": "motorcycle",
    "rocket": "rocket",
}


def read_demo(name: str) -> ImageSet:
    """Return ``demo:ihc`` or ``demo:photographs``.

    Raises
    ------
    StudyError
        If the name is neither, or scikit-image is not installed.
    """
    try:
        import skimage.data  # noqa: F401
    except ImportError as error:
        raise StudyError(f"{name} needs scikit-image: pip install 'repdrift[demo]'") from error
    if name == "demo:ihc":
        return _stained_tissue()
    if name == "demo:photographs":
        return _photographs()
    raise StudyError(f"{name}: there is demo:ihc and demo:photographs")


def _stained_tissue() -> ImageSet:
    """Tiles of an immunohistochemical section of colon.

    Brown is the antibody stain (DAB), blue the counterstain. After colour deconvolution (Ruifrok
    and Johnston 2001, as in ``skimage.color.rgb2hed``), a pixel is stained if its DAB density
    exceeds 0.065, and a tile is ``stained`` if most of its pixels are: about half of the tiles.
    Tiles are gray: the colour that defines the label is not shown.
    """
    from skimage.color import rgb2gray, rgb2hed

    section = _packaged("ihc")
    gray = np.round(rgb2gray(section) * 255).astype(np.uint8)
    is_stained = rgb2hed(section)[..., 2] > STAINED_PIXEL
    tiles, labels, ids, groups = [], [], [], []
    for top, left, block in _raster(gray.shape, step=16):
        window = np.s_[top : top + TILE, left : left + TILE]
        tiles.append(gray[window])
        labels.append(int(is_stained[window].mean() > 0.5))
        ids.append(f"ihc/{top:03d}-{left:03d}")
        groups.append(block)
    return ImageSet(
        name="demo:ihc",
        task="binary",
        images=np.stack(tiles),
        labels=np.array(labels, dtype=np.int64),
        sample_ids=tuple(ids),
        class_names=("counterstain", "stained"),
        groups=np.array(groups),
    )


def _photographs() -> ImageSet:
    """Tiles of twelve photographs; the class is the photograph."""
    tiles, labels, ids, groups = [], [], [], []
    for number, (name, dataset) in enumerate(PHOTOGRAPHS.items()):
        pixels = _packaged(dataset)
        for top, left, block in _raster(pixels.shape[:2], step=32):
            tiles.append(pixels[top : top + TILE, left : left + TILE])
            labels.append(number)
            ids.append(f"{name}/{top:03d}-{left:03d}")
            groups.append(f"{name}/{block}")
    return ImageSet(
        name="demo:photographs",
        task="multiclass",
        images=np.stack(tiles),
        labels=np.array(labels, dtype=np.int64),
        sample_ids=tuple(ids),
        class_names=tuple(PHOTOGRAPHS),
        groups=np.array(groups),
    )


def _packaged(dataset: str) -> NDArray[np.uint8]:
    """Read an image from the wheel as (height, width, 3)."""
    from pathlib import Path

    import skimage.data

    from collect.datasets.encoded import decoded

    folder = Path(skimage.data.__file__).parent
    file = next(
        file
        for stem in (dataset, f"{dataset}_left")
        for file in (folder / f"{stem}.png", folder / f"{stem}.jpg")
        if file.exists()
    )
    pixels = decoded(file.read_bytes(), str(file))
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def _raster(shape: tuple[int, ...], *, step: int) -> Iterator[tuple[int, int, str]]:
    """Yield top, left and block of every tile that lies in a whole block."""
    height, width = shape
    for block_top in range(0, height - BLOCK + 1, BLOCK):
        for block_left in range(0, width - BLOCK + 1, BLOCK):
            for top in range(block_top, block_top + BLOCK - TILE + 1, step):
                for left in range(block_left, block_left + BLOCK - TILE + 1, step):
                    yield top, left, f"{block_top // BLOCK}-{block_left // BLOCK}"
