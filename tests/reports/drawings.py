"""A figure as text: what its artists draw, in data coordinates, for a reader to check."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, QuadMesh
from matplotlib.figure import Figure

MOST_NUMBERS = 16  # of one artist; longer ones are cut, and end with their length and sum


def drawing(figure: Figure) -> str:
    """Return the texts, lines, areas and images of every panel, an artist a line."""
    heads = [f"legend: {text.get_text()}" for one in figure.legends for text in one.get_texts()]
    heads += [f"below: {text.get_text()}" for text in figure.texts]
    panels = ["\n".join(_panel(index, axis)) for index, axis in enumerate(figure.axes)]
    return "\n".join([*heads, *panels]) + "\n"


def _panel(index: int, axis: Axes) -> Iterator[str]:
    titles = [axis.get_title(loc=side) for side in ("left", "center")]
    yield f"\npanel {index}: {_line(' '.join(title for title in titles if title))}"
    if axis.axison:
        yield f"  x: {_line(axis.get_xlabel())} [{_ticks(axis.get_xticklabels())}]"
        yield f"  y: {_line(axis.get_ylabel())} [{_ticks(axis.get_yticklabels())}]"
    yield from (f"  text: {_line(text.get_text())}" for text in axis.texts)
    for line in axis.lines:
        yield f"  line {_line(str(line.get_label()))}: {_points(np.column_stack(line.get_data()))}"
    for one in axis.collections:
        yield f"  {type(one).__name__} {one.get_label()}: {_collection(one)}"
    for image in axis.images:
        yield f"  image: {_points(np.atleast_2d(np.asarray(image.get_array())))}"
    for patch in axis.patches:
        yield f"  patch {patch.get_label()}: {_points(patch.get_path().vertices)}"


def _line(text: str) -> str:
    return " / ".join(text.splitlines())


def _ticks(labels: list) -> str:  # type: ignore[type-arg]
    """Return the labels that are words: numbers on an axis are matplotlib's to choose."""
    words = [_line(label.get_text()) for label in labels]
    return ", ".join(word for word in words if any(letter.isalpha() for letter in word))


def _collection(one: Collection) -> str:
    if isinstance(one, PathCollection):
        return _points(np.asarray(one.get_offsets()))
    if isinstance(one, QuadMesh):
        return _points(np.asarray(one.get_array()))
    if isinstance(one, LineCollection):
        corners = [np.asarray(ends) for ends in one.get_segments()]
    else:
        corners = [np.asarray(path.vertices) for path in one.get_paths()]
    return _points(np.concatenate(corners)) if corners else ""


def _points(values: npt.ArrayLike) -> str:
    """Return rows of numbers of six digits."""
    array = np.asarray(values, dtype=np.float64)
    rows = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array[:, None]
    shown = " ".join("(" + ", ".join(_number(v) for v in row) + ")" for row in _some(rows))
    if array.size <= MOST_NUMBERS:
        return shown
    return f"{shown} ... {len(rows)} in all, sum {_number(float(np.nansum(array)))}"


def _some(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return rows[: max(1, MOST_NUMBERS // rows.shape[1])]


def _number(value: float) -> str:
    return f"{value + 0.0:.6g}"
