"""A report holds what the warehouse holds: same rows, same bytes, every number traceable."""

import hashlib
import io
import json

import polars as pl
import pytest

from reports.exhibits.exhibit import csv_bytes
from reports.rendering import render
from warehouse.errors import ReportError


def test_same_rows_give_the_same_bytes(con, report):
    assert render(con).files == report.files


def test_every_sql_file_gives_its_csv(con, report):
    queries = [path for path in report.files if path.endswith(".sql")]
    assert len(queries) > 8
    for path in queries:
        rows = con.sql(report.files[path].decode()).pl()
        lists = [name for name, kind in rows.schema.items() if kind == pl.List]
        expected = rows.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join(" "))
        content = io.BytesIO(report.files[path.replace(".sql", ".csv")])
        given = pl.read_csv(content, schema=expected.schema)
        assert given.equals(expected), path


def test_the_manifest_ties_every_artefact_to_files_queries_and_runs(con, report):
    manifest = json.loads(report.files["manifest.json"])
    runs = {run for (run,) in con.execute("select run_id from raw.runs").fetchall()}
    listed = {path for entry in manifest["artefacts"] for path in entry["files"]}
    assert listed | {"report.tex", "numbers.tex", "index.html", "manifest.json"} == set(
        report.files
    )
    for entry in manifest["artefacts"]:
        for path, digest in entry["files"].items():
            assert hashlib.sha256(report.files[path]).hexdigest() == digest
        for source in entry["sources"]:
            assert set(source["run_ids"]) <= runs
            assert source["run_ids"] or not source["n_rows"]


def test_sections_without_rows_are_left_out_with_a_line(report):
    assert "Trajectories" in report.left_out
    assert r"\section{Trajectories}" not in report.files["report.tex"].decode()
    assert "no similarities after the first epoch" in report.files["report.tex"].decode()


def test_an_empty_warehouse_gives_a_report_that_says_so(con):
    for table in ("runs", "scores", "similarities"):
        con.execute(f"delete from raw.{table}")
    for table in ("analyses", "intervals", "regressions"):
        con.execute(f"delete from results.{table}")
    report = render(con)
    assert (report.n_tables, report.n_figures) == (0, 0)
    assert len(report.left_out) > 4


def test_a_paper_is_limited_to_its_exhibits(con):
    report = render(con, paper="juodelyte2023")
    assert "tables/juodelyte2023-table-2.tex" in report.files
    assert "tables/matrix-task-juodelyte2023.tex" not in report.files
    assert "Networks by datasets" not in report.left_out


def test_refuses_an_unknown_paper(con):
    with pytest.raises(ReportError, match=r"no exhibits of smith2020; there are .*, zu2025"):
        render(con, paper="smith2020")


def test_refuses_a_warehouse_that_lacks_a_table(con):
    con.execute("drop table results.intervals")
    with pytest.raises(ReportError, match="the query scores does not fit this warehouse"):
        render(con)


def test_figures_carry_no_date(report):
    for path, content in report.files.items():
        assert b"CreationDate" not in content, path
        assert b"Type3" not in content, path


def test_table_2_underlines_the_best_mean_of_each_row(con, report):
    text = report.files["tables/juodelyte2023-table-2.tex"].decode()
    query = """
        select dataset, max(estimate) as best
        from results.intervals
        group by dataset
    """
    lines = {line.split(" &")[0]: line for line in text.splitlines()}
    for dataset, best in con.execute(query).fetchall():
        line = lines[dataset.replace("_", r"\_").replace("%", r"\%")]
        assert line.count(r"\underline{") == 1
        assert rf"\underline{{\num{{{best * 100:.1f} +-" in line


def test_a_csv_says_which_runs_unless_there_are_far_too_many():
    rows = pl.DataFrame({"estimate": [0.5], "run_ids": [[f"{i:016x}" for i in range(1000)]]})
    assert csv_bytes(rows).decode().splitlines()[1].count(" ") == 999
    many = pl.concat([rows] * 101)
    assert csv_bytes(many).decode().splitlines()[:2] == ["estimate", "0.5"]
