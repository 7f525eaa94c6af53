"""Intervals name what varies, cover what they promise, and reproduce a printed table."""

import math

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.means.intervals import mean_intervals, nadeau_bengio_factor


def cell(values, *, n_folds=5, seeds=1, n_train=None, n_test=None):
    """One cell: folds in order, seeds within folds."""
    rows = len(values)
    return pl.DataFrame(
        {
            "dataset": ["knee"] * rows,
            "run_id": [f"run{i}" for i in range(rows)],
            "value": np.asarray(values, dtype=np.float64),
            "fold": [i // seeds + 1 if n_folds else None for i in range(rows)],
            "n_folds": [n_folds] * rows,
            "seed": [i % seeds for i in range(rows)],
            "n_train": [n_train] * rows,
            "n_test": [n_test] * rows,
        },
        schema_overrides=dict.fromkeys(["fold", "n_folds", "n_train", "n_test"], pl.Int32),
    )


def test_folds_by_hand():
    # Values 1..5: mean 3, variance 2.5. Factor 1/5 + 100/400 = 0.45; t(4) at 97.5 % is 2.776445.
    rows = mean_intervals(cell([1, 2, 3, 4, 5], n_train=400, n_test=100), by=["dataset"])
    row = rows.row(0, named=True)
    assert (row["uncertainty"], row["method"], row["n_runs"]) == ("fold", "nadeau_bengio", 5)
    assert_allclose([row["estimate"], row["sd"]], [3.0, math.sqrt(2.5)], rtol=1e-14)
    assert_allclose(row["std_error"], math.sqrt(0.45 * 2.5), rtol=1e-14)
    half = 2.7764451051977987 * math.sqrt(0.45 * 2.5)
    assert_allclose([row["ci_low"], row["ci_high"]], [3 - half, 3 + half], rtol=1e-12)


def test_without_recorded_sizes_the_ratio_is_that_of_plain_folds():
    recorded = mean_intervals(cell([1, 2, 3, 4, 5], n_train=400, n_test=100), by=["dataset"])
    unknown = mean_intervals(cell([1, 2, 3, 4, 5]), by=["dataset"])
    assert_allclose(unknown["std_error"], recorded["std_error"], rtol=1e-14)


def test_a_smaller_training_set_widens_the_interval():
    wide = mean_intervals(cell([1, 2, 3, 4, 5], n_train=300, n_test=100), by=["dataset"])
    factor = nadeau_bengio_factor(5, 100 / 300)
    assert_allclose(wide["std_error"].item(), math.sqrt(factor * 2.5), rtol=1e-14)


def test_seeds_on_one_split_take_the_plain_t_interval_of_scipy(rng):
    values = rng.normal(size=6)
    row = mean_intervals(cell(values, n_folds=None, seeds=6), by=["dataset"]).row(0, named=True)
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (row["uncertainty"], row["method"]) == ("seed", "t")
    assert_allclose(row["ci_low"], interval.low, rtol=1e-12)
    assert_allclose(row["ci_high"], interval.high, rtol=1e-12)


def test_seeds_of_a_fold_are_averaged_before_folds_are_compared():
    doubled = mean_intervals(cell([0, 2, 1, 3, 2, 4], n_folds=3, seeds=2), by=["dataset"])
    single = mean_intervals(cell([1, 2, 3], n_folds=3), by=["dataset"])
    numbers = ["estimate", "sd", "std_error", "ci_low", "ci_high"]
    assert_allclose(doubled.select(numbers), single.select(numbers), rtol=1e-14)
    assert (doubled["n_runs"].item(), single["n_runs"].item()) == (6, 3)


def test_one_run_has_no_spread_and_no_interval():
    row = mean_intervals(cell([0.7]), by=["dataset"]).row(0, named=True)
    assert (row["estimate"], row["uncertainty"]) == (0.7, "fold")
    assert row["sd"] is row["std_error"] is row["ci_low"] is row["ci_high"] is None


def test_cells_with_null_in_their_name_are_kept():
    scores = cell([1, 2, 3]).with_columns(n_blocks=pl.lit(None, dtype=pl.Int32))
    row = mean_intervals(scores, by=["dataset", "n_blocks"]).row(0, named=True)
    assert (row["n_blocks"], row["n_runs"], row["run_ids"]) == (None, 3, ["run0", "run1", "run2"])


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_seed_intervals_cover_at_their_level(rng, level):
    trials = 4000
    scores = pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), 4),
            "run_id": [str(i) for i in range(4 * trials)],
            "value": rng.normal(loc=3, size=4 * trials),
            "seed": np.tile(np.arange(4), trials),
        }
    ).with_columns(
        pl.lit(None, dtype=pl.Int32).alias(name)
        for name in ("fold", "n_folds", "n_train", "n_test")
    )
    rows = mean_intervals(scores, by=["trial"], level=level)
    covered = np.mean((rows["ci_low"].to_numpy() <= 3) & (rows["ci_high"].to_numpy() >= 3))
    assert covered == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / trials))


def test_fold_intervals_cover_where_plain_ones_do_not(rng):
    # A fold's score is what all folds share plus its own part, correlated n_test / (n_test +
    # n_train) as Nadeau and Bengio assume: with 5 folds 0.2.
    trials, folds, correlation = 4000, 5, 0.2
    shared = math.sqrt(correlation) * rng.normal(size=(trials, 1))
    values = shared + math.sqrt(1 - correlation) * rng.normal(size=(trials, folds))
    scores = pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), folds),
            "run_id": [str(i) for i in range(folds * trials)],
            "value": values.ravel(),
            "fold": np.tile(np.arange(1, folds + 1), trials),
            "n_folds": folds,
            "seed": 0,
            "n_train": 400,
            "n_test": 100,
        }
    )
    corrected = mean_intervals(scores, by=["trial"])
    plain = mean_intervals(scores.with_columns(n_test=0), by=["trial"])
    ends = [rows.select("ci_low", "ci_high").to_numpy() for rows in (corrected, plain)]
    covered = [np.mean(low_high.prod(axis=1) <= 0) for low_high in ends]
    assert covered[0] == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / trials))
    assert covered[1] < 0.90
