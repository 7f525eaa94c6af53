"""Runs drawn anew within datasets: without bias, and as correlated as folds are."""

import itertools

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.means.bootknife import bootknife_draws, t_interval
from analysis.means.drawn_runs import DrawnRuns, common_uncertainty, drawn_runs


@pytest.mark.parametrize("n", [2, 5, 9])
def test_the_variance_of_the_mean_has_no_bias(rng, n):
    values = rng.normal(size=n)
    n_resamples = 40_000
    means = values[bootknife_draws(n, n_resamples=n_resamples, rng=rng)].mean(axis=1)
    # Means of resamples have no heavier tails than a normal: a relative error of (2 / n)**0.5.
    tolerance = 5 * np.sqrt(2 / n_resamples)
    assert_allclose(means.var(), values.var(ddof=1) / n, rtol=tolerance)


def test_draws_are_those_of_the_definition(rng):
    # All 3 * 2**3 ways of leaving one of three out and drawing three from the rest, equally likely.
    ways = {draw for rest in ((1, 2), (0, 2), (0, 1)) for draw in itertools.product(rest, repeat=3)}
    found, counts = np.unique(
        bootknife_draws(3, n_resamples=24_000, rng=rng), axis=0, return_counts=True
    )
    assert {tuple(draw) for draw in found.tolist()} == ways
    expected = np.array([2 if len(set(draw)) == 1 else 1 for draw in found.tolist()])
    assert stats.chisquare(counts, 1000 * expected).pvalue > 1e-4


def test_two_samples_of_unequal_variance_have_the_interval_of_welch(rng):
    a, b = rng.normal(size=6), rng.normal(scale=3, size=4)
    low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
    variances = np.array([a.var(ddof=1) / 6, b.var(ddof=1) / 4])
    ours = t_interval(
        a.mean() - b.mean(),
        variances,
        np.array([5.0, 3.0]),
        std_error=float(np.sqrt(variances.sum())),
        level=0.9,
    )
    assert ours == pytest.approx((low, high), rel=1e-10)


def runs(**columns):
    frame = {"dataset": "d", "run_id": list("abcdef"), "n_train": 400, "n_test": 100, "n_folds": 5}
    return pl.DataFrame(frame | {"value": np.arange(6.0)} | columns)


def only(found):
    [one] = found.values()
    return one


def test_folds_keep_their_seeds_together_and_share_training_images():
    one = only(drawn_runs(runs(fold=[1, 1, 2, 2, 2, 3]), by=["dataset"]))
    nan = np.nan
    assert (one.uncertainty, one.n_units, one.ratio) == ("fold", 3, 0.25)
    assert_allclose(one.values, np.array([[0, 1, nan], [2, 3, 4], [5, nan, nan]]))
    assert_allclose(one.spread**2, (1 / 3 + 0.25) / (1 / 3), rtol=1e-12)


def test_seeds_on_one_split_stand_for_themselves():
    for fold in (None, 2):
        one = only(drawn_runs(runs(fold=fold), by=["dataset"]))
        assert (one.uncertainty, one.n_units, one.spread) == ("seed", 6, 1.0)


def test_kinds_do_not_mix_and_a_single_run_shows_no_variation():
    folds, seeds, single = (
        DrawnRuns(kind, np.ones((n, 1)), 0.0) for kind, n in (("fold", 3), ("seed", 3), ("fold", 1))
    )
    assert common_uncertainty([folds, folds]) == "fold"
    assert common_uncertainty([seeds]) == "seed"
    assert common_uncertainty([folds, seeds]) is None
    assert common_uncertainty([folds, single]) is None
    assert common_uncertainty([DrawnRuns("fold", np.ones((3, 1)), np.nan)]) is None


def test_refuses_a_single_value(rng):
    with pytest.raises(ValueError, match="1 value cannot be drawn anew"):
        bootknife_draws(1, n_resamples=10, rng=rng)
