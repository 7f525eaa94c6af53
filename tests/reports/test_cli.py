"""`repdrift report build`: paths to stdout, messages to stderr, errors in one line."""

import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from reports.cli import app
from tests.reports.conftest import insert
from warehouse.connection import connect
from warehouse.errors import ReportError, WarehouseError
from warehouse.lineage import rows_hash


@pytest.fixture
def warehouse(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Path:
    """Return the small warehouse, written to disk."""
    root = tmp_path / "warehouse"
    tables = ("raw.runs", "raw.scores", "raw.similarities", "results.analyses")
    with connect(root, read_only=False) as written:
        for table in (*tables, "results.intervals", "results.regressions"):
            insert(written, table, con.sql(f"from {table}").pl())
    return root


def test_writes_the_report_and_prints_its_path(warehouse, tmp_path):
    out = tmp_path / "out"
    arguments = ["build", "-w", str(warehouse), "-o", str(out), "--no-pdf"]
    result = CliRunner().invoke(app, [*arguments, "--paper", "juodelyte2023"])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{out / 'report.tex'}\n"
    assert "3 tables, 4 figures" in result.stderr
    assert "left out: Verdicts on Table 2" in result.stderr


def test_a_report_on_results_of_other_runs_says_so(warehouse, tmp_path):
    build = ["build", "-w", str(warehouse), "-o", str(tmp_path / "out"), "--no-pdf"]
    said = "stale: runs have changed since all: `repdrift analysis run`"
    assert said in CliRunner().invoke(app, [*build, "--paper", "juodelyte2023"]).stderr
    with connect(warehouse, read_only=False) as con:
        current = rows_hash(con.sql("from raw.runs").pl())
        con.execute("update results.analyses set data_hash = $1", [current])
    assert "stale" not in CliRunner().invoke(app, [*build, "--paper", "juodelyte2023"]).stderr


def test_check_is_quiet_on_a_fresh_report_and_fails_on_a_stale_one(warehouse, tmp_path):
    out = str(tmp_path / "out")
    options = ["-w", str(warehouse)]
    paper = ["--no-pdf", "--paper", "juodelyte2023"]
    assert CliRunner().invoke(app, ["build", *options, "-o", out, *paper]).exit_code == 0
    fresh = CliRunner().invoke(app, ["check", out, *options])
    assert (fresh.exit_code, fresh.stdout.count("\n")) == (0, 1)
    with connect(warehouse, read_only=False) as con:
        con.execute("update results.intervals set sd = 0.5 where dataset = 'breast'")
    stale = CliRunner().invoke(app, ["check", out, *options])
    assert stale.exit_code == 1
    assert stale.stdout.startswith("file,problem,row,column,in_report,in_warehouse\n")
    assert stale.stdout.count(",sd,") == 10  # of Table 2, and of the table of scores beside it


@pytest.mark.slow
def test_check_renders_what_build_was_asked_for(warehouse, tmp_path):
    out = tmp_path / "out"
    with connect(warehouse, read_only=False) as con:
        rows = con.sql("from raw.similarities").pl()
        insert(con, "raw.similarities", rows.with_columns(probe=pl.lit("source")))
    build = ["build", "-w", str(warehouse), "-o", str(out), "--no-pdf"]
    every = CliRunner().invoke(app, [*build, "--all"])
    assert every.exit_code == 0, every.output
    fresh = CliRunner().invoke(app, ["check", str(out), "-w", str(warehouse)])
    assert (fresh.exit_code, fresh.stdout.count("\n")) == (0, 1)
    assert list(out.glob("figures/*-source.csv"))
    assert "Primary selection" not in every.stderr
    chosen = CliRunner().invoke(app, build)
    assert "Primary selection: probe: target (1 of 2)." in chosen.stderr
    assert not list(out.glob("figures/*-source.csv"))


def test_refuses_a_missing_warehouse(tmp_path):
    result = CliRunner().invoke(app, ["build", "-w", str(tmp_path / "none")])
    assert isinstance(result.exception, WarehouseError)


def test_refuses_an_unknown_paper(warehouse, tmp_path):
    arguments = ["build", "-w", str(warehouse), "-o", str(tmp_path / "out"), "--paper", "x"]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, ReportError)
    assert not (tmp_path / "out").exists()


def test_the_command_line_imports_nothing_heavy():
    code = (
        "import sys, reports.cli;"
        "heavy = {'matplotlib', 'polars', 'duckdb', 'jinja2', 'numpy'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
