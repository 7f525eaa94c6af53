"""What a report is made of: queries, the rows they gave, exhibits and the artefacts they become."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl
from matplotlib.figure import Figure

from reports.store import AtLeast
from reports.style import Appearance
from reports.tables.model import Table

MOST_RUN_IDS = 100_000  # of one CSV: 1.7 MB


@dataclass(frozen=True)
class Selection:
    """Rows of a query that an artefact shows, and the condition that picks them.

    Attributes
    ----------
    query : str
        Stem of the file in ``reports/queries``.
    where : mapping of str to str, int, float, None, tuple or AtLeast
        Value that each column has; one of several where it is a tuple; no less than AtLeast.
    rows : DataFrame
        Rows that satisfy them.
    """

    query: str
    where: Mapping[str, object]
    rows: pl.DataFrame

    @cached_property
    def csv(self) -> bytes:
        """The rows as CSV."""
        return csv_bytes(self.rows)


def csv_bytes(rows: pl.DataFrame) -> bytes:
    """Return rows as CSV, numbers unrounded, lists joined by spaces.

    Run ids are left out where there are more than 100,000 of them: the SQL gives them.
    """
    if "run_ids" in rows.columns and rows["run_ids"].list.len().sum() > MOST_RUN_IDS:
        rows = rows.drop("run_ids")
    lists = [name for name, kind in rows.schema.items() if kind == pl.List]
    return (
        rows.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join(" "))
        .write_csv()
        .encode()
    )


@dataclass(frozen=True)
class Artefact:
    """A table or figure with its caption and the rows behind it.

    Attributes
    ----------
    name : str
        Stem of its files: lower case, digits and hyphens.
    caption : str
        Plain text; says n, what the ± is, and which test.
    content : Table or callable
        What is shown: a table, or what draws the figure when it is called.
    sources : tuple of Selection
        The numbers, first the main ones.
    hover : mapping of str to DataFrame
        Id of a group of marks in the figure, and a row of details per mark.
    """

    name: str
    caption: str
    content: Table | Callable[[], Figure]
    sources: tuple[Selection, ...]
    hover: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def matching(where: Mapping[str, object]) -> list[pl.Expr]:
    """Return conditions: a column equals its value, is null, is in a tuple, or is large enough."""
    return [_matches(pl.col(column), value) for column, value in where.items()]


def _matches(column: pl.Expr, value: object) -> pl.Expr:
    if isinstance(value, AtLeast):
        return column >= value.least
    if isinstance(value, tuple):
        return column.is_in(value)
    return column.eq_missing(pl.lit(value))


@dataclass(frozen=True)
class Data:
    """What a builder gets.

    Attributes
    ----------
    frames : mapping of str to DataFrame
        Rows of each query.
    networks, datasets : mapping of str to Appearance
        One appearance per network and per dataset, the same in every figure.
    paper : str or None
        Paper that the report is limited to.
    conditions : mapping
        By query and origin: which values the rows of ``frames`` were limited to; empty for every
        row.
    selected : dict
        Selections made so far; the parts of a figure share theirs.
    """

    frames: Mapping[str, pl.DataFrame]
    networks: Mapping[str, Appearance]
    datasets: Mapping[str, Appearance]
    paper: str | None = None
    conditions: Mapping[str, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)
    selected: dict[object, Selection] = field(default_factory=dict, init=False, repr=False)

    def select(self, query: str, **where: object) -> Selection:
        """Return the rows of a query where columns have the given values.

        None matches null, a tuple any of its values; without a condition every row is returned.
        """
        limits = self.conditions.get(query, {}).get(str(where.get("origin")), {})
        where = {**where, **{name: _both(where.get(name), limits[name]) for name in limits}}
        key = (query, tuple(where.items()))
        if key not in self.selected:
            frame = self.frames[query]
            rows = frame.filter(matching(where)) if where else frame
            self.selected[key] = Selection(query, where, rows)
        return self.selected[key]


def _both(given: object, limit: object) -> object:
    """Return what a column may be under a condition of its own and a limit of the selection."""
    if isinstance(given, tuple) and isinstance(limit, tuple):
        return tuple(value for value in given if value in limit)
    return limit if given is None else given


@dataclass(frozen=True)
class Exhibit:
    """A declaration: what is shown, under which title, from which queries.

    Attributes
    ----------
    name : str
        Unique.
    title : str
        Heading of its section.
    queries : tuple of str
        Stems of files in ``reports/queries``; without a row of the first one there is no section.
    build : callable
        From the rows to artefacts; an empty list when none of them is for this exhibit.
    missing : str
        How to get the rows, for the line that stands in for the section.
    paper : str
        Paper whose exhibit this is; '' for repdrift's own.
    """

    name: str
    title: str
    queries: tuple[str, ...]
    build: Callable[[Data], list[Artefact]]
    missing: str
    paper: str = ""


def source_stems(artefact: Artefact) -> list[str]:
    """Return what follows the artefact's name in the files of each source: the first nothing."""
    return ["" if i == 0 else f".{s.query}" for i, s in enumerate(artefact.sources)]


def named(first: str, second: str, name: Callable[[Any, Any], str]) -> pl.Expr:
    """Return a column with the name of each pair of values of two columns."""
    return pl.struct(first, second).map_elements(
        lambda pair: name(pair[first], pair[second]), return_dtype=pl.String
    )


def span(counts: pl.Series) -> str:
    """Return the range of counts in words.

    Examples
    --------
    >>> span(pl.Series([5, 5])), span(pl.Series([4, 5]))
    ('5', '4 to 5')
    """
    different = sorted(set(counts.to_list()))
    return " to ".join(str(count) for count in {different[0]: None, different[-1]: None})


def slug(*parts: object) -> str:
    """Return a file name of lower-case letters, digits and hyphens, no part twice running.

    Examples
    --------
    >>> slug("gain_ratio:auc", "ResNet50", None, 3)
    'gain-ratio-auc-resnet50-3'
    >>> slug("ranks", "juodelyte2023", "juodelyte2023")
    'ranks-juodelyte2023'
    """
    words = [str(part) for part in parts if part not in (None, "")]
    text = "-".join(word for i, word in enumerate(words) if i == 0 or word != words[i - 1])
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())
    return "-".join(piece for piece in kept.split("-") if piece)
