"""The wild-cluster bootstrap equals its slow definition and inverts into an interval."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from analysis.regression.clustered import Clusters
from analysis.regression.least_squares import fit_groups
from analysis.regression.wild import (
    bootstrap_p_value,
    bootstrap_statistics,
    cluster_sums,
    sign_vectors,
    statistics_by_null,
    wild_cluster_test,
)

REFERENCE = Path(__file__).parent / "reference"


def sums_of(x, y, sizes):
    """Add up by cluster a line through clusters of the given sizes."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    fits = fit_groups(np.column_stack([np.ones(len(x)), x]), y, np.array([len(x)]))
    return cluster_sums(fits, Clusters(starts, np.zeros(len(sizes), dtype=np.int64)), 0)


def p_value_by_definition(x, y, sizes, null):
    """Cameron, Gelbach and Miller (2008), section III: refit every draw with statsmodels."""
    cluster, design = np.repeat(np.arange(len(sizes)), sizes), sm.add_constant(x)
    shifted = y - null * x
    residuals = shifted - shifted.mean()
    statistics = []
    for signs in sign_vectors(len(sizes)):
        drawn = shifted.mean() + signs[cluster] * residuals
        fit = sm.OLS(drawn, design).fit(cov_type="cluster", cov_kwds={"groups": cluster})
        statistics.append(abs(fit.params[1] / fit.bse[1]))
    return np.mean(np.array(statistics) >= statistics[0] * (1 - 1e-9))


@pytest.mark.parametrize("null", [0.0, -0.4, 1.3])
def test_equals_its_definition(rng, null):
    sizes = np.array([3, 6, 2, 5, 4])
    x = rng.normal(size=20)
    y = 0.5 * x + np.repeat(rng.normal(size=5), sizes) + 0.2 * rng.normal(size=20)
    ours = bootstrap_p_value(sums_of(x, y, sizes), sign_vectors(5), null)
    assert_allclose(ours, p_value_by_definition(x, y, sizes, null), rtol=1e-12)


def test_agrees_with_r_at_a_null_other_than_zero():
    points = pl.read_csv(REFERENCE / "regression_points.csv")
    expected = pl.read_csv(REFERENCE / "regression_expected.csv", comment_prefix="#")
    sizes = points.group_by("dataset", maintain_order=True).len()["len"].to_numpy()
    sums = sums_of(points["value"].to_numpy(), points["outcome"].to_numpy(), sizes)
    of_r = expected.filter(pl.col("quantity") == "p_value_at_0.5")["number"].item()
    assert_allclose(bootstrap_p_value(sums, sign_vectors(7), 0.5), of_r, rtol=1e-12)


@pytest.mark.parametrize("null", [0.0, -3.0, 0.51, 1e4])
def test_statistics_of_any_null_follow_from_one_set_of_products(rng, null):
    x, sizes = rng.normal(size=40), np.full(8, 5)
    sums, signs = sums_of(x, 0.5 * x + np.repeat(rng.normal(size=8), 5), sizes), sign_vectors(8)
    expected = bootstrap_statistics(sums, signs, null)
    assert_allclose(statistics_by_null(sums, signs)(null), expected, rtol=1e-9)


def test_interval_ends_where_rejection_begins(rng):
    sizes = np.full(8, 5)
    x = rng.normal(size=40)
    y = x + np.repeat(rng.normal(size=8), 5)
    sums = sums_of(x, y, sizes)
    test = wild_cluster_test(sums, level=0.9)
    signs = sign_vectors(8)
    for end, outward in ((test.ci_low, -1e-6), (test.ci_high, 1e-6)):
        assert bootstrap_p_value(sums, signs, end + outward) <= 0.1 + 1e-12
        assert bootstrap_p_value(sums, signs, end - outward) > 0.1


def test_five_clusters_cannot_reject_at_five_percent_so_the_interval_is_the_whole_line(rng):
    x = rng.normal(size=25)
    test = wild_cluster_test(sums_of(x, 9 * x + 0.01 * rng.normal(size=25), np.full(5, 5)))
    assert test.p_value == 2 / 2**5
    assert (test.ci_low, test.ci_high) == (-np.inf, np.inf)


def test_scales_with_the_outcome_and_the_predictor(rng):
    x, sizes = rng.normal(size=40), np.full(8, 5)
    y = x + rng.normal(size=40)
    small = wild_cluster_test(sums_of(x, y, sizes))
    large = wild_cluster_test(sums_of(100 * x, 7 * y, sizes))
    assert large.p_value == small.p_value
    assert_allclose([large.ci_low, large.ci_high], [small.ci_low * 0.07, small.ci_high * 0.07])


def test_all_sign_vectors_are_taken_up_to_twelve_clusters():
    signs = sign_vectors(12)
    assert signs.shape == (4096, 12)
    assert len(np.unique(signs, axis=0)) == 4096
    assert (signs[0] == 1).all()


def test_random_sign_vectors_beyond_are_fixed_by_their_seed():
    assert_allclose(sign_vectors(13, 50, 3), sign_vectors(13, 50, 3))
    assert not np.array_equal(sign_vectors(13, 50, 3), sign_vectors(13, 50, 4))
    assert (sign_vectors(13, 50, 3)[0] == 1).all()


def test_random_draws_agree_with_enumeration(rng):
    sizes, x = np.full(12, 3), rng.normal(size=36)
    sums = sums_of(x, 0.5 * x + np.repeat(rng.normal(size=12), 3), sizes)
    draws = 1.0 - 2.0 * rng.integers(0, 2, size=(20_000, 12))
    draws[0] = 1.0
    exact = bootstrap_p_value(sums, sign_vectors(12))
    spread = np.sqrt(exact * (1 - exact) / len(draws))
    assert bootstrap_p_value(sums, draws) == pytest.approx(exact, abs=4 * spread)


def test_refuses_one_cluster(rng):
    x = rng.normal(size=5)
    with pytest.raises(ValueError, match="1 cluster"):
        wild_cluster_test(sums_of(x, rng.normal(size=5), np.array([5])))
