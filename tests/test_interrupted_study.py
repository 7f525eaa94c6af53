"""A study that is killed with -9 at random moments ends with the rows of an undisturbed one.

The whole study of the README takes more than half an hour on two cores, twice. An undisturbed
warehouse that is there already is taken from the environment variable `REPDRIFT_UNDISTURBED`.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.layout import Layout

ROOT = Path(__file__).parents[1]
STUDY = "collect/studies/pneumonia.toml"
N_KILLS = 3
# What a run is, without the clock: wall times and dates differ between any two runs.
TABLES = {
    "raw.runs": "* exclude (started_at, finished_at, shard_hash, code_version, code_is_dirty)",
    "raw.scores": "*",
    "raw.similarities": "*",
    "raw.parameter_distances": "*",
    "raw.timings": "run_id, epoch, stage, n_images",
}


def start(warehouse: Path) -> subprocess.Popen[bytes]:
    """Start the study in a process group of its own, so that a kill takes its workers too."""
    command = [str(Path(sys.executable).parent / "repdrift"), "collect", "run", STUDY]
    return subprocess.Popen(
        [*command, "-w", str(warehouse), "--workers", "2", "--quiet"],
        cwd=ROOT,
        start_new_session=True,
    )


def finish(warehouse: Path) -> float:
    """Run the study to its end; return the seconds that it took."""
    started = time.monotonic()
    assert start(warehouse).wait() == 0
    return time.monotonic() - started


def rows(warehouse: Path) -> dict[str, pl.DataFrame]:
    """Every row that does not depend on the clock, in a fixed order."""
    ingest(Layout(warehouse))
    with connect(warehouse, read_only=True) as connection:
        return {
            table: connection.sql(f"select {columns} from {table} order by all").pl()
            for table, columns in TABLES.items()
        }


@pytest.mark.slow
@pytest.mark.train
def test_three_kills_leave_no_trace(tmp_path: Path, shared_dir: Path) -> None:
    assert shared_dir.is_dir()
    undisturbed = Path(os.environ.get("REPDRIFT_UNDISTURBED", tmp_path / "undisturbed"))
    duration_s = finish(undisturbed) if not undisturbed.is_dir() else 1200.0
    interrupted = tmp_path / "interrupted"
    moments = random.Random(os.environ.get("REPDRIFT_SEED", time.time_ns()))
    for _ in range(N_KILLS):
        study = start(interrupted)
        time.sleep(moments.uniform(0.05, 0.3) * duration_s)
        assert study.poll() is None, "the study ended before the kill: choose an earlier moment"
        os.killpg(study.pid, signal.SIGKILL)
        study.wait()
    finish(interrupted)
    expected, found = rows(undisturbed), rows(interrupted)
    for table, frame in expected.items():
        assert len(frame) > 0
        assert found[table].equals(frame, null_equal=True), table
