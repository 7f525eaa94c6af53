"""Huber's line agrees with statsmodels, and is refused where its theory does not hold."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.robust.norms import HuberT
from statsmodels.robust.robust_linear_model import RLM

from analysis.regression.huber import HUBER_K, huber_line
from analysis.regression.robust import robust_rows
from analysis.regression.stacking import Model


def points_of(x, y):
    return pl.DataFrame(
        {
            "layer": "a",
            "dataset": "d",
            "run_id": [f"{i:02}" for i in range(len(x))],
            "similarity": x,
            "outcome_value": y,
        }
    )


@pytest.mark.parametrize("n", [10, 11, 35, 200])
def test_agrees_with_statsmodels(rng, n):
    x = rng.normal(size=n)
    y = 0.3 - x + 0.2 * rng.normal(size=n)
    y[: n // 6] += 5
    theirs = RLM(y, np.column_stack([np.ones(n), x]), M=HuberT(t=HUBER_K)).fit(
        maxiter=200, tol=1e-10
    )
    ours = huber_line(x, y)
    assert_allclose(ours.slope, theirs.params[1], rtol=1e-7)
    assert_allclose(ours.std_error, theirs.bse[1], rtol=1e-7)
    row = robust_rows(points_of(x, y), Model(), by=["layer"]).row(
        by_predicate=pl.col("method") == "huber", named=True
    )
    assert_allclose(row["p_value"], theirs.pvalues[1], rtol=1e-6, atol=1e-300)
    assert_allclose([row["ci_low"], row["ci_high"]], theirs.conf_int()[1], rtol=1e-6)


def test_without_far_runs_it_is_least_squares():
    x = np.arange(12.0)
    y = 2 * x + np.tile([1.0, -1.0, -1.0, 1.0], 3)  # residuals of one size: none is far
    assert_allclose(huber_line(x, y).slope, stats.linregress(x, y).slope, rtol=1e-12)


def test_a_perfect_fit_has_no_error_to_learn_from():
    x = np.arange(12.0)
    y = np.where(x < 10, 0.5 * x, 9.0)
    with pytest.raises(ValueError, match="half of the runs lie on one line"):
        huber_line(x, 0.5 * x)
    rows = robust_rows(points_of(x, y), Model(), by=["layer"])
    row = rows.row(by_predicate=pl.col("method") == "huber", named=True)
    assert (row["status"], row["estimate"], row["p_value"]) == ("undefined", None, None)
    assert row["reason"] == "half of the runs lie on one line: no error to learn from"


@pytest.mark.parametrize("method", ["huber", "theil_sen"])
def test_asymptotic_methods_refuse_few_runs(rng, method):
    x, y = rng.normal(size=(2, 10))
    few = robust_rows(points_of(x[:9], y[:9]), Model(), by=["layer"])
    row = few.row(by_predicate=pl.col("method") == method, named=True)
    assert (row["status"], row["p_value"]) == ("undefined", None)
    assert row["reason"] == f"9 runs are too few: {method} needs 10"
    enough = robust_rows(points_of(x, y), Model(), by=["layer"])
    assert enough.row(by_predicate=pl.col("method") == method, named=True)["status"] == "fitted"


def test_rank_correlation_of_few_runs_is_exact_and_has_no_interval(rng):
    x, y = rng.normal(size=(2, 8))
    rows = robust_rows(points_of(x, y), Model(), by=["layer"])
    row = rows.row(by_predicate=pl.col("method") == "spearman", named=True)
    # All 40,320 orders of eight ranks: the share whose squared differences are as far from those of
    # unrelated ranks.
    orders = np.array(list(permutations(range(1, 9))))
    squares = ((orders - np.arange(1, 9)) ** 2).sum(axis=1)
    middle = 8 * (8**2 - 1) / 6
    own = ((stats.rankdata(x) - stats.rankdata(y)) ** 2).sum()
    expected = np.mean(np.abs(squares - middle) >= abs(own - middle))
    assert row["p_value"] == pytest.approx(expected, rel=1e-10)
    assert (row["ci_low"], row["ci_high"]) == (None, None)
