"""A document of every table compiles without a warning that matters; wide ones are made to fit."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl
import pytest

from reports.build import Written, write_report
from reports.document import Section, report_tex
from reports.exhibits.exhibit import Artefact, Data, Exhibit
from reports.macros import number_macros
from reports.rendering import Report, artefact_files
from reports.tables.model import Block, Column, Number, Row, Table
from reports.typesetting import has_pdflatex
from tests.reports.building import built
from tests.reports.conftest import fill
from tests.reports.specimens import SPECIMENS, every_exhibit

pytestmark = pytest.mark.skipif(not has_pdflatex(), reason="needs pdflatex")
NETWORKS = pl.DataFrame({"origin": ["repdrift"], "n_runs": [5], "dataset": ["breast"]})


def no_rows(_: Data) -> list[Artefact]:
    return []


def typeset_tables(sections: Sequence[Section], directory: Path) -> Written:
    """Write and compile a document of tables."""
    artefacts = [artefact for section in sections for artefact in section.artefacts]
    files = {"report.tex": report_tex(sections, NETWORKS, None).encode(), "manifest.json": b"{}"}
    files["numbers.tex"] = number_macros(artefacts).encode()
    for artefact in artefacts:
        files |= artefact_files(artefact)
    return write_report(Report(files, {}, len(artefacts), 0), directory)


def test_a_document_of_every_table_has_no_warning(tmp_path):
    sections = []
    with duckdb.connect() as con:
        fill(con)
        for exhibit in every_exhibit():
            con.begin()
            SPECIMENS[exhibit.name](con)
            tables = [one for one in built(con, exhibit) if isinstance(one.content, Table)]
            sections.append(Section(exhibit, tuple(tables)))
            con.rollback()
    written = typeset_tables(sections, tmp_path)
    assert sum(len(section.artefacts) for section in sections) > 20
    assert written.messages == ()


def table(n_rows: int, heading: str, *texts: str) -> Table:
    """Return a table of equal rows: texts, then a number."""
    columns = (*(Column(f"column {i}", "group") for i in range(len(texts))), Column("number"))
    return Table(columns, (Block((Row((*texts, Number(0.5, 3))),) * n_rows, heading),))


@pytest.mark.parametrize(
    "content",
    [
        table(3, "", *["a text that takes its room"] * 9),
        table(3, "A heading that goes on and on " * 9, "a", "b"),
        table(3, "A heading that goes on and on " * 9, *["a text that takes its room"] * 4),
        table(120, "short", "a", "b"),
    ],
    ids=["wide", "long heading", "both", "three pages"],
)
def test_a_table_that_is_too_large_is_made_to_fit(tmp_path, content):
    artefact = Artefact("t", "A caption.", content, ())
    exhibit = Exhibit("t", "Title", ("scores",), no_rows, "none")
    written = typeset_tables([Section(exhibit, (artefact,))], tmp_path)
    assert written.messages == ()
    assert written.document.stat().st_size > 1000
