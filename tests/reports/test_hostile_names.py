"""No name can break a table, a figure, a query or a page: each prints as it stands."""

import html
import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import polars as pl
import pytest
from markdown_it import MarkdownIt

from reports.document import Section
from reports.drawing import figure_bytes
from reports.exhibits.exhibit import Artefact
from reports.exhibits.scores import EXHIBIT as SCORES
from reports.exhibits.similarities import EXHIBIT as SIMILARITIES
from reports.figures.svg import inline_svg
from reports.formatting import escape_latex
from reports.rendering import artefact_files
from reports.tables.html import html_table
from reports.tables.model import Block, Column, Number, Row, Table
from reports.typesetting import has_pdflatex
from tests.reports.building import built
from tests.reports.test_typesetting import typeset_tables

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# An option of a table row, an entity, mathematics, markup, quotes, and what ends a script.
NAMES = {
    "breast": "[2mm] _$\\alpha$ <b>\"&amp;'",
    "chest": "*star* $x$ | 100% `#1` </script>",
    "knee_50%": "- ~a^ {\\input{b}} '; drop table raw.runs; --",
}


@pytest.fixture
def hostile(con):
    for table in ("raw.runs", "results.intervals"):
        for name, other in NAMES.items():
            con.execute(f"update {table} set dataset = $1 where dataset = $2", [other, name])
    return con


@pytest.fixture
def scores(hostile) -> Artefact:
    return built(hostile, SCORES)[0]


def table_of(artefact: Artefact) -> Table:
    assert isinstance(artefact.content, Table)
    return artefact.content


def cells(markup: str) -> set[str]:
    """Return the texts of the cells of an HTML table, as a reader sees them."""
    found = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", markup, re.DOTALL)
    return {html.unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in found}


def test_markdown_shows_every_name(scores):
    text = artefact_files(scores)[f"tables/{scores.name}.md"].decode()
    assert set(NAMES.values()) <= cells(MARKDOWN.render(text))


def test_html_shows_every_name(scores):
    shown = cells(html_table(table_of(scores), name=scores.name, caption="<i>"))
    assert set(NAMES.values()) <= shown


def test_csv_and_sql_have_every_name(hostile, scores):
    files = artefact_files(scores)
    given = pl.read_csv(io.BytesIO(files[f"tables/{scores.name}.csv"]))
    rows = hostile.sql(files[f"tables/{scores.name}.sql"].decode()).pl()
    assert set(given["dataset"]) == set(rows["dataset"]) == set(NAMES.values())
    for cell in (cell for row in table_of(scores).rows for cell in row.cells):
        where = getattr(cell, "where", {})
        assert where.get("dataset", NAMES["breast"]) in NAMES.values()


@pytest.mark.skipif(not has_pdflatex(), reason="needs pdflatex")
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (poppler-utils)")
def test_latex_prints_every_name_at_the_start_of_a_row_too(tmp_path):
    rows = tuple(Row((name, Number(0.5))) for name in NAMES.values())
    table = Table((Column("dataset"), Column("AUC")), (Block(rows),))
    artefact = Artefact("t", "A caption.", table, ())
    document = typeset_tables([Section(SCORES, (artefact,))], tmp_path).document
    printed = subprocess.run(
        ["pdftotext", "-layout", document, "-"], check=True, capture_output=True, text=True
    ).stdout
    for name in NAMES.values():
        assert name.replace(" ", "") in printed.replace(" ", "")


@pytest.mark.parametrize("name", ["[1cm]", "*", " [x"])
def test_a_name_is_no_option_of_the_row_before_it(name):
    assert escape_latex(name).startswith("{}")


def test_a_figure_shows_every_name_as_it_stands(hostile):
    (artefact,) = built(hostile, SIMILARITIES)
    assert not isinstance(artefact.content, Table)
    figure = artefact.content()
    assert figure_bytes(figure, "pdf").startswith(b"%PDF")
    svg = inline_svg(figure, prefix="f", artefact=artefact.name, caption="<i>\"'")
    texts = {"".join(text.itertext()).strip() for text in ET.fromstring(svg).iter() if text.text}
    assert set(NAMES.values()) <= texts
