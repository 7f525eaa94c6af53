"""Worker processes finish every run that can be finished, whatever happens to the others."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from typing import Any

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal

from collect.executors.local import run_all
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.errors import CollectError, WarehouseError
from warehouse.layout import Layout
from warehouse.spool import is_complete

pytestmark = pytest.mark.train

SCRIPT = """
import sys
from pathlib import Path
from collect.executors.local import run_all
from collect.configuration.study import RunConfig
from warehouse.layout import Layout

if __name__ == "__main__":
    configs = [RunConfig.model_validate_json(line) for line in sys.stdin]
    run_all(configs, Layout(Path(sys.argv[1])), workers=2,
            on_event=lambda event: print(event.run_id, event.kind, event.epoch, flush=True))
"""


@pytest.fixture(autouse=True)
def one_thread():
    """As many threads as a worker has."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Three runs, done by two workers, beside one that cannot be done."""
    root = tmp_path_factory.mktemp("workers")
    configs = [small_run(root, seed=seed) for seed in range(3)]
    impossible = small_run(root, pooling="cls")
    events: list[Any] = []
    with pytest.raises(CollectError) as failure:
        run_all(
            [configs[0], impossible, *configs[1:]],
            Layout(root / "w"),
            workers=2,
            on_event=events.append,
        )
    return root, configs, impossible, events, str(failure.value)


def test_a_run_that_fails_does_not_stop_the_others(three):
    root, configs, impossible, events, message = three
    assert all(is_complete(Layout(root / "w"), config.run_id) for config in configs)
    assert not is_complete(Layout(root / "w"), impossible.run_id)
    assert message.startswith("1 of 4 runs failed; first: EfficientNet has no class token")
    assert [event.run_id for event in events if event.kind == "failed"] == [impossible.run_id]


def test_the_numbers_do_not_depend_on_who_runs_it(three):
    root, configs, _, _, _ = three
    alone = execute(configs[0], Layout(root / "alone"), lambda _: None)
    for name in ("scores", "similarities", "predictions"):
        assert_frame_equal(
            pl.read_parquet(Layout(root / "w").run(configs[0].run_id) / f"{name}.parquet"),
            pl.read_parquet(alone / f"{name}.parquet"),
            check_exact=True,
        )


def test_complete_runs_are_skipped_without_a_process(three):
    root, configs, _, _, _ = three
    events: list[Any] = []
    run_all(configs, Layout(root / "w"), workers=2, on_event=events.append)
    assert [event.kind for event in events] == ["skipped"] * 3


def test_a_killed_study_leaves_no_half_run_and_goes_on(tmp_path):
    configs = [
        small_run(tmp_path, seed=seed, training={"epochs": 4}, with_source=False)
        for seed in range(2)
    ]
    script = tmp_path / "study.py"
    script.write_text(SCRIPT)
    study = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "w")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert study.stdin is not None
    assert study.stdout is not None
    study.stdin.write("".join(config.model_dump_json() + "\n" for config in configs))
    study.stdin.close()
    while " epoch 1" not in study.stdout.readline():
        pass
    study.send_signal(signal.SIGKILL)
    study.wait()
    study.stdout.close()
    layout = Layout(tmp_path / "w")
    for path in layout.runs.iterdir():
        assert is_complete(layout, path.name)
    for config in configs:
        _execute_once_free(config, layout)
        undisturbed = execute(config, Layout(tmp_path / "undisturbed"), lambda _: None)
        for name in ("scores", "similarities", "predictions"):
            assert_frame_equal(
                pl.read_parquet(layout.run(config.run_id) / f"{name}.parquet"),
                pl.read_parquet(undisturbed / f"{name}.parquet"),
                check_exact=True,
            )


def _execute_once_free(config, layout, patience_s=20):
    """Wait for the killed study's workers: they die by themselves and give their locks back."""
    deadline = time.monotonic() + patience_s
    while not is_complete(layout, config.run_id):
        try:
            execute(config, layout, lambda _: None)
        except WarehouseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_worker_that_is_killed_fails_its_run_alone(tmp_path):
    configs = [small_run(tmp_path, seed=seed, with_source=False) for seed in range(2)]
    killed: list[str] = []

    def kill_first(event):
        if event.kind == "started" and not killed:
            killed.append(event.run_id)
            multiprocessing.active_children()[0].kill()

    with pytest.raises(CollectError, match=r"1 of 2 runs failed.*exit code -9.*out of memory"):
        run_all(configs, Layout(tmp_path / "w"), workers=1, on_event=kill_first)
    complete = {config.run_id for config in configs} - set(killed)
    assert all(is_complete(Layout(tmp_path / "w"), run_id) for run_id in complete)
