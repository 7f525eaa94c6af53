"""Variation and power: each against a reference, and in simulation."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.power import TTestPower

from analysis.means.power import (
    minimal_detectable_effect,
    power_of_t,
    spread_limit,
    units_needed,
)
from analysis.means.variance import variance_components

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


def test_balanced_components_have_a_closed_form(rng):
    # Of 6 datasets, 4 folds, 3 seeds: sigma^2 = MS_r, (MS_f - MS_r) / 3, (MS_d - MS_f) / 12.
    values = rng.normal(size=(6, 4, 3)) + 2 * rng.normal(size=(6, 4, 1))
    values += 3 * rng.normal(size=(6, 1, 1))
    dataset, fold, _ = (index.ravel() for index in np.indices(values.shape))
    scores = pl.DataFrame(
        {"score": "auc", "dataset": dataset, "fold": fold, "value": values.ravel()}
    ).with_columns(run_id=pl.int_range(pl.len()).cast(pl.String))
    mean_squares = (
        12 * values.mean(axis=(1, 2)).var(ddof=1),
        3 * values.mean(axis=2).var(axis=1, ddof=1).mean(),
        values.var(axis=2, ddof=1).mean(),
    )
    expected = [
        (mean_squares[0] - mean_squares[1]) / 12,
        (mean_squares[1] - mean_squares[2]) / 3,
        mean_squares[2],
    ]
    rows = variance_components(scores, by=["score"], nested=("dataset", "fold"))
    assert rows["component"].to_list() == ["dataset", "fold", "residual"]
    assert_allclose(rows["variance"], expected, rtol=1e-9)


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


@pytest.mark.parametrize("n", [3, 5, 20])
def test_plans_from_few_units_have_the_power_promised_as_often_as_the_limit_says(rng, n):
    # The true spread is 1; each plan knows that of n units.
    trials = 4000
    spread = np.sqrt(rng.chisquare(n - 1, size=trials) / (n - 1))
    minimal = minimal_detectable_effect(spread / np.sqrt(n), n - 1)
    power = power_of_t(minimal * spread_limit(n - 1), 1 / np.sqrt(n), n - 1)
    assert np.mean(power >= 0.8) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / trials))
    planned = units_needed(1.0, spread * spread_limit(n - 1))
    found = power_of_t(1.0, 1 / np.sqrt(planned), planned - 1)
    assert np.mean(found >= 0.8) > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials)
    assert np.mean(power_of_t(minimal, 1 / np.sqrt(n), n - 1) >= 0.8) < 0.5


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
