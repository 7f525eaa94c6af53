"""Bootstrap of images and patients: against scipy, by hand and in simulation."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.means.bootstrap import bca_intervals, bootstrap_means, cluster_totals


def test_bootstrap_interval_agrees_with_scipy(rng):
    values = rng.exponential(size=80)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=40_000, rng=1, batch=1000)
    sums, sizes = cluster_totals(values, np.arange(80))
    ours = bca_intervals(sums, sizes, n_resamples=40_000, seed=1)[0]
    interval = theirs.confidence_interval
    assert_allclose(ours[0], values.mean(), rtol=1e-12)
    assert_allclose(ours[1], theirs.standard_error, rtol=0.02)
    assert_allclose(ours[2:], [interval.low, interval.high], atol=0.05 * theirs.standard_error)


def test_cluster_bootstrap_covers_where_rows_alone_do_not(rng):
    trials, covered = 300, np.zeros(2)
    for seed in range(trials):
        patient = np.repeat(np.arange(30), 6)
        values = np.repeat(rng.normal(size=30), 6) + 0.3 * rng.normal(size=180)
        for i, clusters in enumerate((patient, np.arange(180))):
            sums, sizes = cluster_totals(values, clusters)
            _, _, low, high = bca_intervals(sums, sizes, n_resamples=399, seed=seed)[0]
            covered[i] += low <= 0 <= high
    # Thirty patients: about 93 %, less four standard errors of 300 trials would be 0.87.
    assert covered[0] / trials > 0.89
    assert covered[1] / trials < 0.75


def test_bootstrap_of_many_scores_uses_the_same_resamples(rng):
    values = rng.normal(size=(50, 3))
    sums, sizes = cluster_totals(values, np.arange(50))
    together = bootstrap_means(sums, sizes, n_resamples=600)
    alone = bootstrap_means(sums[:, 1:2], sizes, n_resamples=600)
    assert_allclose(together[:, 1:2], alone, rtol=1e-12)


def test_a_score_that_never_varies_has_no_width():
    sums, sizes = cluster_totals(np.ones(10), np.arange(10))
    assert bca_intervals(sums, sizes, n_resamples=99)[0].tolist() == [1, 0, 1, 1]


def test_bootstrap_refuses_two_clusters():
    with pytest.raises(ValueError, match="too few to resample"):
        bca_intervals(np.ones((2, 1)), np.ones(2))
