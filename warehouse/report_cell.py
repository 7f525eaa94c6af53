"""Finds a number of a report: the row of its table or figure, and the SQL that gives this row."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import WarehouseError

SYNTAX = "ROW:COLUMN, name=value,name=value:COLUMN, or LINE,COLUMN as it is printed"
DEFINITION = re.compile(
    r"^\\@namedef\{repdrift@(?P<name>[^{}]+)\}\{\\num\{(?P<text>[^{}]*)\}\}(?:% (?P<place>.+))?$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Cell:
    """Which row of the numbers behind an artefact, and which column."""

    row: int | None
    where: Mapping[str, str]
    column: str


@dataclass(frozen=True)
class Entry:
    """A table or figure in the manifest: its files, and where each printed cell stands."""

    files: list[str]
    cells: list[list[str]]


@dataclass(frozen=True)
class ReportCell:
    """A number of a report.

    Attributes
    ----------
    source : Path
        CSV that it stands in, unrounded.
    query : str
        SQL that gives the rows of this CSV.
    row : dict of str to str
        Its row.
    column : str
        Its column.
    rounded : str
        What ``numbers.tex`` prints for it; '' where the number was not asked for by its name.
    """

    source: Path
    query: str
    row: dict[str, str]
    column: str
    rounded: str = ""

    @property
    def printed(self) -> str:
        """The number, unrounded."""
        return self.row[self.column]


def report_cell(artefact: Path, place: str) -> ReportCell:
    """Find a number of a report.

    Parameters
    ----------
    artefact : Path
        Any file of a table or figure in the folder of the report, or its ``numbers.tex``.
    place : str
        ``ROW:COLUMN`` or ``name=value,name=value:COLUMN`` in the ``.csv`` beside the artefact;
        ``LINE,COLUMN`` of a table as it is printed, headings not counted; a name of
        ``numbers.tex``. All count from 1.

    Raises
    ------
    WarehouseError
        If the file belongs to no report, or the number is not in it.
    """
    folder = _report_of(artefact)
    name = artefact.absolute().relative_to(folder).as_posix()
    if name == "numbers.tex":
        return _by_name(folder, place)
    entry = _entry(folder, name)
    if re.fullmatch(r"[1-9]\d*,[1-9]\d*", place):
        return _at(folder, _printed_place(entry, place))
    own = artefact.with_suffix(".csv")
    numbers = [file for file in entry.files if file.endswith(".csv")]
    source = own if own.is_file() else folder / min(numbers, key=len)
    return _cell_of(source, parsed_cell(place))


def parsed_cell(text: str) -> Cell:
    """Cell from ``ROW:COLUMN`` or ``name=value,name=value:COLUMN``; rows count from 1.

    Raises
    ------
    WarehouseError
        If the text is neither.

    Examples
    --------
    >>> parsed_cell("3:estimate").row
    3
    >>> parsed_cell("dataset=knee,fold=1:value").where
    {'dataset': 'knee', 'fold': '1'}
    """
    place, colon, column = text.rpartition(":")
    if colon and column and re.fullmatch(r"[1-9]\d*", place):
        return Cell(int(place), {}, column)
    pairs = [part.partition("=") for part in place.split(",")]
    if not colon or not column or not all(name and equals for name, equals, _ in pairs):
        raise WarehouseError(f"{text!r} is no cell: write {SYNTAX}")
    return Cell(None, {name: value for name, _, value in pairs}, column)


def _report_of(artefact: Path) -> Path:
    for folder in artefact.absolute().parents:
        if (folder / "manifest.json").is_file():
            return folder
    raise WarehouseError(f"{artefact} is in no report: no folder above it has a manifest.json")


def _entry(folder: Path, name: str) -> Entry:
    """Entry of the manifest that lists a file."""
    manifest = folder / "manifest.json"
    try:
        entries = [
            Entry(list(entry["files"]), entry.get("cells") or [])
            for entry in json.loads(manifest.read_text(encoding="utf-8"))["artefacts"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WarehouseError(f"{manifest} is not the manifest of a report") from error
    for entry in entries:
        if name in entry.files:
            return entry
    raise WarehouseError(
        f"{manifest} lists no {name}: name a file in tables/ or figures/, or numbers.tex"
    )


def _by_name(folder: Path, name: str) -> ReportCell:
    path = folder / "numbers.tex"
    found = [one for one in DEFINITION.finditer(_text(path)) if one["name"] == name]
    if not found:
        raise WarehouseError(f"{path} has no number {name!r}: its lines list them")
    if found[0]["place"] is None:
        raise WarehouseError(f"{path} does not say where {name} stands: build the report again")
    cell = _at(folder, found[0]["place"])
    return ReportCell(cell.source, cell.query, cell.row, cell.column, rounded=found[0]["text"])


def _printed_place(entry: Entry, place: str) -> str:
    """Turn ``LINE,COLUMN`` of the printed table into ``FILE ROW:COLUMN`` of its rows."""
    line, column = (int(part) for part in place.split(","))
    if not entry.cells:
        raise WarehouseError(f"{place} is a cell of a printed table, and this is none: {SYNTAX}")
    n_lines, n_columns = len(entry.cells), len(entry.cells[0])
    if line > n_lines or column > n_columns:
        raise WarehouseError(f"the table has {n_lines} lines and {n_columns} columns, no {place}")
    if not entry.cells[line - 1][column - 1]:
        raise WarehouseError(f"line {line}, column {column} of the table is no number of a row")
    return entry.cells[line - 1][column - 1]


def _at(folder: Path, place: str) -> ReportCell:
    """Cell at ``FILE ROW:COLUMN``, as the report notes it."""
    file, _, cell = place.partition(" ")
    return _cell_of(folder / file, parsed_cell(cell))


def _cell_of(source: Path, cell: Cell) -> ReportCell:
    rows = list(csv.DictReader(io.StringIO(_text(source))))
    query = _text(source.with_suffix(".sql")).strip().removesuffix(";")
    return ReportCell(source, query, _row(rows, cell, source), cell.column)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WarehouseError(f"{path} is missing: build the report again") from error


def _row(rows: list[dict[str, str]], cell: Cell, source: Path) -> dict[str, str]:
    if not rows:
        raise WarehouseError(f"{source} has no rows")
    unknown = [name for name in (cell.column, *cell.where) if name not in rows[0]]
    if unknown:
        raise WarehouseError(f"{source} has no column {unknown[0]!r}, but {', '.join(rows[0])}")
    if cell.row is not None:
        if cell.row > len(rows):
            raise WarehouseError(f"{source} has {len(rows)} rows, and no row {cell.row}")
        return rows[cell.row - 1]
    found = [row for row in rows if all(row[name] == value for name, value in cell.where.items())]
    if len(found) != 1:
        raise WarehouseError(
            f"{len(found)} rows of {source} fit {dict(cell.where)}: one is expected"
        )
    return found[0]
