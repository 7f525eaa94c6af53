"""A run in two processes ends with the scores of one process, and goes on after an interruption."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import torch

from collect.executors.torchrun import run_all
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.errors import CollectError
from warehouse.layout import Layout
from warehouse.spool import is_complete

pytestmark = [pytest.mark.train, pytest.mark.slow]
SCRIPT = """
import os, sys
from pathlib import Path
from collect.configuration.study import RunConfig
from collect.executors.torchrun import run_all
from warehouse.layout import Layout

root, stopped = Path(sys.argv[1]), sys.argv[2]

def on_event(event):
    print(event.run_id, event.kind, event.epoch, flush=True)
    if event.kind == "epoch" and event.epoch == 2 and event.run_id == stopped:
        os._exit(9)

configs = [RunConfig.model_validate_json(line) for line in (root / "runs").open()]
run_all(configs, Layout(root / "w"), on_event=on_event)
"""
LOOPBACK = ("--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0", "--local-addr=127.0.0.1")
VIT = {"backbone": "test_vit", "with_source": False}
SGD = {"optimiser": "sgd", "learning_rate": 0.05, "epochs": 3}


def launched(root, *, stopped="", n_processes=2):
    """Run the script in several processes; say how it ended and what it wrote."""
    (root / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={n_processes}"]
    done = subprocess.run(
        [*command, *LOOPBACK, "script.py", root, stopped],
        cwd=root,
        env={
            "PYTHONPATH": str(Path.cwd()),
            "OMP_NUM_THREADS": "1",
            "GLOO_SOCKET_IFNAME": "lo",
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    root = tmp_path_factory.mktemp("torchrun")
    runs = {
        "full": small_run(root, **VIT, training=SGD),
        "adamw": small_run(root, **VIT, training={"epochs": 3}),
        "two phases": small_run(
            root,
            **VIT,
            adaptation="head_then_full",
            training={**SGD, "epochs": 2, "augmentation": "flip", "clip_norm": 0.5},
        ),
        "linear": small_run(root, adaptation="linear", with_source=False, training=SGD),
        "search": small_run(
            root, **VIT, seed=1, training={**SGD, "search_learning_rates": (1e-6, 0.05)}
        ),
        "diverged": small_run(root, **VIT, training={**SGD, "learning_rate": 1e9}),
        "stopped": small_run(root, **VIT, seed=2, training=SGD),
        "batch norm": small_run(root, with_source=False, training=SGD),
    }
    (root / "runs").write_text("".join(run.model_dump_json() + "\n" for run in runs.values()))
    first = launched(root, stopped=runs["stopped"].run_id)
    second = launched(root)
    return root, runs, first, second


def scores(path):
    return pl.read_parquet(path / "scores.parquet").filter(score="loss").sort("split", "epoch")


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("full", 1e-5),
        ("two phases", 1e-5),
        ("linear", 1e-5),
        ("search", 1e-5),
        ("stopped", 1e-5),
        # AdamW divides by the size of each gradient: where it is about 0, rounding decides
        ("adamw", 1e-2),
    ],
)
def test_scores_are_those_of_one_process(shared, name, tolerance):
    root, runs, _, _ = shared
    torch.set_num_threads(1)
    alone = execute(runs[name], Layout(root / "alone"), lambda _: None)
    together = Layout(root / "w").run(runs[name].run_id)
    for one, two in zip(scores(alone).iter_rows(), scores(together).iter_rows(), strict=True):
        assert one[:-2] == two[:-2]
        assert two[-2] == pytest.approx(one[-2], rel=tolerance)
    first, other = (json.loads((path / "run.json").read_text()) for path in (alone, together))
    assert first["selected_epoch"] == other["selected_epoch"]
    assert [run["hyperparameters"]["processes"] for run in (first, other)] == [1, 2]


def test_only_the_first_process_tells_and_records(shared):
    _, runs, (code, told, _), _ = shared
    assert code != 0
    epochs = [line for line in told.splitlines() if line.startswith(runs["full"].run_id)]
    assert [line.split()[1:] for line in epochs] == [
        ["started", "0"],
        ["epoch", "1"],
        ["epoch", "2"],
        ["epoch", "3"],
        ["finished", "3"],
    ]


def test_all_processes_give_up_together_when_training_diverges(shared):
    root, runs, _, _ = shared
    path = Layout(root / "w").run(runs["diverged"].run_id)
    assert json.loads((path / "run.json").read_text())["status"] == "diverged"


def test_an_interrupted_run_goes_on_from_its_last_epoch(shared):
    root, runs, _, (_, told, _) = shared
    run_id = runs["stopped"].run_id
    assert f"{run_id} epoch 2" in told
    assert f"{run_id} epoch 1" not in told
    assert "resumed after epoch 1" in (Layout(root / "w").run(run_id) / "run.log").read_text()


def test_batch_norms_that_would_not_be_shared_are_refused(shared):
    root, runs, _, (code, _, errors) = shared
    assert code != 0
    assert "batch norms share their statistics on GPUs only" in errors
    assert not is_complete(Layout(root / "w"), runs["batch norm"].run_id)


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"batch_size": 3}, "batch_size = 3 for 2"),
        ({"out_of_memory": "halve_batch"}, "would halve the batch of one process"),
        ({"class_weights": "balanced"}, "weighs within a batch"),
        ({"compile": True}, "training.compile is for one process"),
    ],
)
def test_refuses_what_does_not_add_up(tmp_path, monkeypatch, training, message):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(CollectError, match=message):
        run_all(
            [small_run(tmp_path, training=training)],
            Layout(tmp_path / "w"),
            on_event=lambda _: None,
        )


def test_refuses_a_process_that_torchrun_did_not_start(tmp_path):
    with pytest.raises(CollectError, match="start with torchrun"):
        run_all([], Layout(tmp_path / "w"), on_event=lambda _: None)
