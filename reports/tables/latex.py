r"""A table as LaTeX: booktabs rules, a rule under each group of columns, numbers through siunitx.

The preamble needs ``\usepackage{array,booktabs,siunitx}`` and
``\sisetup{separate-uncertainty,retain-zero-uncertainty}``.
Numbers of a column are aligned at the point and at the ± by invisible digits, because a cell that
is underlined or bold cannot stand in an ``S`` column; raised marks get room of their own likewise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.formatting import escape_latex, number
from reports.tables.model import Block, Cell, Number, Row, Table
from reports.tables.plain import plain_number

LONGEST_UNBROKEN = 45
MM_PER_CHARACTER = 1.6  # of small type
FITS_SMALL, FITS_FOOTNOTE = 96, 106
TINY = r"\scriptsize\setlength{\tabcolsep}{2.5pt}"


@dataclass(frozen=True)
class _Widest:
    """The widest number, spread and mark of a column, which all its cells leave room for."""

    value: str
    spread: str
    raised: str


def latex_table(table: Table) -> str:
    r"""Return a ``tabular`` (a ``longtable`` beyond 45 rows) that stands alone.

    Parameters
    ----------
    table : Table
        Labels and text cells are plain text and escaped here.

    Returns
    -------
    str
        LaTeX, no float and no caption around it: it drops into any document. A table with a
        heading that is longer than its rows takes the whole line, its columns evenly spread.
    """
    is_wrapped = _has_long_heading(table)
    environment, width = _environment(table, is_wrapped=is_wrapped)
    widest = [_widest([row.cells[i] for row in table.rows]) for i in range(len(table.columns))]
    body = "\n\\midrule\n".join(
        "\n".join(
            [
                *_heading(block, len(table.columns), is_wrapped=is_wrapped),
                *(_row(row, widest) for row in block.rows),
            ]
        )
        for block in table.blocks
    )
    head = _header(table) + ("\n\\endhead" if environment == "longtable" else "")
    lines = [
        f"\\begin{{{environment}}}{width}{{{_alignment(table, is_spread=bool(width))}}}",
        "\\toprule",
        head,
        body,
        "\\bottomrule",
        f"\\end{{{environment}}}",
    ]
    return "\n".join(lines) + "\n"


def _environment(table: Table, *, is_wrapped: bool) -> tuple[str, str]:
    if is_long(table):
        return "longtable", ""
    is_spread = is_wrapped and _n_characters(table) <= FITS_SMALL
    return ("tabular*", r"{\linewidth}") if is_spread else ("tabular", "")


def is_long(table: Table) -> bool:
    """Return whether a table may need more than a page."""
    return len(table.rows) > LONGEST_UNBROKEN


def _has_long_heading(table: Table) -> bool:
    return max(len(block.heading) for block in table.blocks) > _n_characters(table)


def latex_notes(notes: Sequence[str]) -> str:
    """Return the notes below a table as one small paragraph each."""
    return "".join(f"{{\\footnotesize {escape_latex(note)}\\par}}\n" for note in notes)


def type_size(table: Table) -> str:
    """Return the LaTeX size at which the widest row of a table fits a line of 170 mm."""
    n_characters = _n_characters(table)
    if n_characters <= FITS_SMALL:
        return r"\small"
    return r"\footnotesize" if n_characters <= FITS_FOOTNOTE else TINY


def _n_characters(table: Table) -> float:
    """Return the length of the widest row in characters, two between columns."""
    return sum(
        2 + max(len(column.label), *(_length(row.cells[i]) for row in table.rows))
        if column.width_mm is None
        else 2 + column.width_mm / MM_PER_CHARACTER
        for i, column in enumerate(table.columns)
    )


def _length(cell: Cell) -> int:
    return len(cell) if isinstance(cell, str) else len(plain_number(cell))


def _alignment(table: Table, *, is_spread: bool) -> str:
    is_text = [
        all(isinstance(row.cells[i], str) for row in table.rows) for i in range(len(table.columns))
    ]
    kinds = [
        rf">{{\raggedright\arraybackslash}}p{{{column.width_mm:g}mm}}"
        if column.width_mm is not None
        else "lc"[not text]
        for column, text in zip(table.columns, is_text, strict=True)
    ]
    left = r"@{\extracolsep{\fill}}" if is_spread else "@{}"
    return left + "".join(kinds) + "@{}"


def _header(table: Table) -> str:
    labels = " & ".join(escape_latex(column.label) for column in table.columns) + r" \\"
    if not any(column.group for column in table.columns):
        return labels + "\n\\midrule"
    groups = " & ".join(
        rf"\multicolumn{{{last - first + 1}}}{{c}}{{{escape_latex(name)}}}"
        for name, first, last in table.groups
    )
    rules = "".join(
        rf"\cmidrule(lr){{{first}-{last}}}" for name, first, last in table.groups if name
    )
    return f"{groups} \\\\\n{rules}\n{labels}\n\\midrule"


def _heading(block: Block, n_columns: int, *, is_wrapped: bool) -> list[str]:
    if not block.heading:
        return []
    text = rf"\textit{{{escape_latex(block.heading)}}}"
    if is_wrapped:  # of no width of its own, for that would widen the last column
        text = rf"\rlap{{\parbox[t]{{\linewidth}}{{\strut {text}\strut}}}}"
    return [rf"\multicolumn{{{n_columns}}}{{@{{}}l}}{{{text}}} \\"]


def _row(row: Row, widest: Sequence[_Widest]) -> str:
    cells = (_cell(cell, room) for cell, room in zip(row.cells, widest, strict=True))
    return " & ".join(cells) + r" \\"


def _parts(cell: Number) -> tuple[str, str]:
    value = number(cell.value, cell.digits, scale=cell.scale, least=cell.least)
    spread = "" if cell.spread is None else number(cell.spread, cell.digits, scale=cell.scale)
    return value, spread


def _raised(cell: Number) -> str:
    return r"\textdagger" * (cell.rank == "tied") + cell.marks


def _widest(cells: Sequence[Cell]) -> _Widest:
    numbers = [cell for cell in cells if isinstance(cell, Number) and cell.value is not None]
    parts = [_parts(cell) for cell in numbers]
    has_minus = any(value.startswith("-") for value, _ in parts)
    digits = max((len(value.lstrip("-")) for value, _ in parts), default=0)
    return _Widest(
        "-" * has_minus + "0" * digits,
        "0" * max((len(spread) for _, spread in parts), default=0),
        max((_raised(cell) for cell in numbers), key=len, default=""),
    )


def _cell(cell: Cell, widest: _Widest) -> str:
    if isinstance(cell, str):
        return escape_latex(cell)
    value, spread = _parts(cell)
    if cell.value is None:
        return escape_latex(value)
    text = rf"\num{{{value}}}" if not spread else rf"\num{{{value} +- {spread}}}"
    if cell.rank == "best":
        text = rf"\underline{{{text}}}"
    if cell.interval is not None:
        low, high = (number(end, cell.digits, scale=cell.scale) for end in cell.interval)
        text += rf" [\num{{{low}}}, \num{{{high}}}]"
    raised = _raised(cell)
    if raised:
        text += rf"\textsuperscript{{{raised}}}"
    elif widest.raised:
        text += rf"\hphantom{{\textsuperscript{{{widest.raised}}}}}"
    return _phantom(widest.value, value) + text + _phantom(widest.spread, spread)


def _phantom(widest: str, text: str) -> str:
    minus = "$-$" if widest.startswith("-") and not text.startswith("-") else ""
    zeros = "0" * (len(widest.lstrip("-")) - len(text.lstrip("-")))
    return rf"\phantom{{{minus}{zeros}}}" if minus or zeros else ""
