"""A table straight from result rows: which columns are text, which are numbers, and how shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from reports.tables.model import Block, Cell, Column, Number, Row, Table


@dataclass(frozen=True)
class Shown:
    """How a column of the rows is shown.

    Attributes
    ----------
    column : str
        Of the rows.
    label : str
        Heading.
    digits : int or None
        Decimals of a number; None for text, true and false become yes and no.
    group : str
        Heading over several columns.
    scale : float
        Factor before rounding.
    interval : tuple of str, or None
        Columns with the ends of the interval that follows the number.
    width_mm : float or None
        Width in print at which text breaks.
    least : float
        Positive numbers below are shown as less than it: 0.001 for p-values.
    is_optional : bool
        Left out where no row has anything.
    """

    column: str
    label: str
    digits: int | None = None
    group: str = ""
    scale: float = 1.0
    interval: tuple[str, str] | None = None
    width_mm: float | None = None
    least: float = 0.0
    is_optional: bool = False


def result_table(
    rows: pl.DataFrame,
    shown: Sequence[Shown],
    *,
    key: Sequence[str],
    block: str | None = None,
    notes: Sequence[str] = (),
) -> Table:
    """Return a table with one line per row.

    Parameters
    ----------
    rows : DataFrame
        In the order they are printed.
    shown : sequence of Shown
        Columns.
    key : sequence of str
        Columns that pick a row among ``rows``, for SQL and names.
    block : str, optional
        Column whose values become headings.
    notes : sequence of str
        Below the table.
    """
    is_there = {one.column: rows[one.column].null_count() < len(rows) for one in shown}
    shown = [one for one in shown if is_there[one.column] or not one.is_optional]
    blocks: dict[str, list[Row]] = {}
    for row in rows.iter_rows(named=True):
        heading = "" if block is None else str(row[block])
        where = {name: row[name] for name in key}
        cells = tuple(_cell(row, column, where) for column in shown)
        blocks.setdefault(heading, []).append(Row(cells))
    return Table(
        columns=tuple(Column(column.label, column.group, column.width_mm) for column in shown),
        blocks=tuple(Block(tuple(lines), heading) for heading, lines in blocks.items()),
        notes=tuple(notes),
    )


def _cell(row: Mapping[str, object], shown: Shown, where: Mapping[str, object]) -> Cell:
    value = row[shown.column]
    if shown.digits is None:
        words = {None: "", True: "yes", False: "no"}
        return words[value] if value is None or isinstance(value, bool) else str(value)
    ends = tuple(row[end] for end in shown.interval or ())
    return Number(
        value,  # type: ignore[arg-type]
        digits=shown.digits,
        scale=shown.scale,
        interval=ends if len(ends) == 2 and None not in ends else None,  # type: ignore[arg-type]
        where=where,
        column=shown.column,
        least=shown.least,
        interval_columns=shown.interval or ("", ""),
    )
