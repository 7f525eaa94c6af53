"""Runs go through a real Ray cluster, and one whose worker is killed goes on where it was."""

import os
import signal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal

from collect.executors.ray import RaySettings, run_all
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.errors import CollectError
from warehouse.layout import Layout
from warehouse.spool import is_complete

pytest.importorskip("ray", reason="Ray is not installed")
pytestmark = [pytest.mark.train, pytest.mark.slow]


def workers():
    """Find the processes that execute a run and descend from this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            title = (path / "cmdline").read_text()
            parents = [int(path.name)]
            while parents[-1] > 1:
                status = Path(f"/proc/{parents[-1]}/stat").read_text()
                parents.append(int(status.rpartition(")")[2].split()[1]))
        except OSError:
            continue
        if title.startswith("ray::repdrift") and os.getpid() in parents[1:]:
            found.append(parents[0])
    return found


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory):
    """Two runs and an impossible one on one worker that is killed in the middle of the first."""
    root = tmp_path_factory.mktemp("ray")
    configs = [
        small_run(root, seed=seed, with_source=False, training={"epochs": 8}) for seed in range(2)
    ]
    impossible = small_run(root, pooling="cls")
    events: list[Any] = []
    killed: list[int] = []

    def watch(event):
        events.append(event)
        if event.kind == "epoch" and event.epoch == 2 and not killed:
            killed.extend(workers())
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(CollectError) as failure:
        run_all(
            [*configs, impossible],
            Layout(root / "w"),
            settings=RaySettings(n_workers=1),
            on_event=watch,
            poll_s=0.02,
        )
    return root, configs, impossible, events, str(failure.value)


def test_a_run_whose_worker_is_killed_goes_on_from_its_last_epoch(disturbed):
    root, configs, _, events, _ = disturbed
    (first,) = {event.run_id for event in events if event.kind == "epoch"} & {configs[0].run_id}
    assert [event.kind for event in events if event.run_id == first].count("started") == 2
    log = (Layout(root / "w").run(first) / "run.log").read_text()
    assert "resumed after epoch" in log


def test_it_ends_with_the_same_bits(disturbed):
    root, configs, _, _, _ = disturbed
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    undisturbed = execute(configs[0], Layout(root / "undisturbed"), lambda _: None)
    torch.set_num_threads(before)
    for name in ("scores", "similarities", "predictions"):
        assert_frame_equal(
            pl.read_parquet(Layout(root / "w").run(configs[0].run_id) / f"{name}.parquet"),
            pl.read_parquet(undisturbed / f"{name}.parquet"),
            check_exact=True,
        )


def test_a_run_that_fails_does_not_stop_the_others(disturbed):
    root, configs, impossible, events, message = disturbed
    assert all(is_complete(Layout(root / "w"), config.run_id) for config in configs)
    assert message.startswith("1 of 3 runs failed; first: EfficientNet has no class token")
    assert [event.run_id for event in events if event.kind == "failed"] == [impossible.run_id]


@pytest.mark.usefixtures("disturbed")
def test_the_cluster_ends_with_the_runs():
    assert workers() == []


def test_complete_runs_are_skipped_without_a_cluster(disturbed):
    root, configs, _, _, _ = disturbed
    events: list[Any] = []
    run_all(configs, Layout(root / "w"), settings=RaySettings("gone:1"), on_event=events.append)
    assert [event.kind for event in events] == ["skipped"] * 2


def test_what_the_cluster_cannot_give_is_refused(disturbed):
    root, _, impossible, _, _ = disturbed
    with pytest.raises(CollectError, match="asks for 1000 GPU and the cluster has"):
        run_all(
            [impossible],
            Layout(root / "w"),
            settings=RaySettings(n_gpus=1000),
            on_event=lambda _: None,
        )
