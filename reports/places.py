"""Where a printed number stands among the rows behind its table, so that it can be traced."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from reports.exhibits.exhibit import Artefact, matching
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
    """

    file: str
    rows: pl.DataFrame
    found: dict[tuple[str, ...], dict[tuple[object, ...], list[int]]] = field(default_factory=dict)

    def cell(self, number: Number, column: str = "") -> str:
        """Return ``ROW:COLUMN`` of a number, rows counted from 1; '' when no one row is picked.

        Parameters
        ----------
        number : Number
            Of the table.
        column : str
            Another column than the number's own: of its spread, or of an end of its interval.
        """
        named = {name: value for name, value in number.where.items() if name in self.rows.columns}
        if number.value is None or not named:
            return ""
        indices = self._indices(named)
        return f"{indices[0] + 1}:{column or number.column}" if len(indices) == 1 else ""

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


def places(artefact: Artefact) -> Places:
    """Return where to look up the numbers of a table."""
    return Places(f"tables/{artefact.name}.csv", artefact.sources[0].rows)


def printed_cells(artefact: Artefact) -> list[list[str]] | None:
    """Return ``ROW:COLUMN`` for every cell of a table as it is printed, row by row.

    Headings of blocks are no rows; text and numbers without a row of their own are ''. None for a
    figure.
    """
    if not isinstance(artefact.content, Table):
        return None
    where = places(artefact)
    return [
        [where.cell(cell) if isinstance(cell, Number) else "" for cell in row.cells]
        for row in artefact.content.rows
    ]
