"""Within and between, without a dataset, robust, and binned: a slope looked at from all sides."""

from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.regression.binned import Binning, binned_fits, equal_width_bins, line
from analysis.regression.decomposition import sign_alarms, within_and_between
from analysis.regression.fits import regress
from analysis.regression.influence import leave_one_dataset_out
from analysis.regression.robust import robust_rows, without_outliers
from analysis.regression.stacking import Model

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="module")
def points():
    frame = pl.read_csv(REFERENCE / "regression_points.csv")
    return frame.rename({"value": "similarity", "outcome": "outcome_value"}).with_columns(
        run_id=pl.int_range(pl.len()).cast(pl.String), layer=pl.lit("conv1")
    )


@pytest.fixture(scope="module")
def expected():
    frame = pl.read_csv(REFERENCE / "mixed_expected.csv", comment_prefix="#")
    return {(row[1], row[3]): row[4] for row in frame.filter(pl.col("model") == "line").rows()}


def numbers_of(rows, method):
    return rows.filter(pl.col("method") == method).row(0, named=True)


@pytest.mark.parametrize("method", ["within", "between"])
def test_within_and_between_agree_with_r(points, expected, method):
    ours = numbers_of(within_and_between(points, Model(), by=["layer"]), method)
    for quantity in ("estimate", "std_error", "p_value"):
        assert_allclose(ours[quantity], expected[method, quantity], rtol=1e-9)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # inside pingouin
def test_within_is_the_repeated_measures_correlation_of_pingouin(points):
    theirs = pingouin.rm_corr(
        pd.DataFrame(
            points.select("dataset", "similarity", "outcome_value").to_dict(as_series=False)
        ),
        x="similarity",
        y="outcome_value",
        subject="dataset",
    )
    ours = numbers_of(within_and_between(points, Model(), by=["layer"]), "within")
    correlation = np.sign(ours["estimate"]) * np.sqrt(ours["r_squared"])
    assert_allclose(correlation, theirs["r"].iloc[0], rtol=1e-10)
    assert_allclose(ours["p_value"], theirs["pval"].iloc[0], rtol=1e-8)
    assert ours["df"] == theirs["dof"].iloc[0]


def simpson(rng):
    """Return points that fall within every dataset and rise between datasets."""
    centre = np.repeat(np.arange(5.0), 8)
    step = np.tile(np.linspace(-0.4, 0.4, 8), 5)
    return pl.DataFrame(
        {
            "layer": "a",
            "dataset": np.repeat(list("abcde"), 8),
            "run_id": [str(i) for i in range(40)],
            "similarity": centre + step,
            "outcome_value": centre - step + 0.01 * rng.normal(size=40),
        }
    )


def test_alarm_where_signs_differ_and_the_pooled_slope_is_reversed(rng):
    points = simpson(rng)
    rows = pl.concat(
        [
            within_and_between(points, Model(), by=["layer"]),
            regress(points, Model(), by=["layer"], methods=["ols"]),
        ]
    )
    alarm = sign_alarms(rows, by=["layer"]).row(0, named=True)
    assert alarm["within"] < 0 < alarm["pooled"]
    assert alarm["signs_differ"]
    assert alarm["is_reversed"]


def test_a_predictor_that_varies_between_datasets_only_has_no_slope_within(points):
    flat = points.with_columns(similarity=pl.col("similarity").mean().over("dataset"))
    row = numbers_of(within_and_between(flat, Model(), by=["layer"]), "within")
    assert (row["status"], row["reason"]) == ("undefined", "nothing varies within a dataset")


def test_two_datasets_have_no_slope_between(points):
    two = points.filter(pl.col("dataset").is_in(["a", "b"]))
    row = numbers_of(within_and_between(two, Model(), by=["layer"]), "between")
    assert row["reason"] == "2 datasets are too few for 2 coefficients"


def test_leaving_a_dataset_out_equals_refitting(points):
    rows = leave_one_dataset_out(points, Model(controls=("control",)), by=["layer"])
    assert rows["left_out"].to_list() == list("abcdefg")
    for row in rows.iter_rows(named=True):
        rest = points.filter(pl.col("dataset") != row["left_out"])
        refit = regress(rest, Model(controls=("control",)), by=["layer"], methods=["ols"])
        slope = refit.filter(pl.col("term") == "similarity")["estimate"].item()
        assert_allclose(row["slope_without"], slope, rtol=1e-10)
        assert row["changes_sign"] == (slope * row["slope"] < 0)


@pytest.mark.parametrize("method", ["spearman", "huber"])
def test_robust_fits_agree_with_r(points, expected, method):
    ours = numbers_of(robust_rows(points, Model(), by=["layer"]), method)
    # MASS::rlm and statsmodels stop on different criteria.
    assert_allclose(ours["estimate"], expected[method, "estimate"], rtol=2e-5)


def test_theil_sen_is_the_median_of_pairwise_slopes(points):
    x, y = points["similarity"].to_numpy(), points["outcome_value"].to_numpy()
    i, j = np.triu_indices(len(x), 1)
    ours = numbers_of(robust_rows(points, Model(), by=["layer"]), "theil_sen")
    assert_allclose(ours["estimate"], np.median((y[j] - y[i]) / (x[j] - x[i])), rtol=1e-12)
    # Both ends are order statistics of the slopes; theirs round the rank, ours go outwards, by at
    # most one slope.
    theirs = stats.theilslopes(y, x, alpha=0.95)
    slopes = np.sort((y[j] - y[i]) / (x[j] - x[i])).tolist()
    low, high = (slopes.index(end) for end in (theirs.low_slope, theirs.high_slope))
    assert ours["ci_low"] in slopes[low - 1 : low + 1]
    assert ours["ci_high"] in slopes[high : high + 2]


def test_rank_correlation_of_few_datasets_has_its_exact_p_value(points):
    means = points.group_by("dataset").agg(pl.col("similarity", "outcome_value").mean())
    x, y = means["similarity"].to_numpy(), means["outcome_value"].to_numpy()
    theirs = stats.permutation_test(
        (y,),
        lambda drawn: stats.spearmanr(x, drawn).statistic,
        permutation_type="pairings",
        n_resamples=5040,
    )
    ours = numbers_of(robust_rows(points, Model(), by=["layer"]), "spearman_datasets")
    assert_allclose(ours["estimate"], theirs.statistic, rtol=1e-12)
    # Seven datasets have 5,040 orders; theirs doubles the smaller tail, ours adds both, and they
    # differ by the few orders of the same rank correlation.
    assert_allclose(ours["p_value"], theirs.pvalue, atol=15 / 5040)


def test_one_wild_run_turns_least_squares_but_not_the_robust_fits(rng):
    x = rng.uniform(size=30)
    outcome = -x + 0.05 * rng.normal(size=30)
    x[0], outcome[0] = 3.0, 30.0
    points = pl.DataFrame(
        {
            "layer": "a",
            "dataset": np.repeat(list("abc"), 10),
            "run_id": [str(i) for i in range(30)],
            "similarity": x,
            "outcome_value": outcome,
        }
    )
    rows = robust_rows(points, Model(), by=["layer"])
    ols = regress(points, Model(), by=["layer"], methods=["ols"])
    assert ols.filter(pl.col("term") == "similarity")["estimate"].item() > 5
    for method in ("theil_sen", "without_outliers"):
        # 29 runs with noise of 0.05 over a range of 1: a standard error of 0.03.
        assert_allclose(numbers_of(rows, method)["estimate"], -1, atol=4 * 0.03)
    assert numbers_of(rows, "without_outliers")["n_runs"] == 29


def test_outlier_rule_is_tukeys_fences():
    points = pl.DataFrame(
        {"g": "a", "similarity": [1.0, 2, 3, 4, 5, 8.1, -2.1], "outcome_value": 1.0}
    )
    # Quartiles 1.5 and 4.5: the fences are -3 and 9; with 9.1 in place of 8.1 the run is out.
    assert len(without_outliers(points, Model(), ["g"])) == 7
    further = points.with_columns(similarity=pl.col("similarity").replace(8.1, 9.1))
    assert len(without_outliers(further, Model(), ["g"])) == 6


def test_constant_columns_give_a_reason(points):
    flat = points.with_columns(similarity=pl.lit(1.0))
    rows = robust_rows(flat, Model(), by=["layer"])
    assert set(rows["reason"]) == {"the predictor is constant"}


def unrelated(rng, *, n, trials):
    """Return unrelated normal points, as many sets as asked for."""
    return pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), n),
            "dataset": "a",
            "run_id": np.tile(np.arange(n), trials).astype(str),
            "similarity": rng.normal(size=n * trials),
            "outcome_value": rng.normal(size=n * trials),
        }
    )


@pytest.fixture(scope="module")
def null_fits():
    """400 unrelated runs, binned as in Zu et al., 200 times.

    The paper does not say how many bins it has. With four of them R-squared is
    above 0.5 by chance in 29 % of cases where bins hold equally many runs, and in nearly half where
    similarity is normal, because the outer bins hold few; with ten in 2 % and 10 %.
    """
    points = unrelated(np.random.default_rng(3), n=400, trials=200)
    binning = Binning(n_bins=4, n_permutations=99, drops_outliers=False)
    return binned_fits(points, Model(), binning, by=["trial"])


def test_binning_makes_strong_fits_out_of_nothing(null_fits):
    assert np.mean(null_fits["binned_r_squared"].to_numpy() > 0.5) > 0.2
    assert null_fits["r_squared"].max() < 0.05
    assert null_fits["inflation"].median() > 10


@pytest.mark.parametrize("n_bins", [4, 6, 10])
def test_r_squared_of_bins_of_equal_counts_has_its_exact_law(rng, n_bins):
    # Means of equally many unrelated normal outcomes are independent and alike: their squared
    # correlation with anything has the law of Beta(1/2, (n_bins - 2) / 2).
    points = unrelated(rng, n=120, trials=300).with_columns(
        similarity=pl.int_range(pl.len()).over("trial") + 0.5
    )
    binning = Binning(n_bins=n_bins, n_permutations=1, drops_outliers=False)
    found = binned_fits(points, Model(), binning, by=["trial"])
    assert found["bin_counts"].explode().unique().to_list() == [120 // n_bins]
    law = stats.beta(0.5, (n_bins - 2) / 2)
    assert stats.kstest(found["binned_r_squared"].to_numpy(), law.cdf).pvalue > 0.001


@pytest.mark.parametrize("n_bins", [4, 10])
def test_bins_with_few_runs_make_more_of_nothing_than_equal_ones(n_bins):
    points = unrelated(np.random.default_rng(8), n=400, trials=200)
    binning = Binning(n_bins=n_bins, n_permutations=1, drops_outliers=False)
    found = binned_fits(points, Model(), binning, by=["trial"])["binned_r_squared"].to_numpy()
    equal = stats.beta.sf(0.5, 0.5, (n_bins - 2) / 2)
    assert np.mean(found > 0.5) > 1.3 * equal


def test_shuffled_outcomes_show_what_the_bins_make_of_nothing(null_fits):
    rejected = np.mean(null_fits["p_value"].to_numpy() <= 0.05)
    assert rejected == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 200))
    assert null_fits["null_r_squared_high"].median() > 0.4


def test_bin_counts_show_how_few_runs_a_mean_stands_on(null_fits):
    assert len(null_fits) > 100
    for counts, n in null_fits.select("bin_counts", "n_runs").iter_rows():
        assert sum(counts) == n
        assert max(counts) > 2 * min(counts)


def test_binned_fit_by_hand():
    points = pl.DataFrame(
        {
            "g": "a",
            "dataset": "d",
            "run_id": list("uvwxyz"),
            "similarity": [0.0, 0.1, 0.4, 0.5, 0.9, 1.0],
            "outcome_value": [0.0, 2.0, 1.0, 3.0, 2.0, 4.0],
        }
    )
    # Three bins of width 1/3 hold two runs each: means (0.05, 1), (0.45, 2), (0.95, 3).
    binning = Binning(n_bins=3, drops_outliers=False, n_permutations=9)
    row = binned_fits(points, Model(), binning, by=["g"]).row(0, named=True)
    assert row["bin_counts"] == [2, 2, 2]
    assert_allclose(row["bin_outcomes"], [1, 2, 3])
    fit = stats.linregress([0.05, 0.45, 0.95], [1, 2, 3])
    assert_allclose([row["binned_slope"], row["binned_r_squared"]], [fit.slope, fit.rvalue**2])
    raw = stats.linregress(points["similarity"], points["outcome_value"])
    assert_allclose([row["slope"], row["r_squared"]], [raw.slope, raw.rvalue**2])
    assert_allclose(row["inflation"], fit.rvalue**2 / raw.rvalue**2)


def test_a_true_relation_stays_below_the_shuffles_p_value(rng):
    points = unrelated(rng, n=200, trials=1).with_columns(
        outcome_value=pl.col("outcome_value") + pl.col("similarity")
    )
    row = binned_fits(points, Model(), Binning(n_permutations=199), by=["trial"]).row(0, named=True)
    assert row["p_value"] == 1 / 200
    assert row["binned_r_squared"] > row["r_squared"]


def test_fewer_than_three_bins_give_no_fit():
    points = unrelated(np.random.default_rng(1), n=4, trials=1).with_columns(
        similarity=pl.Series([0.0, 0.0, 1.0, 1.0])
    )
    assert binned_fits(points, Model(), Binning(), by=["trial"]).is_empty()


def test_line_equals_scipy(rng):
    x, y = rng.normal(size=(2, 20))
    fit = stats.linregress(x, y)
    assert_allclose(line(x, y), [fit.slope, fit.rvalue**2], rtol=1e-10)


def test_empty_bins_are_dropped_from_the_numbering():
    assert equal_width_bins(np.array([0.0, 0.05, 1.0]), 10).tolist() == [0, 0, 1]


def test_order_of_rows_does_not_change_the_shuffles(rng):
    points = unrelated(rng, n=100, trials=2).with_columns(run_id=pl.int_range(200).cast(pl.String))
    found, again = (
        binned_fits(frame, Model(), Binning(), by=["trial"]).select("p_value", "null_r_squared")
        for frame in (points, points.sample(fraction=1.0, shuffle=True, seed=1))
    )
    assert found.equals(again)
