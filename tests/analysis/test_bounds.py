"""Intervals stay in the range of what they are about, and lose no coverage by it."""

import math

import numpy as np
import polars as pl
import pytest

from analysis.dimensions import HIGHER_IS_BETTER
from analysis.means.bounds import RANGES, score_range, within_range
from analysis.means.intervals import mean_intervals
from analysis.settings import Settings
from analysis.steps.comparisons import comparison_rows, interval_rows, ranking_rows


def interval(low, high, score="auc"):
    return pl.DataFrame(
        {"score": [score], "ci_low": [low], "ci_high": [high]},
        schema_overrides={"ci_low": pl.Float64, "ci_high": pl.Float64},
    )


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("auc", (0, 1)),
        ("kappa_quadratic", (-1, 1)),
        ("nll", (0, math.inf)),
        ("gain_difference:auc", (-1, 1)),
        ("gain_difference:kappa_quadratic", (-2, 2)),
        ("gain_ratio:auc", (-1, math.inf)),
        ("gain_ratio:kappa_quadratic", (-math.inf, math.inf)),
        ("something new", (-math.inf, math.inf)),
    ],
)
def test_ranges(score, expected):
    assert score_range(score) == expected


def test_every_score_that_networks_are_compared_in_has_a_range():
    assert set(HIGHER_IS_BETTER) <= RANGES.keys()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.9, 1.03, (0.9, 1.0, True)),
        (-0.1, 0.4, (0.0, 0.4, True)),
        (0.2, 0.4, (0.2, 0.4, False)),
        (0.0, 1.0, (0.0, 1.0, False)),
        (None, None, (None, None, None)),
    ],
)
def test_ends_are_moved_to_the_range_and_it_is_said(low, high, expected):
    found = within_range(interval(low, high), name="score")
    assert found.select("ci_low", "ci_high", "is_cut").row(0) == expected


def test_a_score_without_a_range_keeps_its_interval():
    found = within_range(interval(-7.0, 9.0, "something new"), name="score")
    assert found.select("ci_low", "ci_high", "is_cut").row(0) == (-7.0, 9.0, False)


def test_no_rows_are_no_rows():
    found = within_range(interval(0.1, 0.2).clear(), name="score")
    assert found.columns == ["score", "ci_low", "ci_high", "is_cut"]
    assert found.is_empty()


def test_several_intervals_of_a_row_are_cut_each():
    rows = interval(0.9, 1.1).with_columns(band_low=-0.5, band_high=1.5)
    ends = (("ci_low", "ci_high"), ("band_low", "band_high"))
    found = within_range(rows, name="score", ends=ends)
    assert found.row(0, named=True) == {
        "score": "auc",
        **{"ci_low": 0.9, "ci_high": 1.0, "band_low": 0.0, "band_high": 1.0, "is_cut": True},
    }


def test_cutting_leaves_out_values_but_never_the_truth(rng):
    # Scores near their upper end: whole and cut intervals cover the same simulations.
    trials, truth = 2000, 0.97
    values = 1 - rng.gamma(1.0, 0.03, size=5 * trials)
    scores = pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), 5),
            "score": "auc",
            "run_id": [str(i) for i in range(5 * trials)],
            "value": values.clip(0, 1),
            "seed": np.tile(np.arange(5), trials),
            **dict.fromkeys(("fold", "n_folds", "n_train", "n_test"), None),
        }
    )
    whole = mean_intervals(scores, by=["trial", "score"])
    cut = within_range(whole, name="score")
    covers = [
        ((rows["ci_low"] <= truth) & (rows["ci_high"] >= truth)).to_list() for rows in (whole, cut)
    ]
    assert covers[0] == covers[1]
    assert cut["is_cut"].to_numpy().mean() > 0.2
    assert cut["ci_high"].max() == 1.0


def near_the_top():
    """Return AUCs of two networks on two datasets, three folds each: one near 1, one near 0."""
    rows = [
        {"dataset": dataset, "backbone": backbone, "fold": fold, "value": value}
        for dataset in "xy"
        for backbone, values in (("good", (0.99, 1.0, 0.9)), ("bad", (0.0, 0.05, 0.01)))
        for fold, value in enumerate(values)
    ]
    names = {"origin": "repdrift", "study": "s", "pretraining": "p", "adaptation": "full"}
    names |= {"pooling": "cls", "head": "linear", "variant": "", "split": "test"}
    names |= {"confidence_source": "head", "token": "cls", "score": "auc"}
    numbers = {"n_neighbours": 0, "n_folds": 3, "seed": 0, "n_train": 200, "n_test": 100}
    constants = [pl.lit(value).alias(name) for name, value in (*names.items(), *numbers.items())]
    frame = pl.DataFrame(rows).with_columns(constants)
    return frame.with_columns(
        n_blocks=pl.lit(None, pl.Int32), run_id=pl.int_range(pl.len()).cast(pl.String)
    )


@pytest.mark.parametrize(
    ("compute", "ends", "least"),
    [
        (interval_rows, ("ci_low", "ci_high"), 0.0),
        (ranking_rows, ("iqm_low", "iqm_high"), 0.0),
        (comparison_rows, ("ci_low", "ci_high"), -1.0),
    ],
)
def test_means_interquartile_means_and_differences_stay_where_scores_can_be(compute, ends, least):
    low, high = compute(near_the_top(), Settings()).select(ends).drop_nulls().to_numpy().T
    assert low.min() >= least
    assert high.max() == 1.0  # it would pass 1
