"""Printed tables of papers, cell by cell as they stand, with what the audit found as notes."""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.printed_layouts import LAYOUTS, Layout
from reports.tables.model import Block, Column, Number, Row, Table, with_best_marked

OF_BRACKETS = ("derived", "bracket_sign")  # kinds of checks that look at what is in brackets
TIES = "highest"  # the kind of check that says which numbers a test does not tell from the best
_NAMES = re.compile(r" > | = | over ")


def printed_table(layout: Layout, data: Data) -> list[Artefact]:
    """Return a table as it is printed, if the warehouse has its numbers.

    Parameters
    ----------
    layout : Layout
        Which table, and how it stands on paper.
    data : Data
        With ``printed_numbers`` and ``audits``.
    """
    source = data.select("printed_numbers", printed_table=layout.name)
    if source.rows.is_empty():
        return []
    checks = data.select("audits", printed_table=layout.name)
    return [
        Artefact(
            name=slug(layout.name, "printed"),
            caption=f"{layout.caption} As printed.",
            content=_table(layout, source.rows, checks.rows),
            sources=(source, checks),
        )
    ]


def _table(layout: Layout, cells: pl.DataFrame, checks: pl.DataFrame) -> Table:
    is_tie = pl.col("kind") == TIES
    open_ties = checks.filter(is_tie, ~pl.col("is_consistent"))
    findings = checks.filter(~is_tie, ~pl.col("is_consistent"))
    stated = findings["states"].unique(maintain_order=True)
    letters = dict(zip(stated, string.ascii_letters, strict=False))
    is_of_bracket = pl.col("kind").is_in(OF_BRACKETS)
    marks = _marks(findings.filter(~is_of_bracket), letters)
    bracket_marks = _marks(findings.filter(is_of_bracket), letters)
    ties = {key for key, _ in _by_cell(open_ties)}
    numbers = {
        (str(cell["table_row"]), str(cell["table_column"])): _number(cell, marks)
        for cell in cells.iter_rows(named=True)
    }
    numbers = _with_ranks(numbers, ties, layout)
    brackets = {
        (str(cell["table_row"]), str(cell["table_column"])): _bracket(cell, bracket_marks)
        for cell in cells.iter_rows(named=True)
    }
    lines, heads = layout.lines(cells), layout.heads(cells)
    blocks: dict[str, list[Row]] = {}
    for line in lines:
        block, name = layout.block_and_name(line)
        row: list[Number | str] = [name]
        for head in heads:
            key = (head, line) if layout.is_transposed else (line, head)
            row.append(numbers.get(key, Number(None)))
            if layout.bracket:
                row.append(brackets.get(key, Number(None)))
        blocks.setdefault(block, []).append(Row(tuple(row)))
    return Table(
        columns=(Column(layout.stub), *_columns(layout, heads)),
        blocks=tuple(Block(tuple(rows), heading) for heading, rows in blocks.items()),
        notes=(
            *layout.notes,
            *_tie_notes(checks.filter(is_tie)),
            *_notes(letters, checks),
            *_unlettered_notes(len(stated) - len(letters)),
        ),
    )


def _columns(layout: Layout, heads: list[str]) -> Iterator[Column]:
    for head in heads:
        group, label = layout.heading(head)
        if layout.bracket:
            yield Column(label, group)
            yield Column(layout.bracket, group)
        else:
            yield Column(label, group)


def _by_cell(findings: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """Give each cell that a check names, and the rows of the checks that name it."""
    named = findings.with_columns(
        name=pl.col("table_row").map_elements(_NAMES.split, return_dtype=pl.List(pl.String))
    ).explode("name", empty_as_null=True)
    for (name, column), own in named.group_by("name", "table_column", maintain_order=True):
        yield (str(name), str(column)), own


def _marks(findings: pl.DataFrame, letters: Mapping[str, str]) -> dict[tuple[str, str], str]:
    return {
        key: "".join(
            sorted(
                {letters[states] for states in own["states"] if states in letters},
                key=string.ascii_letters.index,
            )
        )
        for key, own in _by_cell(findings)
    }


def _digits(printed: str) -> int:
    return len(printed.partition(".")[2])


def _number(cell: Mapping[str, object], marks: Mapping[tuple[str, str], str]) -> Number:
    key = (str(cell["table_row"]), str(cell["table_column"]))
    return Number(
        float(str(cell["estimate"])),
        digits=_digits(str(cell["printed"])),
        spread=cell["sd"],  # type: ignore[arg-type]
        marks=marks.get(key, ""),
        where={"table_row": key[0], "table_column": key[1]},
    )


def _bracket(cell: Mapping[str, object], marks: Mapping[tuple[str, str], str]) -> Number:
    key = (str(cell["table_row"]), str(cell["table_column"]))
    if cell["bracket"] is None:
        return Number(None)
    return Number(
        float(str(cell["bracket"])),
        digits=_digits(str(cell["printed_bracket"])),
        marks=marks.get(key, ""),
        where={"table_row": key[0], "table_column": key[1]},
        column="bracket",
    )


def _with_ranks(
    numbers: Mapping[tuple[str, str], Number], ties: set[tuple[str, str]], layout: Layout
) -> dict[tuple[str, str], Number]:
    """Mark the highest number of each target, and those that Welch's test does not tell from it."""
    ranked = dict(numbers)
    for target in dict.fromkeys(column for _, column in numbers) if layout.marks_best else ():
        keys = [key for key in numbers if key[1] == target]
        tied = [index for index, key in enumerate(keys) if key in ties]
        for key, cell in zip(
            keys, with_best_marked([numbers[key] for key in keys], tied=tied), strict=True
        ):
            ranked[key] = replace(numbers[key], rank=cell.rank)
    return ranked


def _tie_notes(checks: pl.DataFrame) -> Iterator[str]:
    if len(checks):
        yield (
            "Underlined: the highest number of a column. † not told from it by Welch's test of the "
            f"printed means and SDs (Holm over the {len(checks)} tests of the table)."
        )


def _notes(letters: Mapping[str, str], checks: pl.DataFrame) -> Iterator[str]:
    for states, letter in letters.items():
        own = checks.filter(states=states)
        n_wrong = len(own.filter(~pl.col("is_consistent")))
        yield f"{letter} The paper says: “{states}”. {n_wrong} of {len(own)} checks disagree."


def _unlettered_notes(n_statements: int) -> Iterator[str]:
    if n_statements:
        yield (
            f"{n_statements} more statements of the paper that its numbers contradict have no "
            "letter left; results.audits has them."
        )


def exhibit(layout: Layout) -> Exhibit:
    """Return the exhibit of a printed table."""

    def build(data: Data) -> list[Artefact]:
        return printed_table(layout, data)

    return Exhibit(
        name=slug(layout.name, "printed"),
        title=f"{layout.label}, as printed",
        queries=("printed_numbers", "audits"),
        build=build,
        missing="no printed numbers; repdrift analysis audit -w WAREHOUSE brings them",
        paper=layout.paper,
    )


EXHIBITS = tuple(exhibit(layout) for layout in LAYOUTS)
