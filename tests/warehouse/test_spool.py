"""A run is written whole or not at all, and says exactly what its rows must look like."""

import json
import multiprocessing
import os
import signal
from datetime import UTC, datetime

import numpy as np
import polars as pl
import polars.testing
import pyarrow.parquet as pq
import pytest

from tests.warehouse.small_runs import RUN, score_rows, similarity_rows
from warehouse.errors import WarehouseError
from warehouse.lock import RunLock
from warehouse.shard import damages, is_complete, read_shard
from warehouse.spool import RunWriter


def test_a_finished_run_is_in_runs_with_the_hash_of_each_file(layout):
    with RunWriter(layout, "run1") as writer:
        writer.append("scores", score_rows(0.25))
        (writer.directory / "last.safetensors").write_bytes(b"weights")
        written = writer.finish(RUN | {"started_at": datetime(2026, 1, 2, tzinfo=UTC)})
    assert written == layout.run("run1")
    shard = read_shard(written)
    assert set(shard.files) == {"run.json", "scores.parquet", "last.safetensors"}
    assert damages(shard) == []
    assert pl.read_parquet(written / "scores.parquet")["value"].to_list() == [0.25]
    run = json.loads((written / "run.json").read_text())
    assert (run["run_id"], run["started_at"]) == ("run1", "2026-01-02T00:00:00+00:00")
    assert list(layout.spool.iterdir()) == []


def test_tables_come_back_as_they_were_given(layout):
    similarities = similarity_rows(0.1, null_mean=0.05, n_images=30)
    predictions = pl.DataFrame(
        {
            "epoch": [3, 3],
            "split": ["test"] * 2,
            "confidence_source": ["head"] * 2,
            "token": ["mean"] * 2,
            "n_neighbours": [0, 0],
            "sample_id": ["a", "b"],
            "label": [0, 1],
            "probabilities": [[0.75, 0.25], [0.5, 0.5]],
        }
    )
    with RunWriter(layout, "run1") as writer:
        writer.append("similarities", similarities)
        writer.append("predictions", predictions)
        written = writer.finish(RUN)
    for name, given in [("similarities", similarities), ("predictions", predictions)]:
        stored = pl.read_parquet(written / f"{name}.parquet")
        assert stored["run_id"].to_list() == ["run1"] * len(given)
        polars.testing.assert_frame_equal(
            stored.select(given.columns), given, check_dtypes=False, check_exact=True
        )


def test_activations_are_one_row_group_per_layer_bit_for_bit(layout, rng):
    layers = {f"block{i}": rng.normal(size=(40, 3 + i)).astype(np.float32) for i in range(3)}
    with RunWriter(layout, "run1") as writer:
        for layer, activations in layers.items():
            writer.append_activations(
                epoch=0,
                layer=layer,
                token="mean",
                probe="source",
                sample_ids=[str(i) for i in range(40)],
                activations=activations,
            )
        path = writer.finish(RUN) / "activations.parquet"
    file = pq.ParquetFile(path)
    assert file.num_row_groups == 3
    for group, activations in enumerate(layers.values()):
        column = file.read_row_group(group)["activation"].combine_chunks()
        np.testing.assert_array_equal(column.flatten().to_numpy().reshape(40, -1), activations)


def test_an_error_leaves_nothing(layout):
    with pytest.raises(ZeroDivisionError), RunWriter(layout, "run1") as writer:
        writer.append("scores", score_rows(1 / 0))
    assert list(layout.runs.iterdir()) == []
    assert list(layout.spool.iterdir()) == []


def test_leaving_without_finish_leaves_nothing(layout):
    with RunWriter(layout, "run1") as writer:
        writer.append("scores", score_rows())
    assert not is_complete(layout, "run1")
    assert list(layout.spool.iterdir()) == []


def _write_until_killed(layout, ready):
    with RunWriter(layout, "run1") as writer:
        writer.append("scores", score_rows(0.1))
        (writer.directory / "old.log").write_text("killed")
        ready.set()
        signal.pause()


def test_a_killed_run_can_be_written_again_from_the_start(layout):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_write_until_killed, args=(layout, ready), daemon=True)
    process.start()
    assert ready.wait(30)
    with pytest.raises(WarehouseError, match="another process is writing run run1"):
        RunWriter(layout, "run1")
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not is_complete(layout, "run1")
    assert layout.partial("run1").is_dir()
    with RunWriter(layout, "run1") as writer:
        writer.append("scores", score_rows(0.2))
        written = writer.finish(RUN)
    assert set(read_shard(written).files) == {"run.json", "scores.parquet"}


def test_a_complete_run_is_not_written_again(layout, add_run):
    add_run("run1")
    with pytest.raises(WarehouseError, match="run run1 is complete already"):
        RunWriter(layout, "run1")


def test_a_run_completed_between_the_look_and_the_lock_is_not_written_again(
    layout, add_run, monkeypatch
):
    def lock_after_another_writer(path):
        monkeypatch.undo()
        add_run("run1")
        return RunLock(path)

    monkeypatch.setattr("warehouse.spool.RunLock", lock_after_another_writer)
    with pytest.raises(WarehouseError, match="run run1 is complete already"):
        RunWriter(layout, "run1")
    assert list(layout.spool.iterdir()) == []


def test_the_manifest_tells_an_altered_a_missing_and_a_truncated_file(add_run):
    written = add_run("run1")
    (written / "run.json").write_text("{}")
    (written / "similarities.parquet").unlink()
    scores = written / "scores.parquet"
    scores.write_bytes(scores.read_bytes()[:-8])
    assert damages(read_shard(written)) == [
        "run run1: run.json is truncated or was altered",
        "run run1: scores.parquet is truncated or was altered",
        "run run1: similarities.parquet is missing",
    ]


@pytest.mark.parametrize(
    ("table", "rows", "message"),
    [
        ("score", score_rows(), "a run has no table 'score'"),
        ("scores", score_rows(metric="auc"), "raw.scores has no column metric"),
        ("scores", score_rows().drop("value"), "raw.scores needs the column value"),
        ("scores", score_rows(value=None), "raw.scores has a null in value"),
    ],
)
def test_refuses_rows_that_do_not_fit(layout, table, rows, message):
    with RunWriter(layout, "run1") as writer, pytest.raises(ValueError, match=message):
        writer.append(table, rows)


def test_refuses_two_rows_with_the_same_key(layout):
    with RunWriter(layout, "run1") as writer:
        writer.append("scores", score_rows(0.1))
        writer.append("scores", score_rows(0.2))
        with pytest.raises(
            ValueError, match=r"more than one row for run_id = run1, epoch = 1, .*auc"
        ):
            writer.finish(RUN)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (RUN | {"model": "x"}, "a run has no column model"),
        (RUN | {"backbone": None}, "a run needs the column backbone"),
        (RUN | {"shard_hash": "x"}, "a run has no column shard_hash"),
    ],
)
def test_refuses_a_run_that_does_not_fit(layout, run, message):
    with RunWriter(layout, "run1") as writer, pytest.raises(ValueError, match=message):
        writer.finish(run)


@pytest.mark.parametrize(
    ("activations", "message"),
    [
        (np.zeros((2, 3)), "float64"),
        (np.zeros(2, np.float32), r"shape \(2,\)"),
        (np.zeros((3, 3), np.float32), "2 sample ids for 3 rows"),
    ],
)
def test_refuses_activations_that_do_not_fit(layout, activations, message):
    with RunWriter(layout, "run1") as writer, pytest.raises(ValueError, match=message):
        writer.append_activations(
            epoch=0,
            layer="block1",
            token="mean",
            probe="source",
            sample_ids=["a", "b"],
            activations=activations,
        )


def test_refuses_a_run_id_that_would_leave_the_warehouse(layout):
    with pytest.raises(WarehouseError, match=r"'\.\./x' is no run id"):
        RunWriter(layout, "../x")
