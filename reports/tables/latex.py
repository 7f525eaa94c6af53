r"""A table as LaTeX: booktabs rules, a rule under each group of columns, numbers through siunitx.

The preamble needs ``\usepackage{booktabs,siunitx}`` and ``\sisetup{separate-uncertainty}``.
Numbers of a column are aligned at the point and at the ± by invisible digits, because a cell that
is underlined or bold cannot stand in an ``S`` column.
"""

from collections.abc import Sequence

from reports.formatting import escape_latex, number
from reports.tables.model import Block, Cell, Number, Row, Table

LONGEST_UNBROKEN = 45


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


def _alignment(table: Table) -> str:
    is_text = [
        all(isinstance(row.cells[i], str) for row in table.rows) for i in range(len(table.columns))
    ]
    return "@{}" + "".join("l" if text else "c" for text in is_text) + "@{}"


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
    return [
        rf"\multicolumn{{{n_columns}}}{{@{{}}l}}{{\textit{{{escape_latex(block.heading)}}}}} \\"
    ]


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
    if cell.rank == "tied":
        text += r"\rlap{\textsuperscript{\textdagger}}"
    return _phantom(widths[0], value) + text + _phantom(widths[1], spread)


def _phantom(widest: str, text: str) -> str:
    minus = "$-$" if widest.startswith("-") and not text.startswith("-") else ""
    zeros = "0" * (len(widest.lstrip("-")) - len(text.lstrip("-")))
    return rf"\phantom{{{minus}{zeros}}}" if minus or zeros else ""
