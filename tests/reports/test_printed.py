"""The printed tables of the three papers: every cell as it stands, ties by test, notes by audit."""

import re
from collections.abc import Iterator

import duckdb
import polars as pl
import pytest

from analysis.printed.audit import audit
from analysis.printed.files import load_tables, printed_numbers
from reports.exhibits.papers import places_of
from reports.exhibits.printed import _table, printed_table
from reports.exhibits.printed_layouts import LAYOUTS
from reports.rendering import Report, _data, render
from reports.tables.model import Number, Table
from tests.reports.conftest import fill, insert

CELL = re.compile(r"\\num\{(.+?)\}")


def add_printed(con: duckdb.DuckDBPyConnection) -> None:
    """Insert the printed tables of the three papers and their audit."""
    tables, checks = load_tables()
    found = audit(tables, checks).with_row_index("number", offset=1)
    insert(con, "results.audits", found.with_columns(analysis_id=pl.lit("a2")))
    cells = printed_numbers(tables).with_columns(analysis_id=pl.lit("a2"))
    insert(con, "results.printed_numbers", cells)


@pytest.fixture(scope="module")
def published() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a warehouse with a few runs and what is printed."""
    with duckdb.connect() as con:
        fill(con)
        add_printed(con)
        yield con


@pytest.fixture(scope="module")
def reports(published) -> dict[str, Report]:
    """Return the replication report of each paper, without pictures."""
    papers = sorted({layout.paper for layout in LAYOUTS})
    return {paper: render(published, paper=paper, pictures=False) for paper in papers}


def table_of(published, name: str) -> Table:
    """Return a printed table as data."""
    (layout,) = [layout for layout in LAYOUTS if layout.name == name]
    data = _data(published, places_of(layout.paper), layout.paper)
    (artefact,) = printed_table(layout, data)
    assert isinstance(artefact.content, Table)
    return artefact.content


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_printed_number_is_there_digit_by_digit(reports, layout):
    tables, _ = load_tables()
    cells = tables[layout.name]
    wanted = sorted(
        f"{cell['value']} +- {cell['sd']}" if cell["sd"] else cell["value"]
        for cell in cells.iter_rows(named=True)
    )
    if layout.bracket:
        wanted += [b.removeprefix("+") for b in cells["bracket"].drop_nulls().to_list()]
    name = f"tables/{layout.name.replace('_', '-')}-printed.tex"
    assert sorted(CELL.findall(reports[layout.paper].files[name].decode())) == sorted(wanted)


def test_the_bold_numbers_of_pales_table_2_are_best_and_most_others_tie(published):
    table = table_of(published, "pales2024_table2")
    kappa, recall = (
        [cell for row in table.rows if isinstance(cell := row.cells[i], Number)] for i in (1, 3)
    )
    assert [cell.rank for cell in kappa].count("best") == 1
    assert [cell.rank for cell in kappa].count("tied") == 12
    (best,) = [cell for cell in recall if cell.rank == "best"]
    assert (best.value, best.spread) == (0.859, 0.007)
    assert [cell.value for cell in recall if cell.rank == "tied"] == [0.808]  # ± 0.022


def test_wrong_brackets_of_pales_table_3_carry_the_letter_of_their_note(published):
    table = table_of(published, "pales2024_table3")
    marked = {
        (row.cells[0], cell.where["table_column"]): cell.marks
        for row in table.rows
        for cell in row.cells
        if isinstance(cell, Number) and cell.column == "bracket" and cell.marks
    }
    assert len(marked) == 14
    assert {key for key, letters in marked.items() if "b" in letters} == {
        ("SEEM", "DDSM"),
        *(("BLIP", target) for target in ("APTOS2019", "DDSM", "ISIC2019", "CheXpert")),
    }
    assert "a The paper says: “Percentage gain" in table.notes[-2]
    assert table.notes[-2].endswith("14 of 20 checks disagree.")
    assert table.notes[-1].endswith("5 of 20 checks disagree.")


@pytest.mark.parametrize(("n_statements", "n_left"), [(30, 0), (52, 0), (55, 3)])
def test_statements_get_every_letter_and_the_others_are_counted(published, n_statements, n_left):
    own = {"printed_table": "pales2024_table3"}
    (layout,) = [layout for layout in LAYOUTS if layout.name == own["printed_table"]]
    cells = _data(published, places_of(layout.paper), layout.paper).select("printed_numbers", **own)
    one = published.sql("from results.audits").pl().filter(**own, kind="derived").head(1)
    many = pl.concat(
        one.with_columns(states=pl.lit(f"statement {i}"), is_consistent=False)
        for i in range(n_statements)
    )
    notes = _table(layout, cells.rows, many).notes
    assert len({note[0] for note in notes if "statement " in note}) == n_statements - n_left
    assert ("3 more statements" in notes[-1]) == (n_left == 3)


def test_difference_columns_say_their_sign(published):
    for name in ("zu2025_table1", "zu2025_table2"):
        labels = [column.label for column in table_of(published, name).columns]
        assert labels.count("mean − CLS") == 5
        assert not any("Δ" in label for label in labels)


def test_a_lost_cell_is_a_dash_and_no_number(published):
    table = table_of(published, "zu2025_table1")
    (linear,) = [block for block in table.blocks if block.heading == "linear"]
    chest = [row.cells[5] for row in linear.rows]
    assert chest == [Number(None)] * 3


def test_without_printed_numbers_the_section_is_left_out(con):
    report = render(con, paper="pales2024", pictures=False)
    assert "repdrift analysis audit" in report.left_out["Table 3, as printed"]
