"""A number of a report leads to its SQL, its row and its runs, and staleness is seen on the way."""

import hashlib
import json
import shutil

import polars as pl
import pytest

from analysis.analyses import ANALYSES
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
from warehouse.trace import agrees, parsed_cell, trace_text, traced

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
        "scores.tex": "0.7 & 0.8",
        "scores.sql": SQL,
        "scores.csv": "run_id,dataset,value\nrun1,knee,0.7\nrun2,knee,0.8\n",
    }
    for name, text in files.items():
        (tables / name).write_text(text)
    hashes = {f"tables/{n}": hashlib.sha256(t.encode()).hexdigest() for n, t in files.items()}
    manifest = {"artefacts": [{"name": "scores", "files": hashes, "sources": []}]}
    (tmp_path / "report" / "manifest.json").write_text(json.dumps(manifest))
    return tables / "scores.tex"


def trace_of(layout, artefact, cell):
    with connect(layout.root) as con:
        return traced(con, artefact, parsed_cell(cell))


@pytest.mark.parametrize("cell", ["2:value", "run_id=run2:value", "fold=2,run_id=run2:value"])
def test_a_cell_is_a_row_and_a_column(layout, report, cell):
    if "fold" in cell:
        with pytest.raises(WarehouseError, match=r"has no column 'fold', but run_id, dataset"):
            trace_of(layout, report, cell)
        return
    found = trace_of(layout, report, cell)
    assert (found.printed, found.today, found.key) == ("0.8", "0.8", {"run_id": "run2"})
    assert found.runs.select("run_id", "fold", "weights_hash").rows() == [("run2", 2, "w" * 64)]
    assert agrees(found)
    assert "today       0.8 (the same)" in trace_text(found)


def test_a_number_that_changed_since_the_report_is_seen(layout, report, add_run):
    shutil.rmtree(layout.run("run2"))
    add_run("run2", scores=score_rows(0.6), fold=2)
    ingest(layout)
    found = trace_of(layout, report, "2:value")
    assert (found.printed, found.today, agrees(found)) == ("0.8", "0.6", False)
    assert "NOT what was printed" in trace_text(found)


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
    ],
)
def test_refuses_a_cell_that_is_none(layout, report, cell, message):
    with pytest.raises(WarehouseError, match=message):
        trace_of(layout, report, cell)


def test_refuses_an_artefact_without_rows(layout, report):
    report.with_suffix(".csv").write_text("run_id,dataset,value\n")
    with pytest.raises(WarehouseError, match=r"scores\.csv has no rows"):
        trace_of(layout, report, "1:value")


def test_refuses_a_file_of_no_report(layout, report, tmp_path):
    (tmp_path / "other.tex").write_text("")
    with pytest.raises(WarehouseError, match="is in no report"):
        trace_of(layout, tmp_path / "other.tex", "1:value")
    (report.parent / "new.tex").write_text("")
    with pytest.raises(WarehouseError, match=r"does not know tables/new\.tex"):
        trace_of(layout, report.parent / "new.tex", "1:value")


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """Analyse and report five datasets x three folds of full and scratch."""
    root = tmp_path_factory.mktemp("analysed")
    layout = Layout(root / "warehouse")
    for number in range(15):
        dataset, fold = divmod(number, 3)
        described = {"dataset": f"d{dataset}", "fold": fold + 1, "n_folds": 3}
        near = similarity_rows(0.5 + 0.02 * number + 0.05 * (fold % 2))
        scores = score_rows(0.6 + 0.0015 * number**2)
        write_run(layout, f"full{number}", scores=scores, similarities=near, **described)
        scratch = {"adaptation": "scratch", "pretraining": "random", **described}
        write_run(layout, f"scratch{number}", scores=score_rows(0.6), similarities=near, **scratch)
    ingest(layout)
    chosen = [one for one in ANALYSES if one.name in {"intervals", "gains", "regressions"}]
    assert len(list(run_analyses(layout.root, Settings(), analyses=chosen))) == 3
    with connect(layout.root) as con:
        files = render(con, pictures=False).files
    for name, content in files.items():
        path = root / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return layout, root / "out"


def test_numbers_of_a_real_report_are_computed_again_from_their_runs(analysed):
    layout, out = analysed
    n_recomputed = 0
    for numbers in sorted(out.glob("tables/*.csv")):
        rows = pl.read_csv(numbers, infer_schema=False)
        if rows.is_empty() or "estimate" not in rows.columns:
            continue
        found = trace_of(layout, numbers, "1:estimate")
        assert agrees(found), numbers
        assert found.analysis is not None
        assert not found.analysis.is_stale
        assert len(found.runs) > 1
        n_recomputed += found.recomputed is not None
    assert n_recomputed >= 2


def test_every_mean_and_line_of_the_results_can_be_computed_again(analysed):
    layout, _ = analysed
    with connect(layout.root) as con:
        for table, where in [
            ("intervals", ""),
            ("regressions", "where method = 'cluster_cr1' and status = 'fitted'"),
        ]:
            rows = con.sql(f"from results.{table} {where}").pl()
            assert len(rows) > 5
            for row in rows.iter_rows(named=True):
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
    assert {"intervals", "regressions"} == stale
    messages = [finding.message for finding in findings(layout)]
    assert any(message.startswith("results of intervals") for message in messages)
