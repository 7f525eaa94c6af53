"""A run that is interrupted after any epoch goes on from there and ends with the same bits."""

from typing import Any

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal

from collect.resume import ResumePoint, packed_frame, unpacked_frame
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.layout import Layout

pytestmark = pytest.mark.train
TABLES = ("scores", "similarities", "parameter_distances", "predictions", "activations")


class Interrupted(BaseException):
    """As if the process had been killed."""


def interrupted(config, layout, *, after):
    """Run until the end of an epoch has been told; its state is not saved yet."""

    def stop(event):
        if event.epoch == after and event.kind == "epoch":
            raise Interrupted

    with pytest.raises(Interrupted):
        execute(config, layout, stop)


def resumed_epochs(config, layout):
    events: list[Any] = []
    path = execute(config, layout, events.append)
    return path, [event.epoch for event in events if event.kind == "epoch"]


def assert_same_run(path, other):
    for name in TABLES:
        assert_frame_equal(
            pl.read_parquet(path / f"{name}.parquet"),
            pl.read_parquet(other / f"{name}.parquet"),
            check_exact=True,
        )


@pytest.mark.parametrize(
    ("options", "training"),
    [
        ({"adaptation": "full", "dropout": 0.5}, {"schedule": "cosine", "warmup_epochs": 1}),
        ({"adaptation": "head_then_full", "dropout": 0.2}, {"epochs": 2}),
        ({"adaptation": "linear"}, {"optimiser": "sgd", "learning_rate": 0.1}),
        (
            {"adaptation": "scratch"},
            {"schedule": "plateau", "plateau_patience": 1, "early_stopping_patience": 2},
        ),
    ],
    ids=["full", "head_then_full", "linear", "scratch"],
)
def test_ends_with_the_same_bits_wherever_it_was_interrupted(tmp_path, options, training):
    config = small_run(tmp_path, training={"epochs": 4, **training}, **options)
    undisturbed, epochs = resumed_epochs(config, Layout(tmp_path / "undisturbed"))
    for after in epochs[1:]:
        layout = Layout(tmp_path / f"after{after}")
        interrupted(config, layout, after=after)
        path, again = resumed_epochs(config, layout)
        assert again == list(range(after, epochs[-1] + 1))
        assert_same_run(path, undisturbed)
        assert f"resumed after epoch {after - 1}" in (path / "run.log").read_text()


def test_several_interruptions_are_one_run(tmp_path):
    config = small_run(tmp_path, training={"epochs": 5})
    undisturbed, _ = resumed_epochs(config, Layout(tmp_path / "undisturbed"))
    layout = Layout(tmp_path / "w")
    for after in (1, 2, 4):
        interrupted(config, layout, after=after)
    path, epochs = resumed_epochs(config, layout)
    assert epochs == [4, 5]
    assert_same_run(path, undisturbed)
    timings = pl.read_parquet(path / "timings.parquet").filter(stage="train")
    assert timings["epoch"].to_list() == [1, 2, 3, 4, 5]


def test_nothing_is_left_behind_when_it_is_complete(tmp_path):
    config = small_run(tmp_path)
    layout = Layout(tmp_path / "w")
    interrupted(config, layout, after=2)
    assert [path.suffix for path in layout.spool.iterdir()] == [".pt"]
    execute(config, layout, lambda _: None)
    assert not list(layout.spool.iterdir())


def test_a_state_of_another_configuration_is_not_gone_on_from(tmp_path):
    config = small_run(tmp_path)
    layout = Layout(tmp_path / "w")
    interrupted(config, layout, after=2)
    other = small_run(tmp_path, probing={"n_neighbours": (5,)})
    assert other.run_id == config.run_id
    _, epochs = resumed_epochs(other, layout)
    assert epochs == [1, 2]


def test_a_damaged_state_is_no_state(tmp_path):
    point = ResumePoint(tmp_path / "x.resume.pt", "identity")
    assert point.load() is None
    point.save({"number": 3})
    assert (point.load() or {})["number"] == 3
    assert ResumePoint(point.path, "other").load() is None
    point.path.write_bytes(point.path.read_bytes()[:100])
    assert point.load() is None


def test_frames_survive_being_packed():
    frame = pl.DataFrame({"a": [1, None], "b": [[0.25], []]}, schema_overrides={"a": pl.Int32})
    packed = packed_frame(frame)
    assert packed.dtype == torch.uint8
    assert_frame_equal(unpacked_frame(packed), frame)


def test_the_state_that_stands_for_the_run_takes_its_space_once(tmp_path):
    sizes = {}
    for select in ("last", "best"):
        layout = Layout(tmp_path / select)
        config = small_run(tmp_path, training={"select": select})
        interrupted(config, layout, after=2)  # epoch 1, the first one, is the best so far
        sizes[select] = (layout.spool / f"{config.run_id}.resume.pt").stat().st_size
    assert sizes["best"] < 1.1 * sizes["last"]
