"""A figure as SVG that can stand inside a page beside other ones."""

import io
import re

from matplotlib.figure import Figure

from reports.formatting import escape_html

LARGEST_SCALE = 2.0  # pixels of the page per point of print
_TAG = re.compile(r"<[^>]+>")
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_REFERENCE = re.compile(r'(\bid="|url\(#|xlink:href="#)')
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def inline_svg(figure: Figure, *, prefix: str, artefact: str, caption: str) -> str:
    """Return an ``svg`` element whose ids are its own.

    Parameters
    ----------
    figure : Figure
        Groups that were given a gid keep it, after the prefix and a hyphen.
    prefix : str
        Of every id, different for each figure of a page.
    artefact : str
        Name of the artefact.
    caption : str
        What a screen reader says instead of the drawing.

    Returns
    -------
    str
        Without XML declaration; scales with the page.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata=_METADATA)
    text = buffer.getvalue()
    body = text[text.index("<svg") :].strip()
    opening, rest = body.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', opening)
    width = re.search(r'width="([\d.]+)pt"', opening)
    if view is None or width is None:
        raise ValueError(f"matplotlib wrote an svg element without size: {opening}")
    label = escape_html(caption)
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{view[0]} role="img" aria-label="{label}" tabindex="0" '
        f'style="--largest:{float(width[1]) * LARGEST_SCALE:.0f}px" data-artefact="{artefact}">'
    )
    return start + _TAG.sub(lambda tag: _shortened(tag[0], prefix), rest)


def _shortened(tag: str, prefix: str) -> str:
    """Return a tag with its ids prefixed and its coordinates in hundredths of a point."""
    rounded = _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", tag)
    return _REFERENCE.sub(rf"\g<1>{prefix}-", rounded)
