"""A table as HTML: caption, headings of rows and columns, sort buttons, numbers linked to SQL."""

from collections.abc import Mapping

from reports.formatting import escape_html
from reports.store import condition
from reports.tables.model import Cell, Row, Table
from reports.tables.plain import plain_number


def html_table(table: Table, *, name: str, caption: str) -> str:
    """Return the ``table`` element of the page: its headings sort, its numbers lead to their SQL.

    Parameters
    ----------
    table : Table
        Headings of blocks become rows that stay above their own when the table is sorted.
    name : str
        Of the artefact: ``sql-NAME`` is the element that its numbers link to.
    caption : str
        Plain text.

    Returns
    -------
    str
        HTML without script; ``data-value`` is what a column is sorted by, ``data-where`` what
        picks the row of a number.
    """
    return _element(table, name, caption, link=f"#sql-{name}", is_sorted_by_script=True)


def html_file(table: Table, *, name: str, caption: str) -> str:
    """Return a table for a page of the reader's own, a row a line, and a paragraph per note.

    Parameters
    ----------
    table : Table
        As for `html_table`.
    name : str
        Of the artefact: numbers link to the file ``NAME.sql``.
    caption : str
        Plain text.
    """
    element = _element(table, name, caption, link=f"{name}.sql", is_sorted_by_script=False)
    notes = "".join(f"<p>{escape_html(note)}</p>\n" for note in table.notes)
    return element.replace("<tr", "\n<tr") + "\n" + notes


def _element(table: Table, name: str, caption: str, *, link: str, is_sorted_by_script: bool) -> str:
    bodies = "".join(
        f"<tbody>{_block_heading(block.heading, len(table.columns))}"
        f"{''.join(_row(row, link) for row in block.rows)}</tbody>"
        for block in table.blocks
    )
    return (
        f'<table id="table-{name}" data-artefact="{name}">'
        f"<caption>{escape_html(caption)}</caption>"
        f"<thead>{_header(table, has_buttons=is_sorted_by_script)}</thead>{bodies}</table>"
    )


def _header(table: Table, *, has_buttons: bool) -> str:
    groups = ""
    if any(column.group for column in table.columns):
        groups = "".join(
            f'<th scope="colgroup" colspan="{last - first + 1}">{escape_html(label)}</th>'
            if label
            else f'<td colspan="{last - first + 1}"></td>'
            for label, first, last in table.groups
        )
        groups = f'<tr class="groups">{groups}</tr>'
    start, end = ('<button type="button">', "</button>") if has_buttons else ("", "")
    labels = "".join(
        f'<th scope="col"{_kind(table, index)}>{start}{escape_html(column.label)}{end}</th>'
        for index, column in enumerate(table.columns)
    )
    return f'{groups}<tr class="labels">{labels}</tr>'


def _kind(table: Table, index: int) -> str:
    is_text = all(isinstance(row.cells[index], str) for row in table.rows)
    return "" if is_text else ' class="number"'


def _block_heading(heading: str, n_columns: int) -> str:
    if not heading:
        return ""
    text = escape_html(heading)
    return f'<tr class="heading"><th scope="rowgroup" colspan="{n_columns}">{text}</th></tr>'


def _row(row: Row, link: str) -> str:
    first, *rest = row.cells
    head = _cell(first, link)
    if isinstance(first, str):
        head = f'<th scope="row">{escape_html(first)}</th>'
    return f"<tr>{head}{''.join(_cell(cell, link) for cell in rest)}</tr>"


def _cell(cell: Cell, link: str) -> str:
    if isinstance(cell, str):
        return f"<td>{escape_html(cell)}</td>"
    text = escape_html(plain_number(cell))
    if cell.value is None:
        return f'<td class="number">{text}</td>'
    text = f"<strong>{text}</strong>" if cell.rank == "best" else text
    linked = f'<a href="{link}"{_where(cell.where)}>{text}</a>'
    marks = f"<sup>{escape_html(cell.marks)}</sup>" if cell.marks else ""
    return f'<td class="number" data-value="{cell.value!r}">{linked}{marks}</td>'


def _where(where: Mapping[str, object]) -> str:
    if not where:
        return ""
    text = " and ".join(condition(column, value) for column, value in where.items())
    return f' data-where="{escape_html(text)}"'
