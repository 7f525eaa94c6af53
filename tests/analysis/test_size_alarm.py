"""Calibration errors on test sets of unequal sizes: how large they are, and who is warned."""

import numpy as np
import polars as pl
import pytest
import torch

from analysis.dimensions import REPRESENTATION
from analysis.regression.fits import regress
from analysis.regression.size_alarm import with_size_alarm
from analysis.regression.stacking import Model
from analysis.settings import Settings
from analysis.steps.slopes import crossed_rows_of_networks, other_fit_rows, regression_rows
from collect.measures.calibration import debiased_calibration_error, expected_calibration_error
from collect.measures.proper_scores import brier_score

ERRORS = ("calibration_error", "calibration_error_debiased", "score:ece_smooth")
OTHERS = ("score:brier", "knn_calibration_error", "gain_difference:auc")
SCORES = {
    "calibration_error": expected_calibration_error,
    "calibration_error_debiased": debiased_calibration_error,
    "score:brier": brier_score,
}


def alarms(sizes, outcome="calibration_error", method="ols"):
    """Return the alarm of a regression over datasets with these numbers of test images."""
    points = pl.DataFrame(
        {
            "outcome": outcome,
            "dataset": list(sizes),
            "n_test": pl.Series(list(sizes.values()), dtype=pl.List(pl.Int64)),
        }
    ).explode("n_test")
    rows = pl.DataFrame({"outcome": [outcome], "method": [method]})
    return with_size_alarm(rows, points, by=["outcome"])["size_alarm"].item()


@pytest.mark.parametrize("outcome", ERRORS)
def test_goes_off_where_test_sets_differ(outcome):
    assert alarms({"knee": [60, 61], "chest": [4000, 4000]}, outcome) is True


@pytest.mark.parametrize("outcome", OTHERS)
def test_is_silent_of_outcomes_that_noise_does_not_shift(outcome):
    assert alarms({"knee": [60], "chest": [4000]}, outcome) is False


def test_folds_that_differ_by_an_image_and_fits_within_datasets_raise_none():
    assert alarms({"knee": [60, 61], "chest": [64, 62]}) is False
    assert alarms({"knee": [60, 4000]}) is False
    assert alarms({"knee": [60], "chest": [4000]}, method="within") is False


def test_a_size_that_is_not_known_is_not_taken_for_equal():
    assert alarms({"knee": [60], "chest": [None]}) is None


def points_of_networks(rng):
    """Points of three networks on four datasets whose test sets differ, and of two outcomes."""
    names = {"origin": "repdrift", "study": "s", "backbone": "tiny", "adaptation": "full"}
    names |= {"variant": "", "pooling": "cls", "head": "linear"}
    names |= dict.fromkeys(REPRESENTATION, "x")
    rows = [
        names
        | {"pretraining": network, "dataset": f"d{dataset}", "run_id": f"{network}{dataset}{fold}"}
        | {"similarity": rng.normal(), "outcome": outcome, "outcome_value": rng.normal()}
        | {"n_test": 100 * (dataset + 1)}
        for network in "abc"
        for dataset in range(4)
        for fold in range(3)
        for outcome in ("calibration_error", "knn_accuracy")
    ]
    return pl.DataFrame(rows).with_columns(n_blocks=pl.lit(None, pl.Int32))


@pytest.mark.parametrize("step", [regression_rows, other_fit_rows, crossed_rows_of_networks])
def test_every_regression_over_datasets_says_it(rng, step):
    rows = step(points_of_networks(rng), Settings())
    warned = rows.filter("size_alarm")
    assert set(warned["outcome"]) == {"calibration_error"}
    quiet = rows.filter(~pl.col("size_alarm"), outcome="calibration_error")
    assert set(quiet["method"]) <= {"within"}
    assert rows["size_alarm"].null_count() == 0


def calibrated_scores(rng, n_images):
    """Scores of perfectly calibrated forecasts of two classes."""
    confidence = rng.uniform(0.5, 1, size=n_images)
    p = torch.from_numpy(np.stack([1 - confidence, confidence], axis=1))
    y = torch.from_numpy((rng.random(n_images) < confidence).astype(int))
    return [score(p, y) for score in SCORES.values()]


def test_calibrated_forecasts_err_more_on_fewer_images_debiased_or_not(rng):
    few, many = (
        np.mean([calibrated_scores(rng, n) for _ in range(200)], axis=0) for n in (60, 4000)
    )
    # standard errors of these means are 0.002 to 0.003 on 60 images
    assert few[:2] == pytest.approx([0.114, 0.072], abs=0.012)
    assert many[:2] == pytest.approx([0.014, 0.008], abs=0.002)
    assert few[2] == pytest.approx(many[2], abs=0.02)


@pytest.mark.slow
def test_slopes_that_sizes_make_are_found_with_errors_and_not_with_the_brier_score():
    rng, n_trials, n_folds = np.random.default_rng(1), 1000, 5
    sizes = np.geomspace(60, 4000, 7).astype(int)
    pools = [np.array([calibrated_scores(rng, n) for _ in range(300)]) for n in sizes]
    standard = (np.log(sizes) - np.log(sizes).mean()) / np.log(sizes).std()
    shape = (n_trials, len(sizes), n_folds)
    base = 0.8 * standard + 0.6 * rng.normal(size=shape[:2])
    similarity = base[:, :, None] + 0.5 * rng.normal(size=shape)
    drawn = rng.integers(0, 300, size=shape)
    values = np.stack([pool[drawn[:, i]] for i, pool in enumerate(pools)], axis=1)
    trial, dataset, _ = (index.ravel() for index in np.indices(shape))
    points = pl.DataFrame({"trial": trial, "dataset": dataset, "similarity": similarity.ravel()})
    points = points.with_columns(run_id=pl.int_range(pl.len()).cast(pl.String))
    rates = {}
    for i, outcome in enumerate(SCORES):
        own = points.with_columns(outcome_value=pl.Series(values[..., i].ravel()))
        rows = regress(own, Model(), by=["trial"], methods=["cluster_cr2", "cluster_cr3"])
        slopes = rows.filter(term="similarity")
        found = slopes.group_by("method").agg((pl.col("p_value") <= 0.05).mean())
        rates[outcome] = dict(found.sort("method").rows())
    assert list(rates["calibration_error"].values()) == pytest.approx([0.54, 0.61], abs=0.08)
    debiased = list(rates["calibration_error_debiased"].values())
    assert debiased == pytest.approx([0.39, 0.44], abs=0.08)
    assert max(rates["score:brier"].values()) <= 0.07
