"""A number of a report leads to its SQL, its row and its runs, and is computed again from them."""

import hashlib
import json
import re
import shutil
from typing import Any

import polars as pl
import pytest

from analysis.computing import audit_tables
from analysis.printed.files import THREE_PAPERS, load_tables
from analysis.printed.store import write_audit
from analysis.recomputation import recomputed as recompute
from analysis.settings import Settings
from analysis.store import run_analyses
from reports.rendering import render
from tests.warehouse.small_runs import score_rows, similarity_rows, write_run
from warehouse.check import findings
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.lineage import analysis_states, recomputed
from warehouse.trace import agrees, trace_text, traced

SQL = """-- One row per run.
-- key: run_id
select
    run_id,
    dataset,
    value
from marts.final_scores
order by run_id;
"""


@pytest.fixture
def report(layout, add_run, tmp_path):
    """Build a report with one table of the scores of two runs."""
    for number, auc in [(1, 0.7), (2, 0.8)]:
        add_run(f"run{number}", scores=score_rows(auc), fold=number, weights_hash="w" * 64)
    ingest(layout)
    tables = tmp_path / "report" / "tables"
    tables.mkdir(parents=True)
    files = {
        "scores.tex": "knee & 0.7 \\\\ knee & 0.8",
        "scores.sql": SQL,
        "scores.csv": "run_id,dataset,value\nrun1,knee,0.7\nrun2,knee,0.8\n",
    }
    for name, text in files.items():
        (tables / name).write_text(text)
    hashes = {f"tables/{n}": hashlib.sha256(t.encode()).hexdigest() for n, t in files.items()}
    cells = [["", "tables/scores.csv 1:value"], ["", "tables/scores.csv 2:value"]]
    manifest = {"artefacts": [{"name": "scores", "files": hashes, "cells": cells}]}
    (tmp_path / "report" / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "report" / "numbers.tex").write_text(
        r"\@namedef{repdrift@scores/run2}{\num{0.8}}% tables/scores.csv 2:value"
        "\n"
        r"\@namedef{repdrift@scores/percent}{\num{70}}% tables/scores.csv 1:value"
        "\n"
        r"\@namedef{repdrift@scores/edited}{\num{0.9}}% tables/scores.csv 2:value"
        "\n"
        r"\@namedef{repdrift@scores/lost}{\num{0.8}}"
        "\n"
    )
    return tables / "scores.tex"


def trace_of(layout, artefact, place):
    with connect(layout.root) as con:
        return traced(con, artefact, place, recompute=recompute)


@pytest.mark.parametrize("cell", ["2:value", "run_id=run2:value", "fold=2,run_id=run2:value"])
def test_a_cell_is_a_row_and_a_column(layout, report, cell):
    if "fold" in cell:
        with pytest.raises(WarehouseError, match=r"has no column 'fold', but run_id, dataset"):
            trace_of(layout, report, cell)
        return
    found = trace_of(layout, report, cell)
    assert (found.cell.printed, found.today, found.key) == ("0.8", "0.8", {"run_id": "run2"})
    assert found.recomputed == {"by its query, which reads the runs": "0.8"}
    assert found.runs.select("run_id", "fold", "weights_hash").rows() == [("run2", 2, "w" * 64)]
    assert agrees(found)
    assert "today       0.8 (the same)" in trace_text(found)


def test_a_cell_is_a_line_and_a_column_as_they_are_printed(layout, report):
    assert trace_of(layout, report, "2,2").key == {"run_id": "run2"}


def test_a_name_of_a_number_leads_to_its_row(layout, report):
    numbers = report.parents[1] / "numbers.tex"
    found = trace_of(layout, numbers, "scores/run2")
    assert (found.cell.rounded, found.cell.printed, found.key) == ("0.8", "0.8", {"run_id": "run2"})
    assert agrees(found)
    assert agrees(trace_of(layout, numbers, "scores/percent"))


def test_a_name_that_prints_another_number_than_its_row_is_seen(layout, report):
    found = trace_of(layout, report.parents[1] / "numbers.tex", "scores/edited")
    assert not agrees(found)
    assert "rounded     0.9 (NOT the number below, rounded)" in trace_text(found)


def test_a_number_that_changed_since_the_report_is_seen(layout, report, add_run):
    shutil.rmtree(layout.run("run2"))
    add_run("run2", scores=score_rows(0.6), fold=2)
    ingest(layout)
    found = trace_of(layout, report, "2:value")
    assert (found.cell.printed, found.today, agrees(found)) == ("0.8", "0.6", False)
    assert "today       0.6 (NOT what was printed)" in trace_text(found)


def test_a_run_that_is_gone_is_named(layout, report):
    shutil.rmtree(layout.run("run2"))
    layout.database.unlink()
    ingest(layout)
    found = trace_of(layout, report, "2:value")
    assert (found.today, found.missing, agrees(found)) == (None, ("run2",), False)
    assert "run run2 is not in the warehouse" in trace_text(found)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("value", "'value' is no cell: write ROW:COLUMN"),
        ("0:value", "is no cell"),
        ("3:value", "has 2 rows, and no row 3"),
        ("1:auc", "has no column 'auc', but run_id, dataset, value"),
        ("dataset=knee:value", "2 rows of .* fit"),
        ("run_id=run3:value", "0 rows of .* fit"),
        ("1,1", "line 1, column 1 of the table is no number of a row"),
        ("3,1", "the table has 2 lines and 2 columns, no 3,1"),
    ],
)
def test_refuses_a_cell_that_is_none(layout, report, cell, message):
    with pytest.raises(WarehouseError, match=message):
        trace_of(layout, report, cell)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("scores/run3", r"numbers\.tex has no number 'scores/run3': its lines list them"),
        ("scores/lost", "does not say where scores/lost stands: build the report again"),
    ],
)
def test_refuses_a_name_that_is_none(layout, report, name, message):
    with pytest.raises(WarehouseError, match=message):
        trace_of(layout, report.parents[1] / "numbers.tex", name)


def test_refuses_an_artefact_without_rows(layout, report):
    report.with_suffix(".csv").write_text("run_id,dataset,value\n")
    with pytest.raises(WarehouseError, match=r"scores\.csv has no rows"):
        trace_of(layout, report, "1:value")


def test_refuses_a_file_of_no_report(layout, report, tmp_path):
    (tmp_path / "other.tex").write_text("")
    with pytest.raises(WarehouseError, match="is in no report"):
        trace_of(layout, tmp_path / "other.tex", "1:value")
    (report.parent / "new.tex").write_text("")
    with pytest.raises(WarehouseError, match=r"lists no tables/new\.tex: name a file in"):
        trace_of(layout, report.parent / "new.tex", "1:value")


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """Analyse and report five datasets x three folds of full and scratch, three epochs each."""
    root = tmp_path_factory.mktemp("analysed")
    layout = Layout(root / "warehouse")
    for number in range(15):
        dataset, fold = divmod(number, 3)
        described: dict[str, Any] = {"dataset": f"d{dataset}", "fold": fold + 1, "n_folds": 3}
        last = 0.5 + 0.02 * number + 0.05 * (fold % 2)
        near = pl.concat(
            similarity_rows(value, epoch=epoch, layer=layer)
            for epoch, value in [(0, 1.0), (1, last)]
            for layer in ("block1", "block2")
        )
        scores = score_rows(0.6 + 0.0015 * number**2)
        write_run(layout, f"full{number}", scores=scores, similarities=near, **described)
        scratch: dict[str, Any] = {"adaptation": "scratch", "pretraining": "random", **described}
        write_run(layout, f"scratch{number}", scores=score_rows(0.6), similarities=near, **scratch)
    ingest(layout)
    quick = Settings(
        n_shuffles=9,
        n_posterior_draws=20,
        n_comparison_resamples=9,
        n_ranking_resamples=9,
        n_resamples=9,
    )
    assert len(list(run_analyses(layout.root, quick))) > 15
    write_audit(layout.root, audit_tables(*load_tables()), name=THREE_PAPERS)
    with connect(layout.root) as con:
        files = render(con, everything=True, pictures=False).files
    for name, content in files.items():
        path = root / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return layout, root / "out"


def numeric(rows):
    """Last column of numbers that differ from row to row, or the last column."""
    columns = [
        name
        for name in rows.columns
        if name not in {"level", "analysis_id"}
        and rows[name].cast(pl.Float64, strict=False).n_unique() > 1
    ]
    return columns[-1] if columns else rows.columns[0]


def test_a_number_of_every_table_and_figure_is_computed_again(analysed):
    layout, out = analysed
    traced_analyses, derived = set(), []
    for numbers in sorted(out.glob("*/*.csv")):
        rows = pl.read_csv(numbers, infer_schema=False)
        if rows.is_empty():
            continue
        found = trace_of(layout, numbers, f"{len(rows)}:{numeric(rows)}")
        assert agrees(found), trace_text(found)
        if not found.recomputed:
            derived.append(numbers.name)
        elif found.analysis is not None:
            assert not found.analysis.is_stale
            assert f"by {found.analysis.name} from the rows of its query" in found.recomputed
            traced_analyses.add(found.analysis.name)
    assert len(traced_analyses) > 12
    assert all(name.startswith("members-") for name in derived)  # runs beside a result
    assert {"audit", "comparisons", "projections", "specifications"} <= traced_analyses


def test_a_named_number_of_every_table_is_computed_again(analysed):
    layout, out = analysed
    text = (out / "numbers.tex").read_text()
    places = re.findall(r"repdrift@(.+?)\}\{.*% (\S+) ", text)
    last = {file: name for name, file in places}
    assert len(last) > 5
    for name in last.values():
        found = trace_of(layout, out / "numbers.tex", name)
        assert agrees(found), trace_text(found)
        assert "(the same) by " in trace_text(found)


def test_a_number_that_its_analysis_does_not_give_is_seen(analysed):
    layout, out = analysed
    numbers = next(path for path in out.glob("tables/*.csv") if "p_adjusted" in path.read_text())
    rows = pl.read_csv(numbers, infer_schema=False)
    column = "estimate" if "estimate" in rows.columns else numeric(rows)

    def wrong(analysis, read):
        given = recompute(analysis, read)
        return {name: table.with_columns(pl.col(column) + 1e-6) for name, table in given.items()}

    with connect(layout.root) as con:
        found = traced(con, numbers, f"1:{column}", recompute=wrong)
    assert not agrees(found)
    assert "(NOT what was printed) by" in trace_text(found)


def test_every_mean_and_line_of_the_results_can_be_computed_again(analysed):
    layout, _ = analysed
    with connect(layout.root) as con:
        for table, where in [
            ("intervals", ""),
            ("regressions", "where method = 'cluster_cr1' and status = 'fitted'"),
        ]:
            rows = con.sql(f"from results.{table} {where}").pl()
            assert len(rows) > 5
            for row in rows.head(20).iter_rows(named=True):
                again = recomputed(con, table, row)
                if table == "intervals":
                    assert again["estimate"] == pytest.approx(row["estimate"], rel=1e-12)
                    assert again["n_runs"] == row["n_runs"]
                else:
                    name = "slope" if row["term"] == "similarity" else "intercept"
                    assert again["estimate"] == pytest.approx(row["estimate"], rel=1e-9), name


def test_results_are_stale_once_a_run_behind_them_has_changed(analysed):
    layout, _ = analysed
    with connect(layout.root) as con:
        assert not any(state.is_stale for state in analysis_states(con))
    assert findings(layout) == []
    write_run(layout, "full99", fold=9, n_folds=9, dataset="d0")
    ingest(layout)
    with connect(layout.root) as con:
        stale = {state.name for state in analysis_states(con) if state.is_stale}
    assert {"intervals", "regressions", "projections"} <= stale
    assert "audit" not in stale
    messages = [finding.message for finding in findings(layout)]
    assert any(message.startswith("results of intervals") for message in messages)


def test_results_are_stale_once_their_query_fails(layout):
    with connect(layout.root, read_only=False) as con:
        row = ["a", "gone", "from marts.gone", "{}", 0, "", "0.1.0"]
        con.execute("insert into results.analyses values ($1, $2, $3, $4, $5, $6, $7)", row)
        assert [state.is_stale for state in analysis_states(con)] == [True]
