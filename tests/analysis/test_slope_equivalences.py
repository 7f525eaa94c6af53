"""A slope is shown to be small, clustered by dataset too, at the level of the test."""

import itertools

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.regression.slope_equivalences import slope_equivalences
from analysis.regression.stacking import Model
from tests.analysis.designs import DESIGNS, N_DATASETS, simulated

MARGIN = 0.2


def points(x, y, datasets, by="a"):
    return pl.DataFrame(
        {
            "layer": by,
            "dataset": np.asarray(datasets).astype(str),
            "run_id": np.arange(len(x)).astype(str),
            "similarity": x,
            "outcome_value": y,
        }
    )


def both(frame, **options):
    found = slope_equivalences(frame, Model(), by=["layer"], **({"margin": MARGIN} | options))
    return {row["method"]: row for row in found.iter_rows(named=True)}


def test_independent_runs_have_the_two_one_sided_tests_of_scipy(rng):
    x, y = rng.normal(size=(2, 30))
    row = both(points(x, y, np.arange(30)), margin=0.9)["ols"]
    line = stats.linregress(x, y)
    tails = [
        stats.t.sf((line.slope + 0.9) / line.stderr, 28),
        stats.t.cdf((line.slope - 0.9) / line.stderr, 28),
    ]
    assert_allclose(row["p_value"], max(tails), rtol=1e-9)
    inside = stats.t.cdf((0.9 - line.slope) / line.stderr, 28) - tails[0]
    assert_allclose([row["p_within"], row["p_below"]], [inside, tails[0]], rtol=1e-8)
    assert row["p_below"] + row["p_within"] + row["p_above"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("slope", "noise", "expected"),
    [(0.0, 0.1, "supported"), (0.6, 0.1, "contradicted"), (0.0, 3.0, "inconclusive")],
)
def test_a_verdict_is_never_taken_from_a_missed_test(rng, slope, noise, expected):
    x = rng.normal(size=60)
    y = slope * x + noise * rng.normal(size=60)
    found = both(points(x, y, np.repeat(np.arange(20), 3)))
    assert {row["verdict"] for row in found.values()} == {expected}


def test_equivalence_is_shown_exactly_when_the_narrow_interval_lies_inside(rng):
    for _ in range(40):
        x = rng.normal(size=24)
        y = rng.uniform(-0.2, 0.2) * x + rng.uniform(0.1, 0.5) * rng.normal(size=24)
        found = both(points(x, y, np.repeat(np.arange(8), 3)))
        for row in (found["ols"], found["cluster_cr3"]):
            half = stats.t.ppf(0.95, row["df"]) * row["std_error"]
            is_inside = abs(row["estimate"]) + half < MARGIN
            assert (row["p_value"] < 0.05) == is_inside == (row["verdict"] == "supported")


def test_what_has_no_error_has_no_verdict(rng):
    one = both(points(rng.normal(size=12), rng.normal(size=12), np.zeros(12)))
    assert one["cluster_cr3"]["verdict"] is one["cluster_cr3"]["p_value"] is None
    assert one["ols"]["verdict"] is not None
    flat = both(points(np.ones(12), rng.normal(size=12), np.arange(12)))
    assert {row["status"] for row in flat.values()} == {"undefined"}


def test_runs_without_an_outcome_are_left_out(rng):
    frame = points(rng.normal(size=12), rng.normal(size=12), np.arange(12))
    lacking = frame.with_columns(
        outcome_value=pl.when(pl.col("run_id") != "3").then("outcome_value")
    )
    assert both(lacking) == both(frame.filter(pl.col("run_id") != "3"))
    assert slope_equivalences(frame.clear(), Model(), by=["layer"], margin=1.0).is_empty()


@pytest.mark.parametrize("margin", [0.0, -1.0])
def test_refuses_a_margin_of_nothing(rng, margin):
    with pytest.raises(ValueError, match="say how large a slope"):
        both(points(rng.normal(size=9), rng.normal(size=9), np.arange(9)), margin=margin)


@pytest.mark.parametrize(("n_datasets", "sign"), [(7, 1), (7, -1), (20, 1)])
def test_clustered_keeps_its_size_at_the_margin_where_independent_runs_do_not(
    rng, n_datasets, sign
):
    # Similarity and noise both have a part that the five runs of a dataset share.
    trials = 1000 if n_datasets < 13 else 150  # random sign vectors take longer than all of few
    shape = (trials, n_datasets, 5)

    def clustered():
        shared = rng.normal(size=(trials, n_datasets, 1))
        return np.sqrt(0.6) * shared + np.sqrt(0.4) * rng.normal(size=shape)

    margin = 1.5  # seven datasets can show no less than that
    x = clustered()
    y = sign * margin * x + clustered()
    datasets = np.tile(np.repeat(np.arange(n_datasets), 5), trials)
    trial = np.repeat([f"{t:04}" for t in range(trials)], n_datasets * 5)
    found = slope_equivalences(
        points(x.ravel(), y.ravel(), datasets, by=trial), Model(), by=["layer"], margin=margin
    )
    rejected = dict(found.group_by("method").agg((pl.col("p_value") < 0.05).mean()).iter_rows())
    error = np.sqrt(0.05 * 0.95 / trials)
    for method in ("cluster_cr3", "wild_cluster"):
        assert 0.01 < rejected[method] < 0.05 + 4 * error, method
    assert rejected["ols"] > 0.08


def one_sided_by_definition(x, y, datasets, null):
    """Share of sign vectors whose t, with a slope of ``null`` imposed, is as large as this one."""
    design = np.column_stack([np.ones(len(x)), x])
    names = np.unique(datasets)

    def t_statistic(outcome):
        coefficients, *_ = np.linalg.lstsq(design, outcome, rcond=None)
        residuals = outcome - design @ coefficients
        scores = np.array([design[datasets == c].T @ residuals[datasets == c] for c in names])
        bread = np.linalg.inv(design.T @ design)
        return (coefficients[1] - null) / np.sqrt((bread @ scores.T @ scores @ bread)[1, 1])

    restricted = null * x + np.mean(y - null * x)
    signs = itertools.product([1, -1], repeat=len(names))
    drawn = [
        t_statistic(
            restricted + np.array(sign)[np.searchsorted(names, datasets)] * (y - restricted)
        )
        for sign in signs
    ]
    return np.mean(np.array(drawn) >= drawn[0] - 1e-9)


def test_bootstrap_is_two_one_sided_tests_by_definition(rng):
    datasets = np.repeat(np.arange(6), 4)
    x, shift = rng.normal(size=24), rng.normal(size=6)[datasets]
    y = 0.3 * x + 0.2 * shift + 0.3 * rng.normal(size=24)
    found = both(points(x, y, datasets), margin=0.5)["wild_cluster"]["p_value"]
    above = one_sided_by_definition(x, y, datasets, -0.5)
    below = one_sided_by_definition(-x, y, datasets, -0.5)
    assert found == max(above, below) > 1 / 64


def test_five_datasets_can_show_that_a_slope_is_small(rng):
    x = rng.normal(size=40)
    y = 0.02 * rng.normal(size=40)
    row = both(points(x, y, np.repeat(np.arange(5), 8)))["wild_cluster"]
    assert row["p_value"] == 1 / 32
    assert row["verdict"] == "supported"
    four = both(points(x, y, np.repeat(np.arange(4), 10)))["wild_cluster"]
    assert four["p_value"] == 1 / 16
    assert four["verdict"] == "inconclusive"


def test_bootstrap_contradicts_what_lies_beyond_the_margin_at_half_the_level():
    # A true slope of the margin is called larger in 2.5 %, smaller than its other end never.
    trials = 400
    frame = simulated(DESIGNS["within datasets"], 8, trials=trials).with_columns(
        pl.col("outcome_value") + 2.0 * pl.col("similarity")
    )
    found = slope_equivalences(frame, Model(), by=["trial"], margin=2.0)
    verdicts = found.filter(method="wild_cluster")["verdict"].to_list()
    share = verdicts.count("contradicted") / trials
    assert 0 < share < 0.025 + 4 * np.sqrt(0.025 * 0.975 / trials)


def size_at_the_margin(design, n_datasets, trials):
    """Share of trials that call a slope of exactly the margin small, by method."""
    margin = 20.0  # so wide that the other end is never in doubt
    frame = simulated(design, n_datasets, trials=trials).with_columns(
        pl.col("outcome_value") + margin * pl.col("similarity")
    )
    found = slope_equivalences(frame, Model(), by=["trial"], margin=margin)
    rates = found.group_by("method").agg((pl.col("p_value") <= 0.05 + 1e-9).mean())
    return dict(rates.iter_rows())


@pytest.mark.parametrize("n_datasets", [5, 7])
def test_both_clustered_tests_keep_their_size_where_independent_runs_do_not(n_datasets):
    rates = size_at_the_margin(DESIGNS["both, unequal slopes"], n_datasets, 300)
    for method in ("cluster_cr3", "wild_cluster"):
        assert rates[method] < 0.065 + 4 * np.sqrt(0.065 * 0.935 / 300), method
    assert rates["ols"] > 0.12


@pytest.mark.slow
@pytest.mark.parametrize("n_datasets", N_DATASETS)
@pytest.mark.parametrize("name", DESIGNS)
def test_clustered_tests_keep_their_size_in_every_design(name, n_datasets):
    rates = size_at_the_margin(DESIGNS[name], n_datasets, 1000)
    for method in ("cluster_cr3", "wild_cluster"):
        assert rates[method] < 0.067 + 3 * np.sqrt(0.067 * 0.933 / 1000), method
