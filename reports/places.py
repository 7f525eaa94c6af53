"""Where a printed number stands among the rows behind its table, so that it can be traced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from reports.exhibits.exhibit import Artefact, matching, source_stems
from reports.tables.model import Number, Table


@dataclass(frozen=True)
class Places:
    """Rows of the numbers behind a table, looked up by the condition that picks each.

    Attributes
    ----------
    file : str
        CSV with these rows, relative to the report.
    rows : DataFrame
        Its rows, in order.
    found : dict
        Rows by the values of some columns, for each set of columns that was asked for.
    values : dict
        Columns that were asked for, as lists: a value at a time is slow to get from a frame.
    """

    file: str
    rows: pl.DataFrame
    found: dict[tuple[str, ...], dict[tuple[object, ...], list[int]]] = field(default_factory=dict)
    values: dict[str, list[object]] = field(default_factory=dict)

    def row(self, number: Number) -> int | None:
        """Return the row that a number is of, from 0; None when these rows do not hold it."""
        if number.value is None or not number.where or number.column not in self.rows.columns:
            return None
        if not number.where.keys() <= set(self.rows.columns):
            return None
        indices = self._indices(number.where)
        if len(indices) != 1 or self._column(number.column)[indices[0]] != number.value:
            return None
        return indices[0]

    def _column(self, name: str) -> list[object]:
        if name not in self.values:
            self.values[name] = self.rows[name].to_list()
        return self.values[name]

    def _indices(self, where: Mapping[str, object]) -> list[int]:
        """Return the rows that satisfy a condition; values are looked up, others compared."""
        single = {name: value for name, value in where.items() if not isinstance(value, tuple)}
        names = tuple(single)
        if names not in self.found:
            keys = self.rows.select(names).rows() if names else [()] * len(self.rows)
            by_values: dict[tuple[object, ...], list[int]] = {}
            for index, key in enumerate(keys):
                by_values.setdefault(key, []).append(index)
            self.found[names] = by_values
        indices = self.found[names].get(tuple(single.values()), [])
        several = {name: value for name, value in where.items() if name not in single}
        if not several or not indices:
            return indices
        kept = self.rows[indices].select(pl.arg_where(pl.all_horizontal(matching(several))))
        return [indices[place] for place in kept.to_series()]


def places(artefact: Artefact) -> list[Places]:
    """Return where to look up the numbers of a table: the files of its sources."""
    return [
        Places(f"tables/{artefact.name}{stem}.csv", source.rows)
        for stem, source in zip(source_stems(artefact), artefact.sources, strict=True)
    ]


def place(number: Number, among: Sequence[Places], column: str = "") -> str:
    """Return ``FILE ROW:COLUMN`` of a number, rows counted from 1; '' when no row holds it.

    Parameters
    ----------
    number : Number
        Of the table.
    among : sequence of Places
        As `places` gives them.
    column : str
        Another column than the number's own: of its spread, or of an end of its interval.
    """
    for one in among:
        row = one.row(number)
        if row is not None:
            return f"{one.file} {row + 1}:{column or number.column}"
    return ""


def printed_cells(artefact: Artefact) -> list[list[str]] | None:
    """Return ``FILE ROW:COLUMN`` for every cell of a table as it is printed, row by row.

    Headings of blocks are no rows; text and numbers without a row of their own are ''. None for a
    figure.
    """
    if not isinstance(artefact.content, Table):
        return None
    among = places(artefact)
    return [
        [place(cell, among) if isinstance(cell, Number) else "" for cell in row.cells]
        for row in artefact.content.rows
    ]
