r"""``numbers.tex``: a name for every number of the tables, so that prose cannot drift from data.

A paper says ``\input{numbers}`` and then ``\repdrift{table-2/thyroid/imagenet/full}``; a number
that is no longer there stops LaTeX with an error that says its name. The comment after each
definition is its file and cell, as ``repdrift warehouse trace`` takes them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reports.exhibits.exhibit import Artefact, slug
from reports.formatting import number
from reports.places import Places, place, places
from reports.tables.model import Number, Table

_HEAD = r"""% Numbers of the report by name: \repdrift{NAME}. Made from the warehouse.
\makeatletter
\providecommand{\repdrift}[1]{\@ifundefined{repdrift@#1}%
  {\PackageError{repdrift}{There is no number #1}{numbers.tex lists them.}}%
  {\@nameuse{repdrift@#1}}}
"""


class NamedNumber(NamedTuple):
    """A number as it is printed, and where it stands: ``FILE ROW:COLUMN``, '' for nowhere."""

    text: str
    place: str


def number_macros(artefacts: Iterable[Artefact]) -> str:
    """Return ``numbers.tex``.

    Parameters
    ----------
    artefacts : iterable of Artefact
        Numbers of their tables get names; figures have theirs in the tables.

    Returns
    -------
    str
        One definition per line, rounded as the table rounds, through siunitx; its place follows as
        a comment.
    """
    lines = [
        rf"\@namedef{{repdrift@{name}}}{{\num{{{one.text}}}}}% {one.place}".rstrip(" %")
        for name, one in named_numbers(artefacts).items()
    ]
    return _HEAD + "".join(line + "\n" for line in lines) + "\\makeatother\n"


def named_numbers(artefacts: Iterable[Artefact]) -> dict[str, NamedNumber]:
    """Return every number by its name, in the order of the tables.

    The name is the artefact's, then what picks the row, then the column unless it is the estimate;
    ``/spread``, ``/low`` and ``/high`` follow for its uncertainty. Names that would be the same are
    told apart by ``-2``, ``-3`` ... in the order of the table.
    """
    names: dict[str, NamedNumber] = {}
    for artefact in artefacts:
        if not isinstance(artefact.content, Table):
            continue
        cells = [cell for row in artefact.content.rows for cell in row.cells]
        among = places(artefact)
        for cell in cells:
            if isinstance(cell, Number) and cell.value is not None and cell.where:
                stem = _unused("/".join((artefact.name, *_parts(cell))), names)
                names |= {stem + suffix: named for suffix, named in _named(cell, among)}
    return names


def _parts(cell: Number) -> list[str]:
    values = [value[0] if isinstance(value, tuple) else value for value in cell.where.values()]
    column = [] if cell.column == "estimate" else [cell.column]
    return [part for value in (*values, *column) if (part := slug(value))]


def _unused(name: str, names: Mapping[str, NamedNumber]) -> str:
    candidate, count = name, 1
    while candidate in names:
        count += 1
        candidate = f"{name}-{count}"
    return candidate


def _named(cell: Number, among: Sequence[Places]) -> Iterator[tuple[str, NamedNumber]]:
    low, high = cell.interval or (None, None)
    parts = {
        "": (cell.value, cell.column),
        "/spread": (cell.spread, cell.spread_column),
        "/low": (low, cell.interval_columns[0]),
        "/high": (high, cell.interval_columns[1]),
    }
    for suffix, (value, column) in parts.items():
        if value is not None:
            least = 0.0 if suffix else cell.least
            text = number(value, cell.digits, scale=cell.scale, least=least)
            yield suffix, NamedNumber(text, place(cell, among, column))
