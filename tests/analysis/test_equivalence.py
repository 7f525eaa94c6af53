"""Equivalence is shown or not shown, and no verdict turns silence into sameness."""

import math

import numpy as np
import pingouin
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.means.comparisons import Comparison, compare_within_datasets
from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from analysis.testing.equivalence import (
    correlation_equivalence_p_value,
    equivalence_p_value,
    rope_probabilities,
    standardised,
)
from analysis.testing.verdicts import Claim, verdict


def test_tost_equals_pingouin(rng):
    x, y = rng.normal(size=12), rng.normal(loc=0.1, size=12)
    theirs = pingouin.tost(x, y, bound=0.7, paired=True)
    difference = x - y
    error = difference.std(ddof=1) / math.sqrt(12)
    ours = equivalence_p_value(difference.mean(), error, 11, margin=0.7)
    assert_allclose(ours, theirs["pval"].iloc[0], rtol=1e-10)


def test_tost_is_significant_exactly_when_the_narrow_interval_lies_inside(rng):
    for _ in range(50):
        estimate, error = rng.normal(scale=0.5), rng.uniform(0.05, 0.5)
        half = stats.t.ppf(0.95, 9) * error
        is_inside = abs(estimate) + half < 0.6
        assert (equivalence_p_value(estimate, error, 9, margin=0.6) < 0.05) == is_inside


def test_tost_rejects_a_true_effect_at_the_margin_at_its_level(rng):
    trials = 4000
    samples = rng.normal(loc=0.5, size=(trials, 40))
    p_values = [
        equivalence_p_value(s.mean(), s.std(ddof=1) / math.sqrt(40), 39, margin=0.5)
        for s in samples
    ]
    rejected = np.mean(np.array(p_values) < 0.05)
    assert rejected == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / trials))


def test_folds_that_share_training_images_keep_the_level_at_the_margin(rng):
    trials, folds, correlation = 1000, 5, 0.2
    shared = math.sqrt(correlation) * rng.normal(size=(trials, 1))
    values = 6.0 + shared + math.sqrt(1 - correlation) * rng.normal(size=(trials, folds))
    first = pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), folds),
            "dataset": "d",
            "network": "a",
            "fold": np.tile(np.arange(folds), trials),
            "n_folds": folds,
            "seed": 0,
            "n_train": 400,
            "n_test": 100,
            "value": 0.0,
        }
    )
    second = first.with_columns(network=pl.lit("b"), value=values.ravel())
    scores = pl.concat([first, second]).with_columns(
        run_id=pl.int_range(2 * trials * folds).cast(pl.String)
    )
    rows = compare_within_datasets(scores, Comparison(margin=6.0), by=["trial"])
    assert set(rows["method"]) == {"nadeau_bengio"}
    tolerance = 4 * math.sqrt(0.05 * 0.95 / trials)
    shown = (rows["p_equivalent"] < 0.05).to_numpy().mean()
    assert shown == pytest.approx(0.05, abs=tolerance)
    # The same of the posterior: a region that the effect is on the edge of is rarely sure.
    assert (rows["p_within"] > 0.95).to_numpy().mean() < 0.05 + tolerance


def test_correlation_equivalence_keeps_its_level_at_the_margin(rng):
    trials, n = 3000, 60
    x = rng.normal(size=(trials, n))
    y = 0.3 * x + math.sqrt(1 - 0.09) * rng.normal(size=(trials, n))
    p_values = [
        correlation_equivalence_p_value(np.corrcoef(a, b)[0, 1], n, margin=0.3)
        for a, b in zip(x, y, strict=True)
    ]
    assert 0.03 < np.mean(np.array(p_values) < 0.05) < 0.07


def test_slope_of_standardised_columns_is_the_correlation(rng):
    points = pl.DataFrame(
        {
            "layer": "a",
            "dataset": np.repeat(list("abcdef"), 5),
            "run_id": [str(i) for i in range(30)],
            "similarity": rng.normal(size=30),
            "outcome_value": rng.normal(size=30),
        }
    )
    scaled = standardised(points, ["similarity", "outcome_value"], by=["layer"])
    rows = regress(scaled, Model(), by=["layer"], methods=["cluster_cr3"])
    slope = rows.filter(pl.col("term") == "similarity").row(0, named=True)
    correlation = np.corrcoef(points["similarity"], points["outcome_value"])[0, 1]
    assert_allclose(slope["estimate"], correlation, rtol=1e-10)
    p_value = equivalence_p_value(slope["estimate"], slope["std_error"], 5, margin=0.99)
    assert 0 < p_value < 0.5


def test_rope_probabilities_are_those_of_the_t_posterior():
    below, inside, above = rope_probabilities(0.02, 0.01, 4, margin=0.01)
    draws = 0.02 + 0.01 * stats.t.rvs(4, size=400_000, random_state=1)
    shares = [np.mean(draws < -0.01), np.mean(np.abs(draws) <= 0.01), np.mean(draws > 0.01)]
    # A share of 400,000 draws has a standard error of at most 0.0008.
    assert_allclose([below, inside, above], shares, atol=4 * 0.0008)


CASES: dict[str, tuple[Claim, tuple[float, float], str]] = {
    "clear": ("greater", (0.1, 0.3), "supported"),
    "clear the other way": ("greater", (-0.3, -0.1), "contradicted"),
    "less, clear": ("less", (-0.3, -0.1), "supported"),
    "less, clear the other way": ("less", (0.1, 0.3), "contradicted"),
    "wide": ("greater", (-0.3, 0.3), "inconclusive"),
    "tight around nothing": ("greater", (-0.02, 0.02), "equivalent"),
    "less, tight around nothing": ("less", (-0.02, 0.02), "equivalent"),
    "same, tight": ("equivalent", (-0.02, 0.02), "supported"),
    "same, outside": ("equivalent", (0.1, 0.3), "contradicted"),
    "same, wide": ("equivalent", (-0.3, 0.3), "inconclusive"),
}


@pytest.mark.parametrize("case", CASES)
def test_verdict(case):
    claim, interval, expected = CASES[case]
    assert verdict(claim, interval, margin=0.05) == expected


def test_without_a_margin_nothing_is_ever_equivalent():
    assert verdict("greater", (-1e-9, 1e-9)) == "inconclusive"


def test_equivalence_looks_at_the_narrow_interval():
    wide, narrow = (-0.06, 0.06), (-0.04, 0.04)
    assert verdict("equivalent", wide, narrow=narrow, margin=0.05) == "supported"
    assert verdict("equivalent", wide, margin=0.05) == "inconclusive"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: verdict("equivalent", (0.0, 1.0)), "how large an effect"),
        (lambda: verdict("greater", (1.0, 0.0)), "upside down"),
        (lambda: equivalence_p_value(0.0, 1.0, 5, margin=0.0), "must be positive"),
        (lambda: correlation_equivalence_p_value(0.1, 3, margin=0.2), "out of range"),
    ],
    ids=["no margin", "upside down", "margin", "pairs"],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()
