"""Ingest is idempotent, takes runs whole or not at all, and names the run that it leaves out."""

import json
import shutil

import polars as pl
import pytest

from tests.warehouse.small_runs import RUN, score_rows, similarity_rows
from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.shard import MANIFEST, manifest_text
from warehouse.spool import RunWriter
from warehouse.views import read_view


def counts(report):
    return report.n_new, report.n_changed, report.n_known


def test_brings_every_table_of_a_run(layout):
    with RunWriter(layout, "run1") as writer:
        writer.append("scores", score_rows(0.25))
        writer.append("similarities", similarity_rows(0.5, n_images=7))
        distances = {"epoch": [1], "layer": ["all"], "measure": ["relative_l2"], "value": [0.1]}
        writer.append("parameter_distances", pl.DataFrame(distances))
        writer.append(
            "timings", pl.DataFrame({"epoch": [1], "stage": ["train"], "duration_s": [2.5]})
        )
        writer.finish(
            RUN | {"hyperparameters": {"lr": 0.001}, "started_at": "2026-01-02T03:04:05Z"}
        )
    assert counts(ingest(layout)) == (1, 0, 0)
    with connect(layout.root) as con:
        run = read_view(con, "raw.runs").row(0, named=True)
        stored = {
            name: read_view(con, f"raw.{name}")[
                "value" if name != "timings" else "duration_s"
            ].to_list()
            for name in ("scores", "similarities", "parameter_distances", "timings")
        }
    assert stored == {
        "scores": [0.25],
        "similarities": [0.5],
        "parameter_distances": [0.1],
        "timings": [2.5],
    }
    assert {name: run[name] for name in RUN} == RUN
    assert json.loads(run["hyperparameters"]) == {"lr": 0.001}
    assert run["started_at"].isoformat() == "2026-01-02T03:04:05+00:00"


def test_doing_it_again_changes_nothing(layout, add_run):
    for number in range(3):
        add_run(f"run{number}")
    assert counts(ingest(layout)) == (3, 0, 0)
    before = layout.database.read_bytes()
    assert counts(ingest(layout)) == (0, 0, 3)
    assert layout.database.read_bytes() == before


def test_takes_more_runs_than_fit_one_statement(layout, add_run, monkeypatch):
    monkeypatch.setattr("warehouse.ingest.BATCH", 2)
    for number in range(5):
        add_run(f"run{number}")
    assert counts(ingest(layout)) == (5, 0, 0)
    with connect(layout.root) as con:
        assert read_view(con, "raw.scores")["run_id"].n_unique() == 5


def test_a_changed_run_replaces_the_old_one(layout, add_run):
    add_run("run1", scores=score_rows(0.1))
    add_run("run2", scores=score_rows(0.2))
    ingest(layout)
    shutil.rmtree(layout.run("run1"))
    add_run("run1", scores=score_rows(0.9))
    assert counts(ingest(layout)) == (0, 1, 1)
    with connect(layout.root) as con:
        values = read_view(con, "raw.scores").sort("run_id")["value"].to_list()
        n_runs = len(read_view(con, "raw.runs"))
    assert (values, n_runs) == ([0.9, 0.2], 2)


def test_a_damaged_run_is_left_out_and_named_and_the_others_go_in(layout, add_run):
    for number in range(4):
        add_run(f"run{number}")
    scores = layout.run("run1") / "scores.parquet"
    scores.write_bytes(scores.read_bytes()[:-10])
    (layout.run("run2") / MANIFEST).unlink()
    report = ingest(layout)
    assert counts(report) == (2, 0, 0)
    assert report.problems == (
        "run run2: manifest.json is missing",
        "run run1: scores.parquet is truncated or was altered",
    )


def test_a_run_that_the_schema_refuses_is_left_out_and_named(layout, add_run):
    add_run("run1")
    add_run("run2", task="segmentation")
    add_run("run3", scores=score_rows(split="holdout"))
    moved = layout.runs / "run5"
    shutil.copytree(add_run("run4"), moved)
    report = ingest(layout)
    assert counts(report) == (2, 0, 0)
    refused = {problem.split(":")[0]: problem for problem in report.problems}
    assert set(refused) == {"run run2", "run run3", "run run5"}
    assert "task" in refused["run run2"]
    assert refused["run run5"] == "run run5: run.json is that of run run4"
    with connect(layout.root) as con:
        assert read_view(con, "raw.scores")["run_id"].sort().to_list() == ["run1", "run4"]


def rewritten(directory, **changes):
    """Change `run.json` of a run, and its manifest with it."""
    record = json.loads((directory / "run.json").read_text()) | changes
    kept = {name: value for name, value in record.items() if value != "absent"}
    (directory / "run.json").write_text(json.dumps(kept))
    (directory / MANIFEST).write_text(manifest_text(directory))


def test_a_run_of_an_older_version_lacks_columns_and_one_of_a_newer_is_refused(layout, add_run):
    rewritten(add_run("older"), n_tokens="absent", image_size="absent")
    rewritten(add_run("newer"), colour="blue")
    rewritten(add_run("wrong"), fold="one")
    report = ingest(layout)
    assert counts(report) == (1, 0, 0)
    assert report.problems[0] == "run newer: run.json has the unknown column colour"
    assert report.problems[1].startswith("run wrong: ")
    assert "one" in report.problems[1]


@pytest.mark.parametrize("older_first", [True, False])
def test_files_of_an_older_version_lack_columns_beside_newer_ones(layout, add_run, older_first):
    older, newer = ("run1", "run2") if older_first else ("run2", "run1")
    path = add_run(older) / "similarities.parquet"
    pl.read_parquet(path).drop("n_effective", "top_image_influence").write_parquet(path)
    (path.parent / MANIFEST).write_text(manifest_text(path.parent))
    add_run(newer, similarities=similarity_rows(n_effective=7.5, top_image_influence=0.25))
    assert counts(ingest(layout)) == (2, 0, 0)
    with connect(layout.root) as con:
        rows = con.sql("select run_id, n_effective, top_image_influence from raw.similarities")
        assert sorted(rows.fetchall()) == sorted([(older, None, None), (newer, 7.5, 0.25)])


def test_a_repaired_run_goes_in_later(layout, add_run):
    add_run("run1", task="segmentation")
    assert len(ingest(layout).problems) == 1
    shutil.rmtree(layout.run("run1"))
    add_run("run1")
    assert counts(ingest(layout)) == (1, 0, 0)


def test_says_of_each_run_when_it_is_through_with_it(layout, add_run, monkeypatch):
    monkeypatch.setattr("warehouse.ingest.BATCH", 2)
    for number in range(5):
        add_run(f"run{number}")
    said = []
    ingest(layout, on_progress=lambda *progress: said.append(progress))
    assert [one for one in said if one[0] == "checking runs"] == [
        ("checking runs", number, 5) for number in (1, 2, 3, 4, 5)
    ]
    assert said[5:] == [("inserting runs", number, 5) for number in (2, 4, 5)]
    ingest(layout, on_progress=lambda *progress: said.append(progress))
    assert len(said) == 8
