"""Projection: skill on datasets left out, and intervals that hold for those never seen."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.drift.conformal import conformal, conformal_score, left_out_coverage
from analysis.drift.left_out_lines import DatasetMoments, left_out_residuals
from analysis.drift.projection import project
from analysis.regression.stacking import Model


def outcomes(rng, *, n_datasets, slope, trials=1, runs=4):
    shape = (trials, n_datasets, runs)
    similarity = rng.uniform(size=(trials, n_datasets, 1)) + 0.05 * rng.normal(size=shape)
    outcome = slope * similarity + 0.1 * rng.normal(size=(trials, n_datasets, 1))
    outcome = outcome + 0.05 * rng.normal(size=shape)
    return pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), n_datasets * runs),
            "dataset": np.tile(np.repeat(np.arange(n_datasets), runs), trials),
            "run_id": [str(i) for i in range(trials * n_datasets * runs)],
            "similarity": similarity.ravel(),
            "outcome_value": outcome.ravel(),
        }
    )


def test_residuals_without_a_dataset_equal_refitting(rng):
    points = outcomes(rng, n_datasets=5, slope=1.0)
    x, y = (points[name].to_numpy() for name in ("similarity", "outcome_value"))
    datasets = points["dataset"].to_numpy()
    residuals = residuals_of(x, y, datasets)
    for dataset in range(5):
        rest = datasets != dataset  # as many runs in each, so least squares weighs them alike
        fit = stats.linregress(x[rest], y[rest])
        expected = y[~rest] - fit.intercept - fit.slope * x[~rest]
        assert_allclose(residuals[~rest], expected, rtol=1e-9, atol=1e-12)


def test_skill_shows_when_similarity_predicts_and_when_not(rng):
    good = project(outcomes(rng, n_datasets=12, slope=2.0), Model(), by=["trial"])
    useless = project(outcomes(rng, n_datasets=12, slope=0.0), Model(), by=["trial"])
    assert good["skill"].item() > 0.8
    assert useless["skill"].item() < 0.2
    assert good["half_width"].item() < good["trivial_half_width"].item()


def test_seven_datasets_promise_seven_eighths_at_most(rng):
    points = outcomes(rng, n_datasets=7, slope=1.0)
    row = project(points, Model(), by=["trial"], level=0.9).row(0, named=True)
    assert (row["status"], row["half_width"]) == ("abstains", None)
    assert row["reason"] == "7 datasets promise at most 0.875, not 0.9"
    assert project(points, Model(), by=["trial"], level=0.875)["status"].item() == "fitted"


NOISE = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy": lambda rng, n: rng.standard_t(2, size=n),
    "skewed": lambda rng, n: rng.gamma(1.0, size=n),
}


def residuals_of(x, y, datasets):
    return left_out_residuals(x, y, datasets, DatasetMoments.of(x, y, datasets).left_out_lines())


def held_out(rng, n, noise, *, runs=3):
    """Return runs of n datasets and of one more, whose predictor spreads much or little."""
    datasets = np.repeat(np.arange(n + 1), runs)
    centre = np.exp(rng.normal(size=n + 1))
    x = centre[datasets] + 0.1 * rng.normal(size=len(datasets))
    y = x + NOISE[noise](rng, n + 1)[datasets] + 0.5 * rng.normal(size=len(datasets))
    return x, y, datasets


def ends_of(x, y, datasets, *, new, level):
    """Return the ends of the intervals of the runs of one dataset, from those of the others."""
    rest = datasets != new
    others = datasets[rest] - (datasets[rest] > new)
    ends = conformal(x[rest], y[rest], others, level=level, at=x[~rest])
    assert ends is not None
    return np.array([ends.low, ends.high])


@pytest.mark.parametrize(("n", "level"), [(4, 0.8), (7, 7 / 8), (9, 0.8)])
@pytest.mark.parametrize("noise", NOISE)
def test_intervals_hold_for_datasets_that_were_never_seen(rng, n, level, noise):
    trials, covered = 400, 0
    for _ in range(trials):
        x, y, datasets = held_out(rng, n, noise)
        low, high = ends_of(x, y, datasets, new=n, level=level)
        own = y[datasets == n]
        covered += ((low <= own) & (own <= high)).all()
    assert covered / trials >= level - 3 * np.sqrt(level * (1 - level) / trials)


def test_datasets_left_out_are_covered_as_those_never_seen(rng):
    # Seven datasets, six of which are left: what `coverage` says of 300 warehouses.
    level = 0.8
    found: list[float] = []
    for _ in range(300):
        x, y, datasets = held_out(rng, 6, "normal")
        found.append(left_out_coverage(x, y, datasets, level=level) or 0.0)
    assert np.mean(found) >= level - 3 * np.std(found) / np.sqrt(300)


def test_the_dataset_held_out_has_no_part_in_its_interval(rng):
    x, y, datasets = held_out(rng, 6, "normal")
    moved = np.where(datasets == 2, y + 100.0, y)
    ends = [ends_of(x, values, datasets, new=2, level=0.8) for values in (y, moved)]
    assert_allclose(ends[0], ends[1], rtol=1e-12)
    # Far away it is missed, and makes the intervals of the others too wide to miss any.
    assert left_out_coverage(x, moved, datasets, level=0.8) == pytest.approx(6 / 7)


def test_intervals_equal_their_definition(rng):
    x, y, datasets = held_out(rng, 4, "normal")
    seen = datasets < 4
    lines, scores = [], []
    for left_out in range(4):
        rest, own = seen & (datasets != left_out), datasets == left_out
        slope, intercept = np.polyfit(x[rest], y[rest], 1)
        lines.append(intercept + slope * x[~seen])
        scores.append(np.abs(y[own] - intercept - slope * x[own]).max())
    predictions = np.array(lines)
    low, high = ends_of(x, y, datasets, new=4, level=0.6)
    further = np.sort(scores)[2]  # the third of four: five times 0.6
    assert_allclose(low, predictions.min(axis=0) - further, rtol=1e-9)
    assert_allclose(high, predictions.max(axis=0) + further, rtol=1e-9)


def test_datasets_count_the_same_however_many_runs_they_have(rng):
    x, y, datasets = held_out(rng, 4, "normal")
    many = np.concatenate([np.flatnonzero(datasets == 1)] * 3 + [np.arange(len(x))])
    once = residuals_of(x, y, datasets)
    assert_allclose(residuals_of(x[many], y[many], datasets[many]), once[many], rtol=1e-9)


def test_two_datasets_are_too_few_to_predict(rng):
    row = project(outcomes(rng, n_datasets=2, slope=1.0), Model(), by=["trial"]).row(0, named=True)
    assert row["status"] == "undefined"
    assert "too few to leave one out" in row["reason"]


def test_an_outcome_that_is_the_same_everywhere_has_no_skill(rng):
    same = outcomes(rng, n_datasets=6, slope=1.0).with_columns(outcome_value=pl.lit(0.0))
    row = project(same, Model(), by=["trial"]).row(0, named=True)
    assert (row["status"], row["reason"]) == ("undefined", "the outcome is constant")


def test_conformal_score_by_hand():
    # Five times 0.6 is three: the third smallest.
    assert conformal_score(np.array([4.0, 1.0, 3.0, 2.0]), 0.6) == 3.0
