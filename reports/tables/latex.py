r"""A table as LaTeX: booktabs rules, a rule under each group of columns, numbers through siunitx.

The preamble needs ``\usepackage{array,booktabs,siunitx}`` and ``\sisetup{separate-uncertainty}``.
Numbers of a column are aligned at the point and at the ± by invisible digits, because a cell that
is underlined or bold cannot stand in an ``S`` column.
"""

from collections.abc import Sequence

from reports.formatting import escape_latex, number
from reports.tables.model import Block, Cell, Number, Row, Table
from reports.tables.plain import plain_number

LONGEST_UNBROKEN = 45
LONGEST_HEADING = 90  # characters of a block's heading in one line
HEADING_MM = 160
MM_PER_CHARACTER = 1.6  # of small type
FITS_SMALL, FITS_FOOTNOTE = 96, 106
TINY = r"\scriptsize\setlength{\tabcolsep}{2.5pt}"


def latex_table(table: Table) -> str:
    """Return a ``tabular`` (a ``longtable`` beyond 45 rows) that stands alone.

    Parameters
    ----------
    table : Table
        Labels and text cells are plain text and escaped here.

    Returns
    -------
    str
        LaTeX, no float and no caption around it: it drops into any document.
    """
    environment = "tabular" if len(table.rows) <= LONGEST_UNBROKEN else "longtable"
    widths = [_widths([row.cells[i] for row in table.rows]) for i in range(len(table.columns))]
    body = "\n\\midrule\n".join(
        "\n".join([*_heading(block, len(widths)), *(_row(row, widths) for row in block.rows)])
        for block in table.blocks
    )
    head = _header(table) + ("\n\\endhead" if environment == "longtable" else "")
    lines = [
        f"\\begin{{{environment}}}{{{_alignment(table)}}}",
        "\\toprule",
        head,
        body,
        "\\bottomrule",
        f"\\end{{{environment}}}",
    ]
    return "\n".join(lines) + "\n"


def latex_notes(notes: Sequence[str]) -> str:
    """Return the notes below a table as one small paragraph each."""
    return "".join(f"{{\\footnotesize {escape_latex(note)}\\par}}\n" for note in notes)


def type_size(table: Table) -> str:
    """Return the LaTeX size at which the widest row of a table fits a line of 170 mm."""
    n_characters = sum(
        2 + max(len(column.label), *(_length(row.cells[i]) for row in table.rows))
        if column.width_mm is None
        else 2 + column.width_mm / MM_PER_CHARACTER
        for i, column in enumerate(table.columns)
    )
    if n_characters <= FITS_SMALL:
        return r"\small"
    return r"\footnotesize" if n_characters <= FITS_FOOTNOTE else TINY


def _length(cell: Cell) -> int:
    return len(cell) if isinstance(cell, str) else len(plain_number(cell))


def _alignment(table: Table) -> str:
    is_text = [
        all(isinstance(row.cells[i], str) for row in table.rows) for i in range(len(table.columns))
    ]
    kinds = [
        rf">{{\raggedright\arraybackslash}}p{{{column.width_mm:g}mm}}"
        if column.width_mm is not None
        else "lc"[not text]
        for column, text in zip(table.columns, is_text, strict=True)
    ]
    return "@{}" + "".join(kinds) + "@{}"


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


def _heading(block: Block, n_columns: int) -> list[str]:
    if not block.heading:
        return []
    is_long = len(block.heading) > LONGEST_HEADING
    kind = rf"p{{{HEADING_MM}mm}}" if is_long else "l"
    text = rf"\textit{{{escape_latex(block.heading)}}}"
    return [rf"\multicolumn{{{n_columns}}}{{@{{}}{kind}}}{{{text}}} \\"]


def _row(row: Row, widths: Sequence[tuple[str, str]]) -> str:
    cells = (_cell(cell, width) for cell, width in zip(row.cells, widths, strict=True))
    return " & ".join(cells) + r" \\"


def _parts(cell: Number) -> tuple[str, str]:
    value = number(cell.value, cell.digits, scale=cell.scale)
    spread = "" if cell.spread is None else number(cell.spread, cell.digits, scale=cell.scale)
    return value, spread


def _widths(cells: Sequence[Cell]) -> tuple[str, str]:
    """Return the widest number and the widest spread of a column."""
    parts = [_parts(cell) for cell in cells if isinstance(cell, Number) and cell.value is not None]
    has_minus = any(value.startswith("-") for value, _ in parts)
    digits = max((len(value.lstrip("-")) for value, _ in parts), default=0)
    return "-" * has_minus + "0" * digits, "0" * max((len(s) for _, s in parts), default=0)


def _cell(cell: Cell, widths: tuple[str, str]) -> str:
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
    raised = r"\textdagger" * (cell.rank == "tied") + cell.marks
    if raised:
        text += rf"\rlap{{\textsuperscript{{{raised}}}}}"
    return _phantom(widths[0], value) + text + _phantom(widths[1], spread)


def _phantom(widest: str, text: str) -> str:
    minus = "$-$" if widest.startswith("-") and not text.startswith("-") else ""
    zeros = "0" * (len(widest.lstrip("-")) - len(text.lstrip("-")))
    return rf"\phantom{{{minus}{zeros}}}" if minus or zeros else ""
