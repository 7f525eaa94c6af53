"""Tables keep their numbers, mark the best, and print the same bytes as the golden files."""

import pytest

from reports.tables.latex import latex_table
from reports.tables.markdown import markdown_table
from reports.tables.model import Block, Column, Number, Row, Table, with_best_marked
from tests.reports.golden_files import check_golden


@pytest.fixture
def table() -> Table:
    """Two groups, headings, ±, an interval, an undefined cell, hostile names."""
    first = with_best_marked(
        [Number(0.523, digits=1, spread=0.0885, scale=100), Number(0.905, 1, 0.221, scale=100)]
    )
    second = with_best_marked([Number(0.0951, 1, 0.1, scale=100), Number(None)], tied=[1])
    columns = (Column("data_set"), Column("no freeze", "A & B"), Column("freeze", "A & B"))
    return Table(
        columns=(*columns, Column("slope", "")),
        blocks=(
            Block((Row(("x_1", *first, Number(-0.5, 2, interval=(-0.75, 0.25)))),), "50% of #1"),
            Block((Row(("y", *second, Number(1.0, 2, rank="tied"))),)),
        ),
        notes=("± is the SD over folds.",),
    )


def test_latex_is_golden(table):
    check_golden("table.tex", latex_table(table))


def test_markdown_is_golden(table):
    check_golden("table.md", markdown_table(table))


def test_groups_are_ruled_and_plain_columns_are_not(table):
    assert latex_table(table).count(r"\cmidrule(lr){2-3}") == 1
    assert latex_table(table).count(r"\cmidrule") == 1


def test_a_table_of_many_rows_breaks_over_pages():
    rows = tuple(Row((str(i),)) for i in range(46))
    text = latex_table(Table((Column("i"),), (Block(rows),)))
    assert text.startswith(r"\begin{longtable}")
    assert r"\endhead" in text


@pytest.mark.parametrize(
    ("values", "largest", "ranks"),
    [
        ([0.1, 0.3, 0.2], True, ["", "best", ""]),
        ([0.1, 0.3, 0.2], False, ["best", "", ""]),
        ([0.3, 0.3], True, ["best", "best"]),
        ([None, None], True, ["", ""]),
        ([0.30001, 0.3], True, ["best", ""]),
    ],
)
def test_best_is_told_on_unrounded_values(values, largest, ranks):
    marked = with_best_marked([Number(value, digits=1) for value in values], largest=largest)
    assert [cell.rank for cell in marked] == ranks


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ((Block((Row(("a", "b")),)),), "2 cells, the table 1 columns"),
        ((Block(()),), "a table without a row"),
    ],
)
def test_refuses(blocks, message):
    with pytest.raises(ValueError, match=message):
        Table((Column("x"),), blocks)
