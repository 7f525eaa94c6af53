"""Trajectories over epochs that all runs of a cell have: no run is left out for its best one."""

import polars as pl
import pytest
from numpy.testing import assert_allclose
from polars.testing import assert_frame_equal

from analysis.drift.trajectories import trajectory_bands
from analysis.drift.trajectory_shapes import trajectory_shapes

SCHEDULED = (0, 1, 2, 5, 10)
TYPES = dict.fromkeys(("fold", "n_folds", "n_train", "n_test"), pl.Int64)


def points_of(rng, epochs_of_runs):
    """Return a similarity of every run at each of its epochs."""
    rows = [
        {"cell": "a", "run_id": f"r{run}", "epoch": epoch, "similarity": rng.uniform()}
        for run, epochs in enumerate(epochs_of_runs)
        for epoch in sorted(set(epochs))
    ]
    return pl.DataFrame(rows).with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in TYPES.items()
    )


@pytest.mark.parametrize(
    ("best", "left_out"),
    [
        ((10, 10, 10, 10, 7), [7]),
        ((10, 9, 7, 10, 10), [7, 9]),
        ((3, 4, 6, 7, 8), [3, 4, 6, 7, 8]),
        ((10, 10, 10, 10, 10), []),
    ],
)
def test_no_run_is_left_out_for_its_own_best_epoch(rng, best, left_out):
    points = points_of(rng, [(*SCHEDULED, epoch) for epoch in best])
    rows = trajectory_bands(points, by=["cell"])
    assert rows["epoch"].to_list() == list(SCHEDULED)
    assert set(rows["n_runs"]) == {5}
    assert set(rows["n_runs_left_out"]) == {0}
    scheduled = points.filter(pl.col("epoch").is_in(SCHEDULED))
    means = scheduled.group_by("epoch").agg(pl.col("similarity").mean()).sort("epoch")
    assert_allclose(rows["mean"], means["similarity"])
    row = trajectory_shapes(points, by=["cell"]).row(0, named=True)
    assert (row["n_runs"], row["final_epoch"]) == (5, 10)
    assert row["epochs_left_out"] == rows["epochs_left_out"].to_list()[0] == left_out


def test_best_epochs_change_nothing_else(rng):
    points = points_of(rng, [(*SCHEDULED, epoch) for epoch in (10, 9, 7, 10, 10)])
    scheduled = points.filter(pl.col("epoch").is_in(SCHEDULED))
    for take in (trajectory_bands, trajectory_shapes):
        found, expected = (
            take(frame, by=["cell"]).drop("epochs_left_out") for frame in (points, scheduled)
        )
        assert_frame_equal(found, expected)


def test_a_run_that_stopped_early_ends_the_mean_and_not_itself(rng):
    points = points_of(rng, [(0, 1, 2, 3)] * 4 + [(0, 1)])
    rows = trajectory_bands(points, by=["cell"])
    assert rows["epoch"].to_list() == [0, 1]
    assert set(rows["n_runs"]) == {5}
    assert rows["epochs_left_out"].to_list() == [[2, 3]] * 2


def test_groups_that_share_the_start_and_the_end_have_these(rng):
    points = points_of(rng, [(0, 1, 2, 10)] * 3 + [(0, 4, 8, 10)] * 3)
    row = trajectory_shapes(points, by=["cell"]).row(0, named=True)
    assert (row["n_runs"], row["final_epoch"]) == (6, 10)
    assert row["epochs_left_out"] == [1, 2, 4, 8]


def test_a_cell_without_enough_shared_epochs_has_no_row(rng):
    start_alone = points_of(rng, [(0, 1, 2), (0, 3, 4)])
    assert trajectory_bands(start_alone, by=["cell"])["epoch"].to_list() == [0]
    assert trajectory_shapes(start_alone, by=["cell"]).is_empty()
    nothing = points_of(rng, [(1, 2), (3, 4)])
    assert trajectory_bands(nothing, by=["cell"]).is_empty()
    assert trajectory_shapes(nothing, by=["cell"]).is_empty()


def test_an_epoch_without_a_value_is_one_that_the_run_lacks(rng):
    points = points_of(rng, [(0, 1, 2)] * 4)
    lost = (pl.col("run_id") == "r3") | ((pl.col("run_id") == "r2") & (pl.col("epoch") == 1))
    rows = trajectory_bands(
        points.with_columns(similarity=pl.when(~lost).then("similarity")), by=["cell"]
    )
    assert rows["epoch"].to_list() == [0, 2]
    assert set(rows["n_runs"]) == {3}
    assert set(rows["n_runs_left_out"]) == {1}
    assert rows["epochs_left_out"].to_list() == [[1]] * 2
