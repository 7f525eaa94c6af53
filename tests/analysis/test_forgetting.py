"""Forgetting is paired within queries; other queries, other runs and both are told apart."""

import math

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.drift.forgetting import forgetting
from analysis.means.intervals import mean_intervals

NONE = dict.fromkeys(("fold", "n_folds", "n_train", "n_test"), None)


def votes(before, after, *, cell="a", groups=None, **run):
    """Return the votes of runs: arrays of shape (n_runs, n_queries)."""
    before, after = np.atleast_2d(before), np.atleast_2d(after)
    n_runs, n = before.shape
    frames = [
        pl.DataFrame(
            {
                "cell": cell,
                "run_id": f"run{r}",
                "seed": r,
                "sample_id": [f"q{i:04}" for i in range(n)],
                "group_id": groups,
                "was_right": before[r].astype(int),
                "is_right": after[r].astype(int),
                **(NONE | {name: values[r] for name, values in run.items()}),
            },
            schema_overrides={"group_id": pl.String, "fold": pl.Int32, "n_folds": pl.Int32},
        )
        for r in range(n_runs)
    ]
    return pl.concat(frames)


def row(frame, quantity="change", uncertainty="test_sample", **options):
    found = forgetting(frame, by=["cell"], **options)
    return found.filter(quantity=quantity, uncertainty=uncertainty).row(0, named=True)


def test_change_of_one_run_is_the_paired_t_test_of_scipy(rng):
    before, after = rng.integers(0, 2, (2, 40))  # fewer than 50 queries: the jackknife
    found = row(votes(before, after))
    theirs = stats.ttest_rel(after, before).confidence_interval(0.95)
    assert (found["method"], found["unit"], found["n_units"]) == ("jackknife", "image", 40)
    assert_allclose(found["estimate"], (after - before).mean(), rtol=1e-12)
    assert_allclose([found["ci_low"], found["ci_high"]], [theirs.low, theirs.high], rtol=1e-10)


def test_pairing_makes_the_interval_narrower_than_two_proportions(rng):
    before = rng.random(200) < 0.8
    after = before & (rng.random(200) < 0.9)
    found = row(votes(before, after))
    p, q = before.mean(), after.mean()
    unpaired = math.sqrt(p * (1 - p) / 200 + q * (1 - q) / 200)
    assert found["method"] == "bca"
    assert found["std_error"] < 0.7 * unpaired


def test_retained_is_a_ratio_of_means_with_its_jackknife(rng):
    before, after = rng.integers(0, 2, (2, 30))
    found = row(votes(before, after), "retained")
    ratio = after.sum() / before.sum()
    without = [np.delete(after, i).sum() / np.delete(before, i).sum() for i in range(30)]
    error = math.sqrt(29 / 30 * sum((one - ratio) ** 2 for one in without))
    assert_allclose(found["estimate"], ratio, rtol=1e-12)
    assert_allclose(found["std_error"], error, rtol=1e-12)
    assert (found["accuracy_before"], found["accuracy_after"]) == (before.mean(), after.mean())


def test_runs_vary_by_seed_around_the_same_estimate(rng):
    before = np.tile(rng.integers(0, 2, 60), (4, 1))
    after = rng.integers(0, 2, (4, 60))
    frame = votes(before, after)
    found = row(frame, uncertainty="seed")
    theirs = stats.ttest_1samp((after - before).mean(axis=1), 0).confidence_interval(0.95)
    assert (found["method"], found["n_units"], found["n_queries"]) == ("t", 4, 60)
    assert_allclose(found["ci_low"], theirs.low, rtol=1e-10)
    assert_allclose(found["ci_high"], theirs.high, rtol=1e-10)
    assert_allclose(found["estimate"], row(frame)["estimate"], rtol=1e-12)


def test_retained_over_runs_is_the_linearised_ratio(rng):
    before, after = rng.integers(0, 2, (2, 5, 60))
    found = row(votes(before, after), "retained", "seed")
    a, b = after.mean(axis=1), before.mean(axis=1)
    ratio = a.mean() / b.mean()
    error = (a - ratio * b).std(ddof=1) / b.mean() / math.sqrt(5)  # Cochran (1977), section 6.4
    assert_allclose(found["estimate"], ratio, rtol=1e-12)
    assert_allclose(found["std_error"], error, rtol=1e-12)


def test_folds_count_equally_and_take_the_correction_of_nadeau_and_bengio():
    after = np.zeros((3, 50))
    after[0, :10] = after[1, :20] = 1
    after[2, :30] = 1
    frame = votes(np.ones((3, 50)), after, fold=[1, 1, 2], n_folds=[2, 2, 2])
    found = row(frame, uncertainty="fold")
    assert found["method"] == "nadeau_bengio"
    assert_allclose(found["estimate"], ((0.2 + 0.4) / 2 + 0.6) / 2 - 1, rtol=1e-12)
    assert_allclose(row(frame)["estimate"], found["estimate"], rtol=1e-12)


def test_total_is_the_sum_of_both_variances(rng):
    before, after = rng.integers(0, 2, (2, 4, 60))
    rows = forgetting(votes(before, after), by=["cell"])
    for quantity in ("change", "retained"):
        errors = dict(rows.filter(quantity=quantity).select("uncertainty", "std_error").iter_rows())
        assert errors.keys() == {"test_sample", "seed", "total"}
        expected = math.hypot(errors["test_sample"], errors["seed"])
        assert_allclose(errors["total"], expected, rtol=1e-12)


def test_only_queries_that_every_run_saw_count():
    frame = votes(np.ones((2, 20)), np.eye(20)[:2] + np.eye(20)[2:4])
    less = frame.filter((pl.col("run_id") == "run0") | (pl.col("sample_id") != "q0000"))
    assert row(less)["n_queries"] == 19
    assert row(frame)["n_queries"] == 20


def test_without_a_right_vote_before_or_a_common_query_there_is_no_row():
    assert forgetting(votes(np.zeros(20), np.ones(20)), by=["cell"]).is_empty()
    apart = votes(np.ones((2, 20)), np.zeros((2, 20))).filter(
        (pl.col("run_id") == "run0") == (pl.col("sample_id") < "q0010")
    )
    assert forgetting(apart, by=["cell"]).is_empty()


def test_a_network_that_does_not_move_has_no_interval():
    found = row(votes(np.tile([1, 0], 40), np.tile([1, 0], 40)))
    assert (found["estimate"], found["ci_low"], found["ci_high"]) == (0.0, None, None)


def simulated(rng, trials, n_groups, size, n_runs):
    """Votes whose chance depends on the patient, the query and the run; change is -0.2."""
    shape = (trials, n_runs, n_groups * size)
    patient = np.repeat(rng.normal(size=(trials, 1, n_groups)), size, axis=2)
    query = rng.normal(size=(trials, 1, n_groups * size))
    run = 0.3 * rng.normal(size=(trials, n_runs, 1))
    before = 0.8 + patient + query > 0
    # Three parts of variances 1, 1 and 0.09, and 1 of the vote itself.
    shift = math.sqrt(3.09) * stats.norm.ppf(stats.norm.cdf(0.8 / math.sqrt(2)) - 0.2)
    after = shift + patient + query + run + rng.normal(size=shape) > 0
    return np.broadcast_to(before, shape), after


@pytest.mark.parametrize(("n_groups", "size"), [(6, 20), (12, 5), (80, 1)])
def test_other_patients_and_other_runs_are_covered_together(rng, n_groups, size):
    trials, n_runs = 250, 4
    before, after = simulated(rng, trials, n_groups, size, n_runs)
    groups = None if size == 1 else np.repeat([f"p{g:02}" for g in range(n_groups)], size).tolist()
    frame = pl.concat(votes(before[t], after[t], cell=str(t), groups=groups) for t in range(trials))
    rows = forgetting(frame, by=["cell"], n_resamples=299).filter(quantity="change")
    rows = rows.with_columns(covers=(pl.col("ci_low") <= -0.2) & (pl.col("ci_high") >= -0.2))
    covered = dict(rows.group_by("uncertainty").agg(pl.col("covers").mean()).iter_rows())
    assert 0.92 < covered["total"] <= 1  # 250 trials: one standard error is 1.4 points
    # Runs alone say nothing of other queries, and queries taken one by one nothing of patients.
    assert covered["seed"] < min(0.935, covered["total"] - 0.015)
    if size == 20:
        alone = frame.with_columns(group_id=pl.lit(None, pl.String))
        plain = forgetting(alone, by=["cell"], n_resamples=299).filter(
            quantity="change", uncertainty="test_sample"
        )
        inside = (plain["ci_low"] <= -0.2) & (plain["ci_high"] >= -0.2)
        assert inside.to_numpy().mean() < 0.9


def test_means_over_runs_are_those_of_the_run_scores(rng):
    before, after = rng.integers(0, 2, (2, 3, 60))
    frame = votes(before, after)
    scores = frame.group_by("cell", "run_id", "seed", *NONE).agg(value=pl.col("is_right").mean())
    expected = mean_intervals(scores, by=["cell"])["estimate"].item()
    assert row(frame)["accuracy_after"] == pytest.approx(expected, rel=1e-12)


def test_queries_of_a_group_are_drawn_together(rng):
    before, after = rng.integers(0, 2, (2, 40))
    groups = [f"p{i // 4}" for i in range(40)]
    found = row(votes(before, after, groups=groups))
    means = (after - before).reshape(10, 4).mean(axis=1)  # groups of one size: t over their means
    theirs = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert (found["unit"], found["n_units"], found["n_queries"]) == ("group", 10, 40)
    assert_allclose(found["ci_low"], theirs.low, rtol=1e-10)
    assert_allclose(found["ci_high"], theirs.high, rtol=1e-10)
