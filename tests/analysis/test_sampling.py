"""Other images, other runs and both: each interval is about what it names, and covers it."""

import math

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.means.bootstrap import bca_intervals
from analysis.means.intervals import mean_intervals
from analysis.means.sample_means import FEWEST_TO_RESAMPLE, sample_means
from analysis.means.sampling import sample_intervals, total_intervals

METHODS = ("one", "independent", "bound")
ENDS = ("ci_low", "ci_high")


def runs(values, errors, samples, *, n_units=101, level=0.95, cells=None):
    """Return runs of one cell, or of several, with intervals of 1.9 standard errors."""
    values, errors = np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
    return pl.DataFrame(
        {
            "cell": ["a"] * len(values) if cells is None else cells,
            "run_id": [f"r{i:05}" for i in range(len(values))],
            "value": values,
            "std_error": errors,
            "ci_low": values - 1.9 * errors,
            "ci_high": values + 1.9 * errors,
            "level": level,
            "sample": samples,
            "unit": "image",
            "n_units": n_units,
            "df": n_units - 1.0,
        }
    )


def intervals(frame, level=0.95):
    return sample_intervals(frame, by=["cell"], kind="test_sample", methods=METHODS, level=level)


def test_one_run_keeps_the_interval_that_was_recorded_with_it():
    row = intervals(runs([0.8], [0.02], ["x"])).row(0, named=True)
    assert (row["uncertainty"], row["method"], row["unit"]) == ("test_sample", "one", "image")
    assert_allclose([row[end] for end in ENDS], [0.8 - 0.038, 0.8 + 0.038], rtol=1e-14)
    other = intervals(runs([0.8], [0.02], ["x"]), level=0.9).row(0, named=True)
    half = stats.t.ppf(0.95, 100) * 0.02
    assert_allclose([other[end] for end in ENDS], [0.8 - half, 0.8 + half], rtol=1e-12)


def test_folds_have_images_of_their_own_so_their_errors_add_in_squares():
    row = intervals(runs([0.8, 0.9], [0.03, 0.04], ["1", "2"], n_units=11)).row(0, named=True)
    assert (row["method"], row["n_units"], row["n_runs"]) == ("independent", 22, 2)
    assert_allclose(row["std_error"], 0.05 / 2, rtol=1e-14)
    df = 0.05**4 / (0.03**4 / 10 + 0.04**4 / 10)  # Satterthwaite
    half = stats.t.ppf(0.975, df) * 0.025
    assert_allclose([row[end] for end in ENDS], [0.85 - half, 0.85 + half], rtol=1e-12)


def test_runs_on_the_same_images_do_not_average_them_out():
    row = intervals(runs([0.8, 0.9], [0.03, 0.05], [None, None])).row(0, named=True)
    assert (row["method"], row["n_units"], row["n_runs"]) == ("bound", 101, 2)
    assert_allclose(row["std_error"], 0.04, rtol=1e-14)


def test_seeds_within_folds_are_averaged_first():
    nested = intervals(runs([0.7, 0.9, 0.9], [0.02, 0.04, 0.04], ["1", "1", "2"]))
    assert_allclose(nested["estimate"], [0.85], rtol=1e-14)
    assert_allclose(nested["std_error"], [math.hypot(0.03, 0.04) / 2], rtol=1e-14)
    assert nested["method"].to_list() == ["bound"]


@pytest.mark.parametrize("error", [None, 0.0])
def test_where_no_image_differs_there_is_no_interval(error):
    frame = runs([0.8, 1.0], [0.02, np.nan], ["1", "2"]).with_columns(
        std_error=pl.Series([0.02, error])
    )
    row = intervals(frame).row(0, named=True)
    assert row["estimate"] == pytest.approx(0.9)
    assert row["std_error"] is row["ci_low"] is row["ci_high"] is None


def test_total_adds_variances_and_weighs_their_degrees_of_freedom():
    frame = runs([0.8, 0.9, 1.0], [0.05] * 3, ["x"] * 3)
    seeds = frame.with_columns(
        seed=pl.Series([0, 1, 2]), **dict.fromkeys(("fold", "n_folds", "n_train", "n_test"), None)
    )
    over_runs = mean_intervals(seeds, by=["cell"])
    row = total_intervals(over_runs, intervals(frame), by=["cell"]).row(0, named=True)
    a, b = 0.1**2 / 3, 0.05**2
    assert (row["uncertainty"], row["method"], row["unit"]) == ("total", "sum", None)
    assert_allclose(row["std_error"], math.sqrt(a + b), rtol=1e-12)
    half = stats.t.ppf(0.975, (a + b) ** 2 / (a**2 / 2 + b**2 / 100)) * math.sqrt(a + b)
    assert_allclose([row[end] for end in ENDS], [0.9 - half, 0.9 + half], rtol=1e-12)


def simulated_runs(rng, *, trials, n_runs, n_images, run_sd, both_sd, shared):
    """Values of runs on images: run, image and both vary; the truth is 0."""
    shape = (trials, n_runs, n_images)
    images = rng.normal(size=(trials, 1 if shared else n_runs, n_images))
    scores = images + both_sd * rng.normal(size=shape)
    scores = scores + run_sd * rng.normal(size=(trials, n_runs, 1))
    errors = scores.std(axis=2, ddof=1) / math.sqrt(n_images)
    frame = runs(
        scores.mean(axis=2).ravel(),
        errors.ravel(),
        np.tile(["x"] * n_runs if shared else [str(i) for i in range(n_runs)], trials),
        n_units=n_images,
        level=0.0,
        cells=np.repeat([f"{t:05}" for t in range(trials)], n_runs),
    )
    return frame.with_columns(
        seed=pl.int_range(pl.len()).over("cell"),
        **dict.fromkeys(("fold", "n_folds", "n_train", "n_test"), None),
    )


def coverage(rows):
    return float(((rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)).mean())


def test_other_images_are_covered_at_the_level_when_each_run_has_its_own(rng):
    frame = simulated_runs(
        rng, trials=3000, n_runs=3, n_images=8, run_sd=0, both_sd=0.5, shared=False
    )
    rows = intervals(frame)
    # Satterthwaite's t is exact for one sample of normal values and a little wide for several.
    assert 0.94 < coverage(rows) < 0.98


@pytest.mark.parametrize("n_runs", [2, 5])
def test_the_bound_for_shared_images_covers_at_least_at_the_level(rng, n_runs):
    kinds = {"trials": 2000, "n_images": 12, "run_sd": 0}
    frame = simulated_runs(rng, n_runs=n_runs, both_sd=0.5, shared=True, **kinds)
    rows = intervals(frame)
    assert 0.945 < coverage(rows) < 0.99
    # Taken for independent they would cover far too little.
    alone = intervals(frame.with_columns(sample=pl.col("run_id")))
    assert coverage(alone) < 0.90


@pytest.mark.parametrize("run_sd", [0.1, 1.0])
def test_total_covers_what_neither_kind_alone_covers(rng, run_sd):
    frame = simulated_runs(
        rng, trials=2000, n_runs=4, n_images=20, run_sd=run_sd, both_sd=0.5, shared=True
    )
    over_runs, over_images = mean_intervals(frame, by=["cell"]), intervals(frame)
    total = total_intervals(over_runs, over_images, by=["cell"])
    covered = [coverage(rows) for rows in (over_runs, over_images, total)]
    assert 0.935 < covered[2] < 0.99
    # With little variation between runs the images matter, with much the runs.
    assert covered[0 if run_sd < 0.5 else 1] < 0.85


def test_groups_of_one_size_give_the_t_interval_of_their_means(rng):
    means = rng.normal(size=(9, 2))
    found = sample_means(4 * means, np.full(9, 4.0))
    theirs = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert found.method == "jackknife"
    assert_allclose(found.ci_low, theirs.low, rtol=1e-12)
    assert_allclose(found.ci_high, theirs.high, rtol=1e-12)
    assert_allclose(found.std_error, stats.sem(means), rtol=1e-12)


def test_uneven_groups_give_the_jackknife_by_definition(rng):
    sizes = rng.integers(1, 30, 7).astype(float)
    sums = sizes * rng.normal(size=7)
    without = [np.delete(sums, i).sum() / np.delete(sizes, i).sum() for i in range(7)]
    squares = sum((value - sums.sum() / sizes.sum()) ** 2 for value in without)
    found = sample_means(sums[:, None], sizes)
    assert_allclose(found.std_error, [math.sqrt(6 / 7 * squares)], rtol=1e-12)


def test_many_groups_are_resampled(rng):
    sums, sizes = rng.normal(size=(FEWEST_TO_RESAMPLE, 1)), np.ones(FEWEST_TO_RESAMPLE)
    found = sample_means(sums, sizes, n_resamples=499, seed=3)
    assert found.method == "bca"
    numbers = [found.estimate, found.std_error, found.ci_low, found.ci_high]
    expected = bca_intervals(sums, sizes, n_resamples=499, seed=3)
    assert_allclose(np.column_stack(numbers), expected, rtol=1e-14)
    assert sample_means(sums[1:], sizes[1:]).method == "jackknife"


@pytest.mark.parametrize(
    ("sums", "method"), [(np.ones((4, 1)), "none"), (np.ones((6, 1)), "jackknife")]
)
def test_too_few_groups_or_groups_that_are_alike_have_no_interval(sums, method):
    found = sample_means(sums, np.ones(len(sums)))
    assert (found.method, found.estimate.item()) == (method, 1.0)
    assert np.isnan([found.std_error, found.ci_low, found.ci_high]).all()


@pytest.mark.parametrize("sizes", [[1.0, -1.0, 2.0], [1.0, 1.0], [0.0, 0.0, 3.0]])
def test_refuses_sizes_that_divide_nothing(sizes):
    with pytest.raises(ValueError, match=r"3 sums and \d sizes: as many, at least 0"):
        sample_means(np.ones((3, 1)), np.array(sizes))


@pytest.mark.parametrize("n_groups", [5, 8, 20, 60])
def test_few_groups_are_covered_as_well_as_many(rng, n_groups):
    # Patients of 1 to 20 images; being right depends on the patient.
    trials, covered = 400, 0
    for trial in range(trials):
        sizes = rng.integers(1, 21, n_groups)
        chances = stats.norm.cdf(0.3 + rng.normal(size=n_groups))
        sums = rng.binomial(sizes, chances)
        found = sample_means(
            sums[:, None].astype(float), sizes.astype(float), n_resamples=499, seed=trial
        )
        truth = stats.norm.cdf(0.3 / math.sqrt(2))
        covered += found.ci_low.item() <= truth <= found.ci_high.item()
    # 400 trials: one standard error is 1.1 points. BCa on 5 such groups covers about 85 %.
    assert 0.90 < covered / trials < 0.99
