"""A full or read-only disk ends a command with one line that names the run, and damages nothing."""

import random
import re
import subprocess
import sys

import polars as pl
import pytest

from tests.warehouse.small_runs import score_rows, write_run
from warehouse.check import findings
from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.views import read_view

COMMAND = "import sys, repdrift; sys.argv[0] = 'repdrift'; repdrift.main()"
MAPPING = """
name = "lab"
description = "one network"
[run]
study = "pilot"
backbone = "resnet18"
pretraining = "imagenet"
adaptation = "full"
pooling = "mean"
head = "linear"
dataset = "knee"
task = "binary"
seed = "{seed}"
[[rows]]
files = "logged.csv"
table = "scores"
[rows.columns]
split = "test"
confidence_source = "head"
token = "mean"
n_neighbours = 0
score = "{score}"
value = "{value}"
"""


@pytest.fixture
def repdrift_on(tmp_path):
    """Run the real command where a shell line, as root of a name space, has changed the disk."""

    def run(before, *arguments, after="true"):
        script = f'{before} && "$0" "$@"; status=$?; {after}; exit $status'
        python = [sys.executable, "-c", COMMAND, *arguments]
        done = subprocess.run(
            ["unshare", "-Urm", "sh", "-c", script, *python],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        if "unshare" in done.stderr or "mount:" in done.stderr:
            pytest.skip("this machine allows no mounts in a user name space")
        return done

    return run


@pytest.fixture
def logged(tmp_path):
    """Write a CSV with one run of 20,000 scores, and its mapping."""
    (tmp_path / "lab.toml").write_text(MAPPING)
    values = random.Random(0)
    rows = "".join(f"0,s{number},{values.random()}\n" for number in range(20_000))
    (tmp_path / "logged.csv").write_text("seed,score,value\n" + rows)
    return ["warehouse", "import", "lab.toml", ".", "-w", "disk"]


def test_a_run_that_does_not_fit_on_the_disk_is_named_and_leaves_nothing(
    repdrift_on, logged, tmp_path
):
    (tmp_path / "disk").mkdir()
    full = "mount -t tmpfs -o size=64k tmpfs disk"
    done = repdrift_on(full, *logged, after="find disk -type f")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"error: run \w{16} was not written to disk: No space left on device\n", done.stderr
    )


def test_a_read_only_directory_is_one_line(repdrift_on, logged, tmp_path):
    layout = Layout(tmp_path / "disk")
    write_run(layout, "run1")
    read_only = "mount --bind disk disk && mount -o remount,ro,bind disk"
    for command in (logged, ["warehouse", "ingest", "-w", "disk"]):
        done = repdrift_on(read_only, *command)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert "disk" in done.stderr
        assert "ead-only file system" in done.stderr


def test_a_read_only_warehouse_can_be_queried(repdrift_on, tmp_path):
    layout = Layout(tmp_path / "disk")
    write_run(layout, "run1")
    ingest(layout)
    read_only = "mount --bind disk disk && mount -o remount,ro,bind disk"
    done = repdrift_on(
        read_only, "sql", "select count(*) as n from raw.runs", "-f", "csv", "-w", "disk"
    )
    assert (done.returncode, done.stdout) == (0, "n\n1\n"), done.stderr


def test_an_ingest_that_does_not_fit_on_the_disk_changes_nothing(repdrift_on, tmp_path):
    layout = Layout(tmp_path / "disk")
    write_run(layout, "run1")
    ingest(layout)
    scores = [score_rows(random.Random(i).random(), score=f"score{i}") for i in range(20_000)]
    write_run(layout, "run2", scores=pl.concat(scores))
    full = (
        "cp -r disk copy && mount -t tmpfs -o size=8m tmpfs disk && cp -r copy/. disk "
        "&& dd if=/dev/zero of=disk/filler bs=4k 2>/dev/null || true"
    )
    after = "rm disk/filler && cp -r disk/. copy"
    done = repdrift_on(full, "warehouse", "ingest", "-w", "disk", after=after)
    assert done.returncode == 1
    assert re.fullmatch(r"error: .*disk.*No space left on device.*\n", done.stderr)
    copy = Layout(tmp_path / "copy")
    with connect(copy.root) as con:
        assert read_view(con, "raw.runs")["run_id"].to_list() == ["run1"]
    assert ingest(copy).n_new == 1
    assert findings(copy) == []
