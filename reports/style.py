"""How figures look: sizes in millimetres, fonts, and one appearance per network everywhere.

Colours are those of Okabe and Ito (2008), "Color Universal Design", told apart by people with any
colour vision; each also has its own marker and line, so that a figure stays legible in grey.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TEXT_WIDTH_MM = 170.0
MM_PER_INCH = 25.4
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#5B3A8E", "#4D4D4D")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
GLYPHS = dict(zip(MARKERS, "●■▲◆▼✚✖◀▶", strict=True))  # a marker in the middle of text
LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
GREY = "#6B6B6B"

RC: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#4D4D4D",
    "axes.grid": True,
    "axes.labelsize": 7,
    "axes.linewidth": 0.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 7,
    "axes.titleweight": "bold",
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.4,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "pdf.fonttype": 42,
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "repdrift",
    "text.parse_math": False,  # a name with dollars is a name
    "xtick.color": "#4D4D4D",
    "xtick.labelcolor": "black",
    "xtick.labelsize": 6,
    "xtick.major.width": 0.5,
    "ytick.color": "#4D4D4D",
    "ytick.labelcolor": "black",
    "ytick.labelsize": 6,
    "ytick.major.width": 0.5,
}


@dataclass(frozen=True)
class Appearance:
    """Colour, marker and line of one series, the same in every figure of a report."""

    colour: str
    marker: str
    line: Any


def inches(*sizes_mm: float) -> tuple[float, ...]:
    """Return sizes given in millimetres in inches, which matplotlib takes.

    Examples
    --------
    >>> inches(170, 25.4)
    (6.692913385826772, 1.0)
    """
    return tuple(size / MM_PER_INCH for size in sizes_mm)


def appearances(names: Iterable[str]) -> dict[str, Appearance]:
    """Give each name its own appearance; the same names always get the same ones.

    Parameters
    ----------
    names : iterable of str
        In any order, repeats allowed; sorted before they are given out.

    Returns
    -------
    dict of str to Appearance
        Eight colours and nine markers make 72 different appearances; they repeat after that.

    Examples
    --------
    >>> appearances(["b", "a"])["a"].colour
    '#0072B2'
    """
    return ordered_appearances(sorted(set(names)))


def ordered_appearances(names: Iterable[str]) -> dict[str, Appearance]:
    """Give each name its own appearance, in the order given."""
    return {
        name: Appearance(
            colour=COLOURS[index % len(COLOURS)],
            marker=MARKERS[index % len(MARKERS)],
            line=LINES[index % len(LINES)],
        )
        for index, name in enumerate(names)
    }


def network(backbone: str, pretraining: str) -> str:
    """Return the name under which a backbone with its weights goes in every figure and table.

    Examples
    --------
    >>> network("resnet50", "imagenet")
    'resnet50 · imagenet'
    >>> network("pooled", "pooled")
    'all networks'
    """
    if backbone == pretraining == "pooled":
        return "all networks"
    return f"{backbone} · {pretraining}"
