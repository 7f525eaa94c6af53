"""A cell as plain text, as pages and terminals show it."""

from reports.formatting import number, typographic
from reports.tables.model import Number


def plain_number(cell: Number) -> str:
    """Return a number with its ± or interval, with true minus signs.

    Examples
    --------
    >>> plain_number(Number(0.523, digits=1, spread=0.0885, scale=100))
    '52.3 ± 8.8'
    >>> plain_number(Number(-0.5, interval=(-0.75, -0.25), rank="tied"))
    '−0.50 [−0.75, −0.25]†'
    """
    text = number(cell.value, cell.digits, scale=cell.scale, least=cell.least)
    if cell.value is None:
        return text
    if cell.spread is not None:
        text += f" ± {number(cell.spread, cell.digits, scale=cell.scale)}"
    if cell.interval is not None:
        low, high = (number(end, cell.digits, scale=cell.scale) for end in cell.interval)
        text += f" [{low}, {high}]"
    return typographic(text) + ("†" if cell.rank == "tied" else "")
