"""Adjusted p-values agree with statsmodels, keep the family's promise and name their family."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.testing.multiplicity import adjust, benjamini_hochberg, holm


@pytest.mark.parametrize("n_tests", [1, 2, 7, 40])
def test_agree_with_statsmodels(rng, n_tests):
    p_values = np.round(rng.uniform(size=n_tests), 1)  # rounding makes ties
    assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1], rtol=1e-12)
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert_allclose(benjamini_hochberg(p_values), expected, rtol=1e-12)


def test_by_hand():
    # p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm") and "BH" in R.
    assert_allclose(holm([0.01, 0.02, 0.03, 0.04]), [0.04, 0.06, 0.06, 0.06], rtol=1e-14)
    assert_allclose(benjamini_hochberg([0.01, 0.02, 0.03, 0.04]), [0.04] * 4, rtol=1e-14)


def test_holm_keeps_the_family_wise_error_under_correlated_nulls(rng):
    trials, family = 4000, 10
    z = np.sqrt(0.5) * (rng.normal(size=(trials, 1)) + rng.normal(size=(trials, family)))
    p_values = 2 * stats.norm.sf(np.abs(z))
    any_false = np.mean([(holm(p) < 0.05).any() for p in p_values])
    assert any_false <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
    assert np.mean((p_values < 0.05).any(axis=1)) > 0.2


@pytest.fixture
def tests():
    return pl.DataFrame(
        {
            "outcome": ["gain", "gain", "gain", "ece"],
            "layer": ["a", "b", "c", "a"],
            "p_value": [0.01, 0.04, None, 0.03],
        }
    )


def test_size_travels_with_the_number(tests):
    rows = adjust(tests, family=["outcome"])
    assert rows["family"].to_list() == ["outcome=gain", "outcome=gain", None, "outcome=ece"]
    assert rows["family_size"].to_list() == [2, 2, None, 1]
    assert rows["p_adjusted"].to_list() == [0.02, 0.04, None, 0.03]


def test_both_promises_stand_beside_each_other(tests):
    rows = adjust(tests.with_columns(all=pl.lit("all")), family=["all"])
    assert_allclose(rows["p_adjusted"].drop_nulls(), [0.03, 0.06, 0.06])
    assert_allclose(rows["p_false_discovery"].drop_nulls(), [0.03, 0.04, 0.04])


def test_another_test_of_the_same_rows_is_adjusted_in_the_same_family(tests):
    others = tests.with_columns(all=pl.lit("all"), p_wilcoxon=pl.Series([0.02, None, 0.5, 0.01]))
    rows = adjust(others, family=["all"], others=["p_wilcoxon"])
    assert rows["family_size"].to_list() == [4] * 4
    assert rows["p_wilcoxon_adjusted"].to_list() == [0.04, None, 0.5, 0.03]


def test_false_discoveries_stay_few_among_independent_tests(rng):
    trials, family, true = 2000, 20, 5
    z = rng.normal(size=(trials, family))
    z[:, :true] += 3.5
    found = np.array([benjamini_hochberg(p) <= 0.1 for p in 2 * stats.norm.sf(np.abs(z))])
    share = found[:, true:].sum(axis=1) / np.maximum(found.sum(axis=1), 1)
    assert share.mean() == pytest.approx(0.1 * (family - true) / family, abs=0.012)


@pytest.mark.parametrize("bad", [[0.5, 1.2], [-0.1], [float("nan")], [[0.5]]])
def test_refuses(bad):
    with pytest.raises(ValueError, match=r"numbers in \[0, 1\]"):
        holm(bad)
