"""A report is written whole, twice the same, compiled where LaTeX is, and never beyond itself."""

import shutil
from pathlib import Path

import pytest

from reports.build import write_report
from reports.rendering import Report
from reports.typesetting import INSTALL, has_pdflatex, typeset
from warehouse.errors import ReportError

needs_latex = pytest.mark.skipif(
    not has_pdflatex(), reason="needs pdflatex (texlive-latex-recommended, texlive-science)"
)


def small_report(body: str = "Hello") -> Report:
    """Return a report of one document and no artefact."""
    document = f"\\documentclass{{article}}\\begin{{document}}{body}\\end{{document}}"
    files = {"report.tex": document.encode(), "manifest.json": b'{"artefacts": []}'}
    return Report(files=files, left_out={"Scores": "none"}, n_tables=0, n_figures=0)


@needs_latex
def test_the_report_compiles_without_a_warning_and_to_the_same_bytes(report, tmp_path):
    one, two = (write_report(report, tmp_path / name) for name in ("one", "two"))
    assert all(message.startswith("left out: ") for message in one.messages)
    assert len(one.messages) == len(report.left_out)
    assert one.document.read_bytes() == two.document.read_bytes()
    left = {path.name for path in (tmp_path / "one").iterdir()}
    assert left == {
        "figures",
        "tables",
        "report.tex",
        "numbers.tex",
        "index.html",
        "report.pdf",
        "manifest.json",
    }


def test_files_of_an_earlier_report_go_and_others_stay(report, tmp_path):
    write_report(report, tmp_path, pdf=False)
    (tmp_path / "tables" / "mine.tex").write_text("mine")
    write_report(small_report(), tmp_path, pdf=False)
    assert [path.name for path in tmp_path.rglob("*.csv")] == []
    assert (tmp_path / "tables" / "mine.tex").read_text() == "mine"


def test_a_file_that_no_report_wrote_is_not_replaced(report, tmp_path):
    (tmp_path / "report.tex").write_text("my paper")
    with pytest.raises(ReportError, match=r"has a report\.tex that no report wrote: name another"):
        write_report(report, tmp_path, pdf=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["report.tex"]
    assert (tmp_path / "report.tex").read_text() == "my paper"


def test_what_an_interrupted_writing_leaves_goes_with_the_next_report(
    report, tmp_path, monkeypatch
):
    write = Path.write_bytes

    def interrupted(path, content):
        if path.name == "report.tex":
            raise KeyboardInterrupt
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(report, tmp_path, pdf=False)
    monkeypatch.undo()
    assert list(tmp_path.rglob("*.csv"))
    write_report(small_report(), tmp_path, pdf=False)
    assert not list(tmp_path.rglob("*.csv"))


def test_a_manifest_cannot_remove_files_elsewhere(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("x")
    directory = tmp_path / "report"
    directory.mkdir()
    (directory / "manifest.json").write_text('{"artefacts": [{"files": {"../precious.txt": ""}}]}')
    write_report(small_report(), directory, pdf=False)
    assert precious.exists()


def test_without_pdflatex_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    written = write_report(small_report(), tmp_path / "out")
    assert written.document == tmp_path / "out" / "report.tex"
    assert written.messages == ("left out: Scores: none", INSTALL)
    with pytest.raises(ReportError, match="apt-get install"):
        typeset(tmp_path / "out")


@needs_latex
def test_an_error_of_latex_is_one_line(tmp_path):
    with pytest.raises(ReportError, match=r"pdflatex stopped on .*report.tex: ! Undefined control"):
        write_report(small_report(r"\nosuchmacro"), tmp_path)


@needs_latex
def test_text_that_runs_out_of_the_page_is_reported(tmp_path):
    wide = r"\rule{30cm}{1pt}\ref{nowhere}"
    messages = write_report(small_report(wide), tmp_path).messages
    assert any("Overfull" in message for message in messages)
    assert any("nowhere" in message for message in messages)


def test_refuses_a_directory_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ReportError, match="cannot write the report to"):
        write_report(small_report(), tmp_path / "out", pdf=False)


def test_refuses_a_foreign_manifest(tmp_path):
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(ReportError, match="is not the manifest of a report"):
        write_report(small_report(), tmp_path, pdf=False)
    assert Path(shutil.copy(tmp_path / "manifest.json", tmp_path / "copy")).read_text() == "[]"
