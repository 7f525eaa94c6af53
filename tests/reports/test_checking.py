"""A report on disk is held against the warehouse: every number that moved is named."""

import pytest

from reports.build import write_report
from reports.checking import _differences, manifest_of, problems
from reports.rendering import render
from warehouse.errors import ReportError

FIGURE = "similarity-by-layer-juodelyte2023-cca-mean-juodelyte-spatial-target"


@pytest.fixture
def directory(report, tmp_path):
    write_report(report, tmp_path, pdf=False)
    return tmp_path


def test_a_fresh_report_has_no_problem(con, directory):
    assert problems(render(con, pictures=False), directory).is_empty()


def test_every_number_that_moved_is_named_with_both_values(con, directory):
    con.execute(
        "update results.intervals set estimate = 0.75"
        " where dataset = 'breast' and pretraining = 'ImageNet' and adaptation = 'full'"
    )
    found = problems(render(con, pictures=False), directory)
    table = found.filter(file="tables/juodelyte2023-table-2.csv")
    assert len(table) == 1
    row = table.row(0, named=True)
    assert row["problem"] == "stale"
    assert row["column"] == "estimate"
    assert row["in_warehouse"] == "0.75"
    assert float(row["in_report"]) != 0.75
    assert "breast resnet50 ImageNet full" in row["row"]
    assert found.filter(file="numbers.tex", problem="stale").height == 1


def test_what_shows_a_number_that_moved_is_stale_in_every_form(con, directory):
    (directory / "report.pdf").write_bytes(b"compiled before")
    con.execute("update raw.similarities set value = 0.5 where run_id like 'bre-ImageNet-full%'")
    con.execute("update results.intervals set estimate = 0.75 where dataset = 'breast'")
    found = problems(render(con, pictures=False), directory).filter(problem="stale")
    table, figure = "tables/juodelyte2023-table-2", f"figures/{FIGURE}"
    stale = {f"{table}.tex", f"{table}.md", f"{table}.html", f"{table}.csv", "numbers.tex"}
    stale |= {f"{figure}.csv", f"{figure}.pdf", f"{figure}.png", "index.html", "report.pdf"}
    assert stale <= set(found["file"])


def test_pictures_of_what_did_not_move_are_not_stale(con, directory):
    con.execute("update results.intervals set estimate = 0.75 where dataset = 'breast'")
    found = problems(render(con, pictures=False), directory)
    assert f"figures/{FIGURE}.png" not in set(found["file"])


def test_an_edited_and_a_lost_page_are_named(con, directory):
    page = directory / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("Overview", "overview"))
    now = render(con, pictures=False)
    assert problems(now, directory).select("file", "problem").rows() == [("index.html", "edited")]
    page.unlink()
    assert problems(now, directory).select("file", "problem").rows() == [("index.html", "missing")]


def test_a_report_of_an_earlier_version_is_to_be_built_again(con, directory):
    (directory / "manifest.json").write_text('{"artefacts": []}')
    with pytest.raises(ReportError, match="build the report again"):
        problems(render(con, pictures=False), directory)


def test_rows_that_came_and_went_are_named(con, directory):
    con.execute("update results.intervals set dataset = 'hip' where dataset = 'breast'")
    found = problems(render(con, pictures=False), directory)
    rows = found.filter(file="tables/juodelyte2023-table-2.csv")
    assert sorted(set(rows["problem"])) == ["gone", "new"]
    assert len(rows) == 10


def test_lost_and_edited_files_are_named(con, directory):
    (directory / "tables" / "juodelyte2023-table-2.tex").unlink()
    (directory / "figures" / "juodelyte2023-figure-6.png").write_bytes(b"edited")
    (directory / "tables" / "juodelyte2023-table-2.md").write_text("edited")
    found = problems(render(con, pictures=False), directory).select("file", "problem").rows()
    assert sorted(found) == [
        ("figures/juodelyte2023-figure-6.png", "edited"),
        ("tables/juodelyte2023-table-2.md", "stale"),
        ("tables/juodelyte2023-table-2.tex", "missing"),
    ]


@pytest.mark.parametrize("text", [b"", b"a,b\n1,2,3\n", b"\xff\xfe", b"dataset\nbreast\n"])
def test_numbers_that_are_no_longer_a_table_are_stale(con, directory, text):
    path = "tables/juodelyte2023-table-2.csv"
    (directory / path).write_bytes(text)
    found = problems(render(con, pictures=False), directory)
    assert found.select("file", "problem").rows() == [(path, "stale")]


def test_rows_that_differ_in_which_column_holds_a_value_are_told_apart():
    new = b"first,second,value\na,,1\n,a,2\n"
    old = new.replace(b"1", b"7").replace(b"2", b"8")
    changes = _differences("t.csv", old, new, ["first", "second"])
    assert [(row["in_report"], row["in_warehouse"]) for row in changes] == [("7", "1"), ("8", "2")]


def test_artefacts_that_are_no_longer_made_are_named(con, directory):
    con.execute("delete from results.regressions")
    found = problems(render(con, pictures=False), directory)
    gone = set(found.filter(problem="gone")["file"])
    assert "figures/juodelyte2023-figure-6.pdf" in gone
    assert "figures/juodelyte2023-figure-6.csv" in gone


def test_refuses_a_directory_without_a_report(tmp_path):
    with pytest.raises(ReportError, match=r"no report in .*: repdrift report build -o"):
        manifest_of(tmp_path)
