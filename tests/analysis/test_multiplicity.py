"""Adjusted p-values agree with statsmodels, keep the family's promise and name their family."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.testing.multiplicity import adjust, benjamini_hochberg, holm, step_down_max_t


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


def reached_by_definition(drawn, observed, count):
    """Romano and Wolf (2005), the procedure: reject, then go on with those that are left.

    A test is rejected where at most ``count`` draws have a largest statistic, over the tests that
    are left, as large as its own. No order and no p-value is needed for that.
    """
    left = set(range(len(observed)))
    rejected: set[int] = set()
    while left:
        largest = [max(draw[test] for test in left) for draw in drawn]
        new = {test for test in left if sum(one >= observed[test] for one in largest) <= count}
        if not new:
            break
        left, rejected = left - new, rejected | new
    return rejected


def single_step(drawn, observed):
    """Return p-values that hold each test against the largest of all."""
    return (drawn.max(axis=1)[:, None] >= observed).mean(axis=0)


@pytest.mark.parametrize("n_tests", [1, 2, 6])
def test_steps_are_those_of_romano_and_wolf_at_every_level(rng, n_tests):
    for _ in range(20):
        drawn = np.abs(rng.normal(size=(40, n_tests)) + rng.normal(size=(40, 1))).round(1)
        drawn[0] = (drawn[0] + rng.uniform(0, 2, size=n_tests)).round(1)  # rounding makes ties
        adjusted = step_down_max_t(drawn, drawn[0])
        for count in range(1, 41):
            found = set(np.flatnonzero(adjusted <= count / 40 + 1e-12))
            assert found == reached_by_definition(drawn, drawn[0], count)


def test_steps_lie_between_the_test_alone_and_the_single_step(rng):
    below = 0
    for _ in range(200):
        drawn = np.abs(rng.normal(size=(50, 5)) * rng.uniform(0.5, 2, size=5))
        observed = drawn[0] + rng.uniform(0, 1.5, size=5)
        adjusted, largest = step_down_max_t(drawn, observed), single_step(drawn, observed)
        assert (adjusted <= largest).all()
        assert (adjusted >= (drawn >= observed).mean(axis=0)).all()
        assert (np.diff(adjusted[np.argsort(-observed)]) >= 0).all()
        below += (adjusted < largest).any()
    assert below > 150


def test_tests_that_are_never_large_together_are_adjusted_as_by_holm(rng):
    # In every draw one of four tests is above 0: the largest is reached as often as all together.
    sizes = np.sort(rng.uniform(1, 9, size=25))
    drawn = np.kron(np.eye(4), sizes[:, None])
    observed = np.array([sizes[24], sizes[22], sizes[23], 20.0])
    alone = (drawn >= observed).mean(axis=0)
    assert_allclose(alone, [0.01, 0.03, 0.02, 0.0], rtol=1e-14)
    assert_allclose(step_down_max_t(drawn, observed), [0.03, 0.04, 0.04, 0.0], rtol=1e-14)
    assert_allclose(step_down_max_t(drawn, observed), holm(alone), rtol=1e-14)


def test_tests_that_are_always_large_together_are_not_adjusted(rng):
    drawn = np.repeat(rng.normal(size=(99, 1)), 4, axis=1)
    observed = rng.normal(size=4)
    expected = (drawn >= observed).mean(axis=0)
    assert_allclose(step_down_max_t(drawn, observed), expected, rtol=1e-14)


def test_one_very_false_null_takes_no_power_from_the_next_and_true_ones_keep_their_level(rng):
    # Means of ten units under all flips of their signs: one far off, one off or not, one true.
    trials, n_units = 2000, 10
    signs = 1.0 - 2.0 * (np.arange(2**n_units)[:, None] >> np.arange(n_units) & 1)
    names = ("true", "true, single", "false", "false, single")
    found: dict[str, list[np.bool]] = {name: [] for name in names}
    for name, shift in (("true", 0.0), ("false", 1.0)):
        for _ in range(trials):
            units = rng.normal(size=(n_units, 3)) + np.array([9.0, shift, 0.0])
            means = signs @ units / n_units
            left = (units**2).mean(axis=0) - means**2
            drawn = np.abs(means) / np.sqrt(left)
            others = slice(1, 3) if name == "true" else slice(1, 2)
            seen = drawn[0] * (1 - 1e-9)
            found[name].append((step_down_max_t(drawn, seen)[others] <= 0.05).any())
            found[f"{name}, single"].append((single_step(drawn, seen)[others] <= 0.05).any())
    rates = {name: np.mean(each) for name, each in found.items()}
    error = np.sqrt(0.05 * 0.95 / trials)
    assert rates["true"] == pytest.approx(0.05, abs=3 * error)
    assert rates["true, single"] < 0.05 - 2 * error
    assert rates["false"] > rates["false, single"] + 0.04


@pytest.mark.parametrize("shape", [(9,), (9, 3), (9, 1), (2, 9)])
def test_steps_refuse_draws_of_other_tests(shape):
    with pytest.raises(ValueError, match=r"a column for each of \(2,\)"):
        step_down_max_t(np.zeros(shape), [1.0, 2.0])
