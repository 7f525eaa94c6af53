"""Slopes that take runs for independent are right for independent runs, and for no others."""

import numpy as np
import polars as pl
import pytest

from analysis.regression.decomposition import within_and_between
from analysis.regression.fits import regress
from analysis.regression.robust import robust_rows
from analysis.regression.slope_differences import slope_differences
from analysis.regression.stacking import Model

TRIALS = 300
ERROR = np.sqrt(0.05 * 0.95 / TRIALS)
BY_DATASET = ("within", "between", "spearman_datasets")
BY_RUN = ("theil_sen", "huber", "spearman", "without_outliers")


def simulated(rng, *, shared, slope=0.0, clusters=7, per_cluster=5):
    """Points whose predictor and error both have a part of size ``shared`` per dataset."""
    shape = (TRIALS, clusters, per_cluster)
    of_x, of_error = shared * rng.normal(size=(2, TRIALS, clusters, 1))
    value = of_x + 0.3 * rng.normal(size=shape)
    outcome = slope * value + of_error + 0.3 * rng.normal(size=shape)
    trial, dataset, _ = (index.ravel() for index in np.indices(shape))
    return pl.DataFrame(
        {
            "trial": trial,
            "dataset": dataset,
            "run_id": np.arange(value.size).astype(str),
            "similarity": value.ravel(),
            "outcome_value": outcome.ravel(),
        }
    )


def all_rows(points):
    views = [view(points, Model(), by=["trial"]) for view in (within_and_between, robust_rows)]
    return pl.concat(views)


@pytest.fixture(scope="module")
def rejections():
    """Share of true nulls rejected at 5 %, by dependence and method."""
    rng = np.random.default_rng(11)
    found = {}
    for name, shared in (("independent", 0.0), ("clustered", 1.0)):
        rows = all_rows(simulated(rng, shared=shared))
        rates = rows.group_by("method").agg((pl.col("p_value") <= 0.05).mean())
        found[name] = dict(rates.iter_rows())
    return found


@pytest.mark.parametrize("method", [*BY_DATASET, *BY_RUN])
def test_independent_runs_are_tested_at_the_level(rejections, method):
    tolerance = 4 * ERROR + (0.02 if method == "huber" else 0)  # its normal theory is asymptotic
    assert rejections["independent"][method] == pytest.approx(0.05, abs=tolerance)


@pytest.mark.parametrize("method", BY_DATASET)
def test_views_that_count_datasets_keep_their_level_in_clustered_data(rejections, method):
    assert rejections["clustered"][method] == pytest.approx(0.05, abs=4 * ERROR)


@pytest.mark.parametrize("method", BY_RUN)
def test_views_that_count_runs_reject_far_too_often_in_clustered_data(rejections, method):
    assert rejections["clustered"][method] > 0.3


@pytest.mark.parametrize("shared", [0.0, 1.0], ids=["independent", "clustered"])
def test_a_known_slope_is_covered(rng, shared):
    rows = all_rows(simulated(rng, shared=shared, slope=0.8))
    slopes = rows.filter(pl.col("term") == "similarity")
    covered = dict(
        slopes.group_by("method")
        .agg(((pl.col("ci_low") <= 0.8) & (pl.col("ci_high") >= 0.8)).mean())
        .iter_rows()
    )
    for method in ("within", "between"):
        assert covered[method] == pytest.approx(0.95, abs=4 * ERROR), method
    if not shared:
        for method in ("theil_sen", "huber", "without_outliers"):
            # What lies outside is chosen by the outcome, which takes from its spread: 0.92.
            assert covered[method] == pytest.approx(0.95, abs=0.06), method


def test_rank_correlations_of_a_known_size_are_covered(rng):
    # Spearman's coefficient of a bivariate normal is 6 / pi asin(r / 2).
    r, n = 0.6, 35
    pairs = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], size=(TRIALS, n))
    points = pl.DataFrame(
        {
            "trial": np.repeat(np.arange(TRIALS), n),
            "dataset": np.tile(np.arange(n) % 7, TRIALS),
            "run_id": np.arange(TRIALS * n).astype(str),
            "similarity": pairs[:, :, 0].ravel(),
            "outcome_value": pairs[:, :, 1].ravel(),
        }
    )
    rows = robust_rows(points, Model(), by=["trial"]).filter(pl.col("method") == "spearman")
    true = 6 / np.pi * np.arcsin(r / 2)
    covered = ((rows["ci_low"] <= true) & (rows["ci_high"] >= true)).mean()
    assert covered == pytest.approx(0.95, abs=4 * ERROR)


@pytest.mark.parametrize("method", ["cluster_cr3", "wild_cluster", "mixed", "mixed_cr2"])
def test_few_clusters_cover_a_slope_of_zero(rng, method):
    points = simulated(rng, shared=1.0)
    rows = regress(points, Model(), by=["trial"], methods=[method])
    slopes = rows.filter(pl.col("term") == "similarity")
    covered = ((slopes["ci_low"] <= 0) & (slopes["ci_high"] >= 0)).mean()
    assert covered == pytest.approx(0.95, abs=4 * ERROR)


@pytest.mark.parametrize("method", ["cluster_cr3", "wild_cluster"])
def test_a_known_difference_of_slopes_is_covered_by_few_clusters(rng, method):
    first = simulated(rng, shared=1.0, slope=0.2).with_columns(pretraining=pl.lit("a"))
    second = simulated(rng, shared=1.0, slope=0.7).with_columns(
        pl.format("b{}", "run_id").alias("run_id"), pretraining=pl.lit("b")
    )
    rows = slope_differences(pl.concat([first, second]), Model(), by=["trial"])
    mine = rows.filter(pl.col("method") == method)
    covered = ((mine["ci_low"] <= 0.5) & (mine["ci_high"] >= 0.5)).mean()
    assert covered == pytest.approx(0.95, abs=4 * ERROR)
