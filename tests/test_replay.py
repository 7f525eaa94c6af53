"""`repdrift demo --replay`: recorded runs become a warehouse and a report; nothing is trained."""

import io
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

import repdrift
from warehouse.recorded import read_recorded
from warehouse.tables import PICTURES, table_of_run

RECORDED = Path(repdrift.__file__).with_name("collect") / "studies" / "zu2025_miniature"
NUMBERS = Path(repdrift.__file__).with_name("docs") / "zu_on_a_laptop"
WITHOUT_TORCH = """
import sys
import repdrift
try:
    repdrift.main()
finally:
    assert "torch" not in sys.modules
"""


def test_what_is_committed_fits_the_schema_and_five_megabytes():
    found = read_recorded(RECORDED)
    assert sum(path.stat().st_size for path in RECORDED.glob("*.parquet")) < 5_000_000
    assert {"scores", "similarities"} <= found.tables.keys()
    for name, rows in found.tables.items():
        declared = table_of_run(name)
        declared.require_unique(declared.conform(rows))
        if name not in ("attention", "score_intervals", *PICTURES):  # runs of before have none
            assert set(rows["run_id"].unique()) == set(found.runs["run_id"])


def test_every_cell_of_full_of_a_dataset_has_the_same_seeds():
    full = read_recorded(RECORDED).runs.filter(adaptation="full")
    seeds = full.group_by("dataset", "pretraining", "pooling").agg(pl.col("seed").sort())
    found = {dataset: rows["seed"].unique() for (dataset,), rows in seeds.group_by("dataset")}
    assert len(seeds) == 12
    for dataset, lists in found.items():
        assert lists.to_list() == [list(range(20))], dataset


@pytest.mark.slow
def test_the_report_of_zu_et_al_is_built_from_the_committed_runs_without_torch(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, "demo", "--replay", "-o", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(read_recorded(RECORDED).runs)} recorded runs written" in done.stderr
    assert "supervised 0.82 and 0.55" in done.stdout
    assert "full-beats-linear inconclusive" in done.stdout
    report = tmp_path / "report"
    assert {"index.html", "report.tex", "manifest.json"} <= {p.name for p in report.iterdir()}
    for exhibit in ("forgetting", "bins", "bands", "claims", "matrix-task"):
        assert list(report.glob(f"*/*{exhibit}*")), exhibit
    for query in NUMBERS.glob("*.sql"):
        asked = ["sql", f"@{query}", "-w", str(tmp_path / "warehouse"), "--format", "csv"]
        answer = CliRunner().invoke(repdrift.app, asked)
        documented = pl.read_csv(query.with_suffix(".csv"))
        assert_frame_equal(pl.read_csv(io.StringIO(answer.stdout)), documented, rel_tol=1e-9)
