"""Where a vision transformer looks, before and after fine-tuning (Zu et al., Fig. 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.grid import Spacing, panel_grid
from reports.formatting import significant, typographic
from reports.style import MM_PER_INCH

COLOURS = "cividis"
NOTE_MM = 33.0
SIDE_MM = 17.0

Image = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """One network and one image.

    Attributes
    ----------
    network : str
        Printed beside its first image.
    image : array of shape (height, width) or (height, width, 3), or None
        What the network saw; None where it was not kept.
    maps : mapping of str to (array, array)
        By kind, before and after: attention of shape (rows, columns) of patches, its sum 1.
    note : str
        Statistics of the network, printed once.
    """

    network: str
    image: Image | None
    maps: Mapping[str, tuple[Map, Map]]
    note: str


def attention_panels(looks: Sequence[Look], kinds: Mapping[str, str]) -> Figure:
    """Draw one row per network and image: the image, then each kind of map before and after.

    Parameters
    ----------
    looks : sequence of Look
        Those of one network in a row.
    kinds : mapping of str to str
        Kinds of maps in the order of the columns, and their names.

    Returns
    -------
    Figure
        Dark is no attention. The two maps of a pair share their scale, which ends at the largest
        value of both; it is printed on the second in multiples of even attention.
    """
    n_columns = 1 + 2 * len(kinds)
    spacing = Spacing(
        height=SIDE_MM,
        above=1.2,
        below=1.2,
        left=10.0,
        right=NOTE_MM,
        between=2.0,
        foot=1.0,
        widest=SIDE_MM,
        head=8.5,
    )
    figure, axes = panel_grid(len(looks), n_columns, spacing)
    titles = [
        "image",
        *(f"{name}\n{stage}" for name in kinds.values() for stage in ("before", "after")),
    ]
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=6)
    shown = ""
    for look, row in zip(looks, axes, strict=True):
        for axis in row:
            axis.set_xticks([])
            axis.set_yticks([])
            axis.grid(visible=False)
        if look.image is not None:
            row[0].imshow(look.image, cmap="gray", vmin=0, vmax=255, label="image")
        for place, kind in enumerate(kinds):
            if kind in look.maps:
                _draw_pair(row[1 + 2 * place], row[2 + 2 * place], look.maps[kind])
        if look.network != shown:
            row[0].set_ylabel(look.network.replace(" · ", "\n"), fontsize=6)
            row[0].yaxis.set_label_coords(-2.5 / SIDE_MM, 0.5)
            _print_beside(row[-1], look.note)
            shown = look.network
    return figure


def _draw_pair(first: Axes, second: Axes, maps: tuple[Map, Map]) -> None:
    top = max(float(values.max()) for values in maps)
    for axis, values in zip((first, second), maps, strict=True):
        axis.imshow(values, cmap=COLOURS, vmin=0, vmax=top, label="map")
    text = typographic(f"≤ {significant(top * maps[0].size)}×")
    box = {"facecolor": "black", "alpha": 0.55, "pad": 0.8, "linewidth": 0}
    second.text(
        0.97,
        0.04,
        text,
        transform=second.transAxes,
        ha="right",
        fontsize=4.6,
        color="white",
        bbox=box,
    )


def _print_beside(axis: Axes, note: str) -> None:
    axis.annotate(
        typographic(note),
        xy=(1, 1),
        xycoords="axes fraction",
        xytext=(2.0 / MM_PER_INCH * 72, 0),
        textcoords="offset points",
        va="top",
        fontsize=5.4,
        linespacing=1.25,
        color="#333333",
    )
