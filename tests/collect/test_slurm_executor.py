"""Runs go through a real Slurm; what is preempted goes on, what is cancelled or fails is a line."""

import subprocess
import time
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collect.executors.slurm import SlurmSettings, job_states, run_all
from collect.run import execute
from tests.collect.slurm_cluster import cluster, why_not
from tests.collect.small_runs import small_run
from warehouse.errors import CollectError
from warehouse.layout import Layout
from warehouse.spool import is_complete

pytestmark = [
    pytest.mark.train,
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a Slurm"),
]
SETTINGS = SlurmSettings(partition="tests", time_min=10, memory_gb=1, n_parallel=2)
LONG = {"epochs": 60}


@pytest.fixture(scope="module", autouse=True)
def slurm(tmp_path_factory):
    pytest.importorskip("submitit")
    with cluster(tmp_path_factory.mktemp("slurm")):
        yield


def stopped_after_epoch(run_id, layout, command):
    """Stop the jobs of a run by a command as soon as it has a state to go on from."""
    stopped: list[str] = []

    def watch(event):
        state = layout.spool / f"{run_id}.resume.pt"
        if event.kind == "started" and event.run_id == run_id and not stopped:
            while not state.exists():
                time.sleep(0.05)
            jobs = subprocess.run(
                ["squeue", "--noheader", "--array", "--format=%i"], capture_output=True, text=True
            )
            stopped.extend(jobs.stdout.split())
            subprocess.run([*command, *stopped], check=True)

    return watch


def assert_as_undisturbed(config, layout, tmp_path):
    path = layout.run(config.run_id)
    assert "resumed after epoch" in (path / "run.log").read_text()
    undisturbed = execute(config, Layout(tmp_path / "undisturbed"), lambda _: None)
    for name in ("scores", "similarities", "predictions"):
        assert_frame_equal(
            pl.read_parquet(path / f"{name}.parquet"),
            pl.read_parquet(undisturbed / f"{name}.parquet"),
            check_exact=True,
        )


def test_runs_finish_and_one_that_cannot_fails_alone(tmp_path):
    configs = [small_run(tmp_path, seed=seed) for seed in range(2)]
    impossible = small_run(tmp_path, pooling="cls")
    layout = Layout(tmp_path / "w")
    events: list[Any] = []
    with pytest.raises(CollectError, match=r"1 of 3 runs failed.*EfficientNet has no class token"):
        run_all(
            [*configs, impossible], layout, settings=SETTINGS, on_event=events.append, poll_s=0.5
        )
    assert all(is_complete(layout, config.run_id) for config in configs)
    finished = {event.run_id for event in events if event.kind == "finished"}
    assert finished == {config.run_id for config in configs}
    assert [event.run_id for event in events if event.kind == "failed"] == [impossible.run_id]


def test_a_cancelled_job_is_said_so_and_goes_on_when_asked_again(tmp_path):
    config = small_run(tmp_path, training=LONG, probing={"epochs": "last"}, with_source=False)
    layout = Layout(tmp_path / "w")
    watch = stopped_after_epoch(config.run_id, layout, ["scancel"])
    with pytest.raises(CollectError, match=r"1 of 1 runs failed"):
        run_all([config], layout, settings=SETTINGS, on_event=watch, poll_s=0.2)
    assert not is_complete(layout, config.run_id)
    run_all([config], layout, settings=SETTINGS, on_event=lambda _: None, poll_s=0.5)
    assert_as_undisturbed(config, layout, tmp_path)


def test_a_job_that_is_put_back_into_the_queue_goes_on_by_itself(tmp_path):
    config = small_run(tmp_path, training=LONG, probing={"epochs": "last"}, with_source=False)
    layout = Layout(tmp_path / "w")
    watch = stopped_after_epoch(config.run_id, layout, ["scontrol", "requeue"])
    run_all([config], layout, settings=SETTINGS, on_event=watch, poll_s=0.2)
    assert_as_undisturbed(config, layout, tmp_path)


def test_a_job_that_the_queue_does_not_know_has_no_state():
    assert job_states(["999999"]) == {}


def test_settings_ask_for_what_they_say():
    asked = SlurmSettings(partition="gpu", account="lab", n_gpus=2, n_cpus=4).parameters()
    assert asked["slurm_partition"] == "gpu"
    assert asked["slurm_account"] == "lab"
    assert (asked["gpus_per_node"], asked["cpus_per_task"]) == (2, 4)
    assert "slurm_account" not in SlurmSettings().parameters()
