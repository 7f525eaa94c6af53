"""Prose names its numbers: the macro prints what the table prints, and a lost name is an error."""

import re
import shutil
import subprocess

import polars as pl
import pytest

from reports.build import write_report
from reports.exhibits.exhibit import Artefact
from reports.macros import named_numbers, number_macros
from reports.places import Places
from reports.rendering import Report
from reports.tables.model import Block, Column, Number, Row, Table
from reports.typesetting import has_pdflatex
from warehouse.errors import ReportError


def artefact(*numbers: Number) -> Artefact:
    """Return a table of one row."""
    columns = tuple(Column(str(index)) for index in range(len(numbers)))
    return Artefact("t", "", Table(columns, (Block((Row(numbers),)),)), ())


def texts(artefacts: list[Artefact]) -> dict[str, str]:
    return {name: one.text for name, one in named_numbers(artefacts).items()}


def test_a_name_is_made_of_what_picks_the_number():
    where = {"dataset": "knee_50%", "n_blocks": None, "score": ("auc", "auc_ovr_weighted")}
    number = Number(0.1234, 1, spread=0.05, interval=(0.1, 0.2), scale=100, where=where)
    assert texts([artefact(number)]) == {
        "t/knee-50/auc": "12.3",
        "t/knee-50/auc/spread": "5.0",
        "t/knee-50/auc/low": "10.0",
        "t/knee-50/auc/high": "20.0",
    }


def test_columns_and_equal_names_are_told_apart():
    where = {"layer": "a_b"}
    numbers = [Number(1.0, 0, where=where), Number(2.0, 0, where=where, column="p_value")]
    same = Number(3.0, 0, where={"layer": "a-b"})
    assert texts([artefact(*numbers, same)]) == {
        "t/a-b": "1",
        "t/a-b/p-value": "2",
        "t/a-b-2": "3",
    }


def test_numbers_without_a_row_or_a_value_have_no_name():
    assert named_numbers([artefact(Number(1.0), Number(None, where={"a": "b"}))]) == {}


def test_the_names_are_those_of_the_tables(report, con):
    text = report.files["numbers.tex"].decode()
    (best,) = con.sql(
        "select estimate from results.intervals where dataset = 'breast'"
        " and pretraining = 'ImageNet' and adaptation = 'full'"
    ).pl()["estimate"]
    name = "juodelyte2023-table-2/breast/imagenet/full"
    (line,) = [line for line in text.splitlines() if f"repdrift@{name}}}" in line]
    assert line.startswith(rf"\@namedef{{repdrift@{name}}}{{\num{{{best * 100:.1f}}}}}% tables/")


def test_every_number_says_where_it_stands_among_the_rows_of_its_table(report):
    numbers = re.findall(
        r"^\\@namedef\{repdrift@(.+)\}\{\\num\{(.+)\}\}(?:% (\S+) (\d+):(\w+))?$",
        report.files["numbers.tex"].decode(),
        re.MULTILINE,
    )
    assert len(numbers) > 100
    rows = {
        path: pl.read_csv(report.files[path], infer_schema=False)
        for path in {path for _, _, path, *_ in numbers}
    }
    for name, text, path, row, column in numbers:
        value = float(rows[path][column][int(row) - 1])
        digits = len(text.partition(".")[2])
        assert text in {f"{value * scale:z.{digits}f}" for scale in (1, 100)}, name


@pytest.mark.skipif(not has_pdflatex(), reason="needs pdflatex")
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (poppler-utils)")
def test_latex_prints_the_number_and_stops_at_an_unknown_name(tmp_path):
    macros = number_macros([artefact(Number(-0.5, 2, where={"layer": "conv1"}))])

    def document(name: str) -> Report:
        body = (
            "\\documentclass{article}\\usepackage{siunitx}\\input{numbers}\\begin{document}"
            f"slope \\repdrift{{{name}}}.\\end{{document}}"
        )
        files = {"report.tex": body.encode(), "numbers.tex": macros.encode()}
        return Report(files, left_out={}, n_tables=0, n_figures=0)

    pdf = write_report(document("t/conv1"), tmp_path).document
    subprocess.run(["pdftotext", pdf, tmp_path / "out.txt"], check=True)
    assert "slope −0.50." in (tmp_path / "out.txt").read_text()
    with pytest.raises(ReportError, match="There is no number t/conv2"):
        write_report(document("t/conv2"), tmp_path / "unknown")


def test_an_empty_report_defines_the_macro_all_the_same():
    assert r"\providecommand{\repdrift}" in number_macros([])
    assert pl.DataFrame(named_numbers([])).is_empty()


def test_a_number_stands_only_where_the_row_has_its_value():
    rows = pl.DataFrame({"dataset": ["chest", "knee"], "estimate": [0.5, 0.7]})
    among = Places("tables/t.csv", rows)
    assert among.row(Number(0.7, 1, where={"dataset": "knee"})) == 1
    assert among.row(Number(0.71, 1, where={"dataset": "knee"})) is None
    assert among.row(Number(0.7, 1, where={"dataset": "isic"})) is None
