"""Bootstrap and the similarity space: by hand and in simulation."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.drift.membership import wilson_interval
from analysis.drift.similarity_space import (
    Space,
    membership_probability,
    membership_surface,
    without_floor,
)
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


def members(similarity, score, *, images=None, floor=None, width=None):
    n = len(similarity)
    return pl.DataFrame(
        {
            "cell": "a",
            "run_id": [str(i) for i in range(n)],
            "similarity": similarity,
            "similarity_low": [None if width is None else s - width / 2 for s in similarity],
            "similarity_high": [None if width is None else s + width / 2 for s in similarity],
            "similarity_floor": floor,
            "outcome_value": score,
            "reference_score": 0.9,
            "n_test": images,
        },
        schema_overrides={
            "similarity_low": pl.Float64,
            "similarity_high": pl.Float64,
            "similarity_floor": pl.Float64,
            "n_test": pl.Int64,
        },
    )


@pytest.mark.parametrize(("similarity", "expected"), [(0.9, 1.0), (0.3, 0.0)])
def test_without_noise_probability_is_membership(similarity, expected):
    points = members([similarity] * 4, [0.9] * 4)
    row = membership_probability(points, Space(0.5, 0.05), by=["cell"]).row(0, named=True)
    assert row["probability"] == expected
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(wilson_interval(4 * expected, 4))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_few_runs_cover_the_share_of_members_that_many_would_have(rng, share):
    trials, runs = 300, 5
    similarity = np.where(rng.uniform(size=trials * runs) < share, 0.9, 0.1)
    points = members(similarity.tolist(), [0.9] * trials * runs).with_columns(
        cell=pl.Series(np.repeat(np.arange(trials), runs))
    )
    rows = membership_probability(points, Space(0.5, 0.05), by=["cell"])
    covered = ((rows["ci_low"] <= share) & (rows["ci_high"] >= share)).mean()
    # Five runs have six outcomes, so the coverage jumps about the level as the share moves.
    exact = sum(
        stats.binom.pmf(k, runs, share)
        for k in range(runs + 1)
        if wilson_interval(k, runs)[0] <= share <= wilson_interval(k, runs)[1]
    )
    assert covered == pytest.approx(exact, abs=4 * np.sqrt(0.25 / trials))
    assert exact > 0.9


def test_probability_is_that_of_the_noise_it_is_given():
    # One standard error of 0.05 below the threshold.
    points = members([0.5] * 6, [0.9] * 6, width=0.1 * stats.norm.ppf(0.975))
    space = Space(0.45, 0.05)
    row = membership_probability(points, space, by=["cell"]).row(0, named=True)
    assert row["probability"] == pytest.approx(stats.norm.sf(1.0), rel=1e-6)


@pytest.mark.parametrize("divergence", ["absolute", "shortfall"])
def test_probability_is_the_share_of_members_among_draws_of_runs_and_images(rng, divergence):
    similarity, score = [0.4, 0.55, 0.6, 0.9], [0.80, 0.84, 0.93, 0.97]
    points = members(similarity, score, images=100, width=0.3)
    space = Space(0.45, 0.05, divergence)
    probability = membership_probability(points, space, by=["cell"])["probability"].item()
    n_draws = 40_000
    picks = rng.integers(0, 4, size=n_draws)
    drawn = np.array(similarity)[picks] + 0.3 / (2 * 1.96) * rng.normal(size=n_draws)
    scores = np.array(score)[picks]
    gap = 0.9 - scores - np.sqrt(scores * (1 - scores) / 100) * rng.normal(size=n_draws)
    gap = np.abs(gap) if divergence == "absolute" else gap
    found = np.mean((drawn >= 0.55) & (gap <= 0.05))
    assert probability == pytest.approx(found, abs=4 * np.sqrt(0.25 / n_draws))


def test_score_on_few_images_is_uncertain():
    sure = members([0.9] * 6, [0.88] * 6)
    unsure = members([0.9] * 6, [0.88] * 6, images=50)
    space = Space(0.5, 0.05)
    found = [
        membership_probability(points, space, by=["cell"])["probability"].item()
        for points in (sure, unsure)
    ]
    assert found[0] == 1.0
    assert 0.5 < found[1] < 0.9


def test_without_its_floor_unrelated_is_zero_and_equal_is_one():
    points = without_floor(members([0.34, 1.0, 0.67], [0.9] * 3, floor=[0.34, 0.34, None]))
    assert_allclose(points["similarity"], [0.0, 1.0], atol=1e-12)


def two_datasets():
    """Fold 1 is close on both datasets, fold 2 on one of them only."""
    return pl.DataFrame(
        {
            "network": "n",
            "dataset": ["a", "a", "b", "b"],
            "fold": [1, 2, 1, 2],
            "seed": 0,
            "similarity": [0.8, 0.8, 0.7, 0.2],
            "outcome_value": 0.9,
            "reference_score": 0.9,
        }
    )


def at(surface, scope, eta):
    row = surface.filter(pl.col("scope") == scope, pl.col("eta") == eta, pl.col("epsilon") == 0.0)
    return row["fraction"].to_list()


def test_global_space_is_the_intersection_over_datasets():
    surface = membership_surface(two_datasets(), by=["network"])
    assert at(surface, "intersection", 0.3) == [0.5]
    assert at(surface, "union", 0.3) == [1.0]
    assert at(surface, "dataset", 0.3) == [1.0, 0.5]
    assert at(surface, "intersection", 1.0) == [1.0]


def test_surface_grows_with_both_thresholds():
    surface = membership_surface(two_datasets(), by=["network"])
    for _, rows in surface.sort("eta").group_by("scope", "dataset", "epsilon"):
        assert (rows.sort("eta")["fraction"].diff().drop_nulls() >= 0).all()


def test_frontier_is_the_smallest_eta_with_half_of_the_members():
    surface = membership_surface(two_datasets(), by=["network"])
    frontier = surface.filter(pl.col("is_frontier"), pl.col("epsilon") == 0.0)
    found = {row["scope"]: row["eta"] for row in frontier.iter_rows(named=True)}
    assert (found["intersection"], found["union"]) == (0.3, 0.2)
