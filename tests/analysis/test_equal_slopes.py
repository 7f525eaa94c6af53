"""Equal slopes in all datasets: the F test of statsmodels, its size, and the spread it measures."""

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf
from numpy.testing import assert_allclose
from statsmodels.stats.anova import anova_lm

from analysis.regression.equal_slopes import equal_slope_rows, equal_slopes
from analysis.regression.stacking import Model, stack


def drawn(rng, *, sd, trials=1, n_datasets=7, n_runs=5):
    """Draw runs of datasets whose slopes have a standard deviation; one layer per trial."""
    shape = (trials, n_datasets, n_runs)
    x = 3 * rng.normal(size=(trials, n_datasets, 1)) + rng.normal(size=shape)
    slopes = 0.4 + sd * rng.normal(size=(trials, n_datasets, 1))
    y = 2 * rng.normal(size=(trials, n_datasets, 1)) + slopes * x + 0.5 * rng.normal(size=shape)
    index = np.indices(shape)
    return pl.DataFrame(
        {
            "layer": index[0].ravel(),
            "dataset": index[1].ravel().astype(str),
            "run_id": np.arange(x.size).astype(str),
            "similarity": x.ravel(),
            "outcome_value": y.ravel(),
        }
    )


def test_is_the_analysis_of_covariance_of_statsmodels(rng):
    points = drawn(rng, sd=0.3, n_datasets=4, n_runs=6)[:-3]  # datasets of unequal size
    found = equal_slopes(stack(points, Model(), ["layer"]))
    frame = points.to_pandas()
    one, each = (
        smf.ols(f"outcome_value ~ C(dataset) {sign} similarity", frame).fit() for sign in "+*"
    )
    theirs = anova_lm(one, each).iloc[1]
    assert_allclose(found.statistic, theirs["F"], rtol=1e-9)
    assert_allclose(found.p_value, theirs["Pr(>F)"], rtol=1e-8)
    assert_allclose([found.df_slopes[0], found.df_runs[0]], [theirs["df_diff"], each.df_resid])


def test_equal_slopes_are_rejected_as_often_as_the_level_says(rng):
    rows = equal_slope_rows(drawn(rng, sd=0.0, trials=2000), Model(), by=["layer"])
    rate = np.mean(rows["slopes_p_value"].to_numpy() <= 0.05)
    assert rate == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 2000))


def test_the_spread_of_slopes_is_found(rng):
    rows = equal_slope_rows(drawn(rng, sd=0.5, trials=400), Model(), by=["layer"])
    variance = (rows["slopes_sd"] ** 2).mean()  # cut at 0 in few trials
    assert variance == pytest.approx(0.25, rel=0.1)
    apart = equal_slope_rows(drawn(rng, sd=2.0, trials=200), Model(), by=["layer"])
    assert np.mean(apart["slopes_p_value"].to_numpy() <= 0.05) > 0.95


@pytest.mark.parametrize("n_runs", [1, 2])
def test_runs_too_few_to_judge_slopes_by_give_nothing(rng, n_runs):
    rows = equal_slope_rows(drawn(rng, sd=0.0, n_runs=n_runs), Model(), by=["layer"])
    assert rows.select("slopes_sd", "slopes_p_value").rows() == [(None, None)]


def test_datasets_without_variation_have_no_slope_to_compare(rng):
    points = drawn(rng, sd=0.0, n_datasets=4, n_runs=6)
    flat = points.with_columns(
        similarity=pl.when(pl.col("dataset") == "3").then(1.0).otherwise("similarity")
    )
    found = equal_slopes(stack(flat, Model(), ["layer"]))
    assert (found.df_slopes[0], found.df_runs[0]) == (2, 24 - 4 - 3)


def test_a_group_without_a_fit_has_none(rng):
    points = drawn(rng, sd=0.0).with_columns(similarity=1.0)
    rows = equal_slope_rows(points, Model(), by=["layer"])
    assert rows.select("slopes_sd", "slopes_p_value").rows() == [(None, None)]
