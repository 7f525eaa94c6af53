"""Slopes that datasets could have found: as planned, so found in simulated studies."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.regression.detectable_slopes import detectable_slopes

BY = ["question", "layer"]
FOLDS = 6


def studies(rng, *, n_datasets, mean, spread=0.5, noise=0.2, trials=1):
    """One question per trial; the slope of each dataset is drawn anew."""
    shape = (trials, n_datasets, FOLDS)
    similarity = rng.normal(size=shape)
    slopes = mean + spread * rng.normal(size=(trials, n_datasets, 1))
    outcome = slopes * similarity + noise * rng.normal(size=shape)
    trial, dataset, fold = (index.ravel() for index in np.indices(shape))
    return pl.DataFrame(
        {
            "question": trial,
            "layer": "block",
            "dataset": [f"d{i:03}" for i in dataset],
            "fold": fold,
            "seed": 0,
            "run_id": [f"{t}-{d}-{f}" for t, d, f in zip(trial, dataset, fold, strict=True)],
            "similarity": similarity.ravel(),
            "outcome_value": outcome.ravel(),
        }
    )


def slopes_of(frame):
    """Slope of every dataset by scipy, shape (trials, datasets)."""
    rows = frame.group_by("question", "dataset", maintain_order=True).agg(
        "similarity", "outcome_value"
    )
    found = [
        stats.linregress(x, y).slope
        for x, y in rows.select("similarity", "outcome_value").iter_rows()
    ]
    return np.reshape(found, (frame["question"].n_unique(), -1))


def found(slopes):
    """Share of trials in which the t test finds a slope."""
    return np.mean(np.asarray(stats.ttest_1samp(slopes, 0, axis=1).pvalue) < 0.05)


def test_a_row_is_the_t_test_of_the_slopes_of_scipy(rng):
    frame = studies(rng, n_datasets=5, mean=0.4)
    row = detectable_slopes(frame, by=BY, effect=0.3).row(0, named=True)
    (slopes,) = slopes_of(frame)
    assert_allclose([row["mean_slope"], row["sd"]], [slopes.mean(), slopes.std(ddof=1)], rtol=1e-12)
    assert_allclose(row["std_error"], stats.sem(slopes), rtol=1e-12)
    shift = stats.t.ppf(0.975, 4)
    for effect, power in (("minimal_effect", 0.8), ("wanted_effect", row["wanted_power"])):
        place = row[effect] / row["std_error"]
        beyond = stats.nct.sf(shift, 4, place) + stats.nct.cdf(-shift, 4, place)
        assert_allclose(beyond, power, atol=1e-6)
    assert (row["n_datasets"], row["n_runs"], len(row["run_ids"])) == (5, 30, 30)
    assert row["minimal_effect_high"] > row["minimal_effect"]
    assert row["n_datasets_needed_high"] > row["n_datasets_needed"]


def test_as_many_datasets_as_it_says_find_the_slope(rng):
    """Planned from so many datasets that their spread is known."""
    pilot = studies(rng, n_datasets=400, mean=0.0)
    needed = detectable_slopes(pilot, by=BY, effect=0.4)["n_datasets_needed"].item()
    assert 10 < needed < 25
    slopes = slopes_of(studies(rng, n_datasets=needed, mean=0.4, trials=400))
    assert found(slopes) == pytest.approx(0.8, abs=0.06)  # three standard errors
    fewer = slopes_of(studies(rng, n_datasets=needed // 2, mean=0.4, trials=400))
    assert found(fewer) < 0.7


def test_two_datasets_say_how_little_they_say(rng):
    row = detectable_slopes(studies(rng, n_datasets=2, mean=0.4), by=BY, effect=0.4).row(
        0, named=True
    )
    assert row["df"] == 1
    assert row["minimal_effect"] > 5 * row["std_error"]
    assert row["n_datasets_needed_high"] > 100


def test_one_dataset_short_ones_and_equal_slopes_have_no_row(rng):
    frame = studies(rng, n_datasets=3, mean=0.4)
    one = frame.filter(pl.col("dataset") == "d000")
    short = frame.filter((pl.col("dataset") == "d000") | (pl.col("fold") < 3))
    equal = pl.concat(one.with_columns(dataset=pl.lit(name)) for name in "abc")
    for left in (one, short, equal):
        assert detectable_slopes(left, by=BY, effect=0.4).is_empty()
