"""A small correlation is shown, clustered by dataset too, and never inferred from a missed test."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.regression.correlations import correlation_equivalences
from analysis.regression.stacking import Model
from analysis.settings import Settings
from analysis.steps.slopes import correlation_rows
from analysis.testing.equivalence import equivalence_p_value


def points(x, y, datasets, by=None):
    """Return points of one group, or of several."""
    n = len(x)
    return pl.DataFrame(
        {
            "layer": ["a"] * n if by is None else by,
            "dataset": [str(d) for d in datasets],
            "run_id": [str(i) for i in range(n)],
            "similarity": np.asarray(x, dtype=float),
            "outcome_value": np.asarray(y, dtype=float),
        }
    )


def both(frame, **options):
    found = correlation_equivalences(frame, Model(), by=["layer"], **({"margin": 0.3} | options))
    return {row["method"]: row for row in found.iter_rows(named=True)}


def test_fisher_is_the_interval_of_scipy(rng):
    x, y = rng.normal(size=(2, 30))
    row = both(points(x, y, np.arange(30)))["fisher_z"]
    theirs = stats.pearsonr(x, y)
    interval = theirs.confidence_interval(0.95)
    assert_allclose(row["estimate"], theirs.statistic, rtol=1e-10)
    assert_allclose([row["ci_low"], row["ci_high"]], interval, rtol=1e-8)


def test_clusters_of_one_run_give_hc3_on_standardised_columns(rng):
    sm = pytest.importorskip("statsmodels.api")
    x, y = rng.normal(size=(2, 25))
    row = both(points(x, y, np.arange(25)))["cluster_cr3"]
    scaled = [(v - v.mean()) / v.std(ddof=1) for v in (x, y)]
    fit = sm.OLS(scaled[1], sm.add_constant(scaled[0])).fit(cov_type="HC3")
    assert_allclose(row["estimate"], fit.params[1], rtol=1e-10)
    # CR3 with one run per cluster is HC3 times (G - 1) / G, and t has G - 1 degrees of freedom.
    error = fit.bse[1] * np.sqrt(24 / 25)
    half = stats.t.ppf(0.975, 24) * error
    assert_allclose(row["ci_high"] - row["estimate"], half, rtol=1e-8)
    p_value = equivalence_p_value(row["estimate"], error, 24, margin=0.3)
    assert_allclose(row["p_value"], p_value, rtol=1e-8)


def test_verdicts_say_whether_no_relation_is_shown(rng):
    x = rng.normal(size=2000)
    datasets = np.repeat(np.arange(20), 100)
    unrelated = both(points(x, rng.normal(size=2000), datasets))
    assert {row["verdict"] for row in unrelated.values()} == {"supported"}
    related = both(points(x, x + 0.5 * rng.normal(size=2000), datasets))
    assert {row["verdict"] for row in related.values()} == {"contradicted"}
    few = both(points(x[:12], rng.normal(size=12), datasets[:120:10]))
    assert {row["verdict"] for row in few.values() if row["verdict"]} == {"inconclusive"}


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 3.0, 5.0], "similarity or outcome is constant"),
        ([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], "3 runs are fewer than 4"),
    ],
)
def test_what_cannot_be_tested_says_why(x, y, reason):
    found = both(points(x, y, range(len(x))))
    assert {row["reason"] for row in found.values()} == {reason}
    assert {row["p_value"] for row in found.values()} == {None}


def test_one_dataset_has_no_clustered_correlation(rng):
    found = both(points(rng.normal(size=12), rng.normal(size=12), [0] * 12))
    assert found["cluster_cr3"]["status"] == "undefined"
    assert found["fisher_z"]["status"] == "fitted"


@pytest.mark.parametrize("margin", [0.0, 1.0, -0.2])
def test_refuses_a_margin_that_is_no_correlation(rng, margin):
    with pytest.raises(ValueError, match=r"margin = .*in \(0, 1\)"):
        both(points(rng.normal(size=9), rng.normal(size=9), range(9)), margin=margin)


@pytest.mark.parametrize("n_datasets", [7, 20])
def test_clustered_keeps_its_level_at_the_margin_where_fisher_does_not(rng, n_datasets):
    # Similarity and noise both have a part that the five runs of a dataset share; r = margin.
    trials, shape = 800, (800, n_datasets, 5)

    def clustered():
        shared = rng.normal(size=(trials, n_datasets, 1))
        return np.sqrt(0.6) * shared + np.sqrt(0.4) * rng.normal(size=shape)

    x = clustered()
    y = 0.3 * x + np.sqrt(1 - 0.09) * clustered()
    datasets = np.tile(np.repeat(np.arange(n_datasets), 5), trials)
    trial = np.repeat([f"{t:04}" for t in range(trials)], n_datasets * 5)
    frame = points(x.ravel(), y.ravel(), datasets, by=trial)
    found = correlation_equivalences(frame, Model(), by=["layer"], margin=0.3)
    covers = (pl.col("ci_low") <= 0.3) & (pl.col("ci_high") >= 0.3)
    rates = {
        method: (rejected, covered)
        for method, rejected, covered in found.group_by("method")
        .agg((pl.col("p_value") < 0.05).mean(), covers.mean().alias("covered"))
        .iter_rows()
    }
    # One standard error is 0.8 points. Equivalence cannot be shown often with few datasets.
    assert rates["cluster_cr3"][0] < 0.05 + 4 * 0.008
    assert 0.92 < rates["cluster_cr3"][1] < 0.98
    assert rates["fisher_z"][1] < 0.85


def test_rows_belong_to_families():
    names: dict[str, str | None] = {
        "origin": "o",
        "study": "s",
        "backbone": "b",
        "pretraining": "p",
        "head": "linear",
    }
    names |= {
        "adaptation": "full",
        "n_blocks": None,
        "variant": "",
        "pooling": "cls",
        "token": "cls",
    }
    names |= {"probe": "source", "measure": "cka", "outcome": "knn_accuracy"}
    rng = np.random.default_rng(4)
    frame = pl.concat(
        points(rng.normal(size=20), rng.normal(size=20), np.arange(20) // 4, by=[layer] * 20)
        for layer in "ab"
    ).with_columns(pl.lit(value).alias(name) for name, value in names.items())
    rows = correlation_rows(frame, Settings(correlation_margin=0.9))
    assert set(rows["family_size"]) == {2}
    assert set(rows["margin"]) == {0.9}
    assert (rows["p_adjusted"] >= rows["p_value"]).all()
