"""A table as data: columns in groups, rows in blocks, cells that know what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from warehouse.uncertainty import require_one_kind

Rank = Literal["", "best", "tied"]


@dataclass(frozen=True)
class Number:
    """A cell with a number and, where there is one, its typed uncertainty.

    Attributes
    ----------
    value : float or None
        Unrounded; None prints a dash.
    digits : int
        Decimals shown.
    spread : float or None
        What follows the ±; the table's notes say what it is.
    interval : tuple of float, or None
        Ends of an interval, printed in brackets.
    scale : float
        Factor before rounding.
    rank : {'', 'best', 'tied'}
        Best of its row or column; underlined, tied ones with a dagger.
    marks : str
        Letters of the notes that speak of it, printed raised.
    where : mapping of str to object
        Condition that picks the number's row among the rows of the table, for its SQL and its name.
    column : str
        Column of that row that the number is.
    spread_column : str
        Column of that row that the spread is.
    interval_columns : tuple of str
        Columns of that row that the ends of the interval are.
    least : float
        Positive values below it are printed as less than it.
    uncertainty : str
        What the spread or interval varies over (fold, seed, test_sample ...); '' for no kind.
    """

    value: float | None
    digits: int = 2
    spread: float | None = None
    interval: tuple[float, float] | None = None
    scale: float = 1.0
    rank: Rank = ""
    marks: str = ""
    where: Mapping[str, object] = field(default_factory=dict)
    column: str = "estimate"
    spread_column: str = "sd"
    interval_columns: tuple[str, str] = ("ci_low", "ci_high")
    uncertainty: str = ""
    least: float = 0.0


LEAST_P = 0.001  # smaller p-values are printed as less than it
Cell = str | Number


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    label : str
        Heading.
    group : str
        Heading that spans it and its neighbours; '' for none.
    width_mm : float or None
        Width in print at which its text breaks; None for text in one line.
    """

    label: str
    group: str = ""
    width_mm: float | None = None


@dataclass(frozen=True)
class Row:
    """A row: one cell per column."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Block:
    """Rows that belong together; a heading spans the table above them ('' for none)."""

    rows: tuple[Row, ...]
    heading: str = ""


@dataclass(frozen=True)
class Table:
    """Columns, blocks of rows (a rule between blocks) and notes below.

    Attributes
    ----------
    columns : tuple of Column
        From left to right.
    blocks : tuple of Block
        From top to bottom.
    notes : tuple of str
        Plain text, a paragraph each.
    mixes_uncertainty : bool, default False
        Whether several kinds of uncertainty may stand in it; the notes must then tell them apart.

    Raises
    ------
    ValueError
        If a row has another number of cells than there are columns, or there is no row.
    MixedUncertaintyError
        If cells vary over different things and the mixture was not asked for.
    """

    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = field(default=())
    mixes_uncertainty: bool = False

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("a table without a row")
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"row {row.cells[:1]} has {len(row.cells)} cells,"
                    f" the table {len(self.columns)} columns"
                )
        cells = (cell for row in self.rows for cell in row.cells if isinstance(cell, Number))
        require_one_kind(
            (cell.uncertainty for cell in cells if cell.uncertainty),
            table="a table",
            way_out="make one table per kind, or say mixes_uncertainty=True and tell them apart",
            allow_mixed=self.mixes_uncertainty,
        )

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, block after block."""
        return tuple(row for block in self.blocks for row in block.rows)

    @property
    def groups(self) -> tuple[tuple[str, int, int], ...]:
        """Neighbouring columns of one group as (name, first, last), counted from 1."""
        spans: list[tuple[str, int, int]] = []
        for index, column in enumerate(self.columns, start=1):
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1], index)
            else:
                spans.append((column.group, index, index))
        return tuple(spans)


def with_best_marked(
    cells: Sequence[Number], *, largest: bool = True, tied: Sequence[int] = ()
) -> list[Number]:
    """Mark the best value among cells, and those that a test could not tell from it.

    Parameters
    ----------
    cells : sequence of Number
        Compared unrounded; undefined ones cannot be best. Equal best values are all best.
    largest : bool, default True
        Whether more is better.
    tied : sequence of int
        Positions that a test could not tell from the best.

    Returns
    -------
    list of Number
        The same cells with their ranks.

    Examples
    --------
    >>> [cell.rank for cell in with_best_marked([Number(0.2), Number(0.9), Number(None)])]
    ['', 'best', '']
    """
    defined = [cell.value for cell in cells if cell.value is not None]
    best = (max(defined) if largest else min(defined)) if defined else None
    return [
        replace(cell, rank=_rank(cell.value, best, is_tied=index in tied))
        for index, cell in enumerate(cells)
    ]


def _rank(value: float | None, best: float | None, *, is_tied: bool) -> Rank:
    if value is not None and value == best:
        return "best"
    return "tied" if is_tied else ""
