"""A table as GitHub-flavoured Markdown, for READMEs and terminals."""

from reports.formatting import escape_markdown
from reports.tables.model import Block, Cell, Number, Table
from reports.tables.plain import plain_number


def markdown_table(table: Table) -> str:
    """Return a pipe table; groups go in front of the labels, the best value is bold.

    Parameters
    ----------
    table : Table
        Blocks are not told apart: Markdown has no rules inside a table.

    Returns
    -------
    str
        Ends with the notes, one paragraph each.
    """
    labels = [f"{column.group} {column.label}".strip() for column in table.columns]
    is_text = [
        all(isinstance(row.cells[i], str) for row in table.rows) for i in range(len(table.columns))
    ]
    lines = [
        _line([escape_markdown(label) for label in labels]),
        _line([":---" if text else "---:" for text in is_text]),
        *(line for block in table.blocks for line in _block(block, len(labels))),
    ]
    return "\n".join(lines) + "\n" + "".join(f"\n{escape_markdown(n)}\n" for n in table.notes)


def _block(block: Block, n_columns: int) -> list[str]:
    heading = [f"*{escape_markdown(block.heading)}*"] + [""] * (n_columns - 1)
    rows = [_line([_cell(cell) for cell in row.cells]) for row in block.rows]
    return [_line(heading), *rows] if block.heading else rows


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Number):
        text = plain_number(cell)
        text = f"**{text}**" if cell.rank == "best" else text
        return f"{text}<sup>{cell.marks}</sup>" if cell.marks else text
    return escape_markdown(cell)
