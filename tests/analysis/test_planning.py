"""Variation, power and prediction: each against a reference, and in simulation."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.power import TTestPower

from analysis.drift.projection import conformal_half_width, left_out_residuals, project
from analysis.means.power import minimal_detectable_effect, power_of_t, units_needed
from analysis.means.variance import variance_components
from analysis.regression.stacking import Model

REFERENCE = Path(__file__).parent / "reference"


def test_variance_components_agree_with_lme4():
    scores = pl.read_csv(REFERENCE / "variance_scores.csv").with_columns(
        score=pl.lit("auc"), run_id=pl.int_range(pl.len()).cast(pl.String)
    )
    expected = pl.read_csv(REFERENCE / "variance_expected.csv", comment_prefix="#")
    rows = variance_components(scores, by=["score"], nested=("dataset", "fold"))
    of_r = dict(expected.iter_rows())
    for row in rows.iter_rows(named=True):
        assert_allclose(row["variance"], of_r[row["component"]], rtol=1e-6)
    assert rows["share"].sum() == pytest.approx(1)
    assert rows["n_levels"].to_list() == [8, 32, 96]


def test_variance_components_are_unbiased_for_unequal_numbers(rng):
    true = {"dataset": 4.0, "fold": 1.0, "residual": 0.25}
    sums = dict.fromkeys(true, 0.0)
    sizes = rng.integers(1, 5, size=(60, 4))
    for _ in range(20):
        rows = [
            (dataset, fold, dataset_part + fold_part + 0.5 * rng.normal())
            for dataset, dataset_part in enumerate(2 * rng.normal(size=60))
            for fold, fold_part in enumerate(rng.normal(size=4))
            for _ in range(sizes[dataset, fold])
        ]
        scores = pl.DataFrame(rows, schema=["dataset", "fold", "value"], orient="row").with_columns(
            score=pl.lit("auc"), run_id=pl.int_range(pl.len()).cast(pl.String)
        )
        found = variance_components(scores, by=["score"], nested=("dataset", "fold"))
        for component, variance in found.select("component", "variance").iter_rows():
            sums[component] += variance / 20
    # The least certain, of 60 datasets 20 times over, has a standard error of 4 %; the balance of
    # runs, drawn anew, adds to that.
    for component, variance in true.items():
        assert sums[component] == pytest.approx(variance, rel=0.2), component


def test_one_seed_per_fold_leaves_folds_and_seeds_together(rng):
    scores = pl.DataFrame(
        {
            "score": "auc",
            "dataset": np.repeat(list("abc"), 5),
            "fold": np.tile(np.arange(5), 3),
            "run_id": [str(i) for i in range(15)],
            "value": rng.normal(size=15),
        }
    )
    rows = variance_components(scores, by=["score"], nested=("dataset", "fold"))
    assert rows["component"].to_list() == ["dataset", "residual"]
    within = scores.group_by("dataset").agg(pl.col("value").var())["value"].to_numpy().mean()
    assert_allclose(rows["variance"][1], within, rtol=1e-10)


def test_power_agrees_with_statsmodels():
    for n, effect in ((5, 0.8), (12, 0.5), (30, 0.4)):
        theirs = TTestPower().power(effect_size=effect, nobs=n, alpha=0.05)
        assert_allclose(power_of_t(effect, 1 / np.sqrt(n), n - 1), theirs, rtol=1e-8)


def test_power_is_the_share_of_simulated_tests_that_find_the_effect(rng):
    trials = 4000
    p_values = stats.ttest_1samp(rng.normal(loc=0.7, size=(trials, 10)), 0, axis=1).pvalue
    found = np.mean(p_values < 0.05)
    expected = power_of_t(0.7, 1 / np.sqrt(10), 9)
    assert found == pytest.approx(expected, abs=4 * np.sqrt(0.25 / trials))


@pytest.mark.parametrize("df", [1, 2, 3, 7])
def test_a_comparison_of_very_few_units_still_has_a_detectable_effect(df):
    minimal = minimal_detectable_effect(1.0, df, power=0.8)
    assert_allclose(power_of_t(minimal, 1.0, df), 0.8, rtol=1e-8)


@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_minimal_effect_is_found_with_the_wanted_power(power):
    minimal = minimal_detectable_effect(0.03, 6, power=power)
    assert_allclose(power_of_t(minimal, 0.03, 6), power, rtol=1e-8)


def test_units_needed_is_the_first_number_that_suffices():
    n = units_needed(0.5, 1.0).item()
    assert n == np.ceil(TTestPower().solve_power(effect_size=0.5, alpha=0.05, power=0.8))
    assert (
        power_of_t(0.5, 1 / np.sqrt(n), n - 1) >= 0.8 > power_of_t(0.5, 1 / np.sqrt(n - 1), n - 2)
    )


def test_units_needed_are_those_of_a_search_from_two_upwards(rng):
    sds = rng.uniform(0.3, 3.0, size=20)
    ours = units_needed(1.0, sds, shared=0.01)
    for n, sd in zip(ours, sds, strict=True):
        tried = np.arange(2, 500)
        found = power_of_t(1.0, sd * np.sqrt(1 / tried + 0.01), tried - 1) >= 0.8
        assert n == tried[found.argmax()]


def test_an_effect_that_no_one_can_miss_needs_two_units():
    assert units_needed(1.0, 0.001) == 2
    assert power_of_t(1.0, 0.001, 1) == 1.0


def test_what_folds_share_no_number_of_folds_averages_out():
    assert np.isnan(units_needed(0.1, 1.0, shared=0.25))
    assert np.isfinite(units_needed(3.0, 1.0, shared=0.25))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: minimal_detectable_effect(0.0, 5), "must be positive"),
        (lambda: units_needed(0.0, 1.0), "must not be 0"),
    ],
    ids=["error", "effect"],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def outcomes(rng, *, n_datasets, slope, trials=1, runs=4):
    shape = (trials, n_datasets, runs)
    similarity = rng.uniform(size=(trials, n_datasets, 1)) + 0.05 * rng.normal(size=shape)
    outcome = slope * similarity + 0.1 * rng.normal(size=(trials, n_datasets, 1))
    outcome = outcome + 0.05 * rng.normal(size=shape)
    return pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), n_datasets * runs),
            "dataset": np.tile(np.repeat(np.arange(n_datasets), runs), trials),
            "run_id": [str(i) for i in range(trials * n_datasets * runs)],
            "similarity": similarity.ravel(),
            "outcome_value": outcome.ravel(),
        }
    )


def test_residuals_without_a_dataset_equal_refitting(rng):
    points = outcomes(rng, n_datasets=5, slope=1.0)
    x, y = (points[name].to_numpy() for name in ("similarity", "outcome_value"))
    datasets = points["dataset"].to_numpy()
    residuals = left_out_residuals(x, y, datasets)
    for dataset in range(5):
        rest = datasets != dataset  # as many runs in each, so least squares weighs them alike
        fit = stats.linregress(x[rest], y[rest])
        expected = y[~rest] - fit.intercept - fit.slope * x[~rest]
        assert_allclose(residuals[~rest], expected, rtol=1e-9, atol=1e-12)


def test_skill_shows_when_similarity_predicts_and_when_not(rng):
    good = project(outcomes(rng, n_datasets=12, slope=2.0), Model(), by=["trial"])
    useless = project(outcomes(rng, n_datasets=12, slope=0.0), Model(), by=["trial"])
    assert good["skill"].item() > 0.8
    assert useless["skill"].item() < 0.2
    assert good["half_width"].item() < good["trivial_half_width"].item()


def test_seven_datasets_promise_seven_eighths_at_most(rng):
    points = outcomes(rng, n_datasets=7, slope=1.0)
    row = project(points, Model(), by=["trial"], level=0.9).row(0, named=True)
    assert (row["status"], row["half_width"]) == ("abstains", None)
    assert row["reason"] == "7 datasets promise at most 0.875, not 0.9"
    assert project(points, Model(), by=["trial"], level=0.875)["status"].item() == "fitted"


@pytest.mark.parametrize("n", [4, 9])
def test_intervals_hold_for_datasets_that_were_never_seen(rng, n):
    trials, level = 400, 0.8
    points = outcomes(rng, n_datasets=n + 1, slope=1.0, trials=trials)
    seen = points.filter(pl.col("dataset") < n)
    widths = dict(
        project(seen, Model(), by=["trial"], level=level).select("trial", "half_width").iter_rows()
    )
    covered = []
    for (trial,), group in points.group_by("trial"):
        x, y = (group[name].to_numpy() for name in ("similarity", "outcome_value"))
        new = group["dataset"].to_numpy() == n
        fit = np.polyfit(x[~new], y[~new], 1)
        covered.append(np.abs(y[new] - np.polyval(fit, x[new])).max() <= widths[trial])
    assert np.mean(covered) >= level - 3 * np.sqrt(level * (1 - level) / trials)


def test_two_datasets_are_too_few_to_predict(rng):
    row = project(outcomes(rng, n_datasets=2, slope=1.0), Model(), by=["trial"]).row(0, named=True)
    assert row["status"] == "undefined"
    assert "too few to leave one out" in row["reason"]


def test_an_outcome_that_is_the_same_everywhere_has_no_skill(rng):
    same = outcomes(rng, n_datasets=6, slope=1.0).with_columns(outcome_value=pl.lit(0.0))
    row = project(same, Model(), by=["trial"]).row(0, named=True)
    assert (row["status"], row["reason"]) == ("undefined", "the outcome is constant")


def test_conformal_width_by_hand():
    # Five times 0.6 is three: the third smallest.
    assert conformal_half_width(np.array([4.0, 1.0, 3.0, 2.0]), 0.6) == 3.0
