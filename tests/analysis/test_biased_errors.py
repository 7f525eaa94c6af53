"""Means of calibration errors: what noise adds to each run stays out of the interval of a cell."""

import numpy as np
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose

from analysis.dimensions import CALIBRATION_ERRORS
from analysis.means.biased_errors import biased_intervals
from analysis.settings import Settings
from analysis.steps.uncertainty import score_rows
from collect.measures.calibration import calibration_scores
from collect.measures.score_bootstrap import score_intervals
from tests.collect.measures.coverage import SETTINGS

N_IMAGES, N_RESAMPLES = 300, 200
METHODS = ("bootstrap", "bootstrap_independent", "bootstrap_bound")
CELL = {
    **{"origin": "repdrift", "study": "s", "dataset": "knee", "backbone": "tiny"},
    **{"pretraining": "imagenet", "adaptation": "full", "variant": "", "pooling": "cls"},
    **{"head": "linear", "split": "test", "confidence_source": "head", "token": "cls"},
}


def runs(lows, highs, samples, **other):
    """Return runs of one cell whose errors lie above the middle of their intervals."""
    columns = {
        "cell": "a",
        "run_id": [f"r{i}" for i in range(len(lows))],
        "value": 0.06,
        "std_error": 0.01,
        "ci_low": lows,
        "ci_high": highs,
        "level": 0.95,
        "sample": samples,
        "unit": "image",
        "n_units": 300,
        "df": 299.0,
    }
    return pl.DataFrame(columns | other)


def interval(frame, level=0.95):
    """Return method and ends of the only cell."""
    rows = biased_intervals(frame, by=["cell"], kind="test_sample", methods=METHODS, level=level)
    return rows.select("method", "ci_low", "ci_high").row(0)


def test_one_run_keeps_the_interval_that_was_recorded_with_it():
    assert interval(runs([0.01], [0.05], ["1"])) == ("bootstrap", 0.01, 0.05)


def test_runs_have_the_geometric_mean_of_lower_and_the_mean_of_upper_ends():
    method, *ends = interval(runs([0.01, 0.04], [0.06, 0.08], ["1", "2"]))
    assert method == "bootstrap_ends"
    assert_allclose(ends, [0.02, 0.07], rtol=1e-12)


def test_seeds_of_a_fold_count_as_one():
    frame = runs([0.01, 0.01, 0.04], [0.05, 0.07, 0.1], ["1", "1", "2"])
    assert_allclose(interval(frame)[1:], [0.02, 0.08], rtol=1e-12)


def test_one_run_that_may_be_calibrated_lets_all_be():
    assert interval(runs([0.0, 0.02, 0.03], [0.06] * 3, ["1", "2", "3"]))[1] == 0


@pytest.mark.parametrize(
    "change", [{"level": [0.95, 0.9]}, {"ci_low": [0.0, None]}, {"std_error": [0.01, 0.0]}]
)
def test_what_one_run_lacks_the_cell_lacks(change):
    assert interval(runs([0.0, 0.01], [0.06, 0.06], ["1", "2"], **change))[1:] == (None, None)
    assert interval(runs([0.0, 0.01], [0.06, 0.06], ["1", "2"]), level=0.9)[1:] == (None, None)


def cells_of_runs(rng, draw, strength, *, n_cells, n_folds, split="test"):
    """Rows as of ``marts.score_intervals``; each cell is a network of its own."""
    rows = []
    for cell in range(n_cells):
        for fold in range(1, n_folds + 1):
            p, y = draw(rng, N_IMAGES, strength)
            task = "binary" if p.shape[1] == 2 else "multiclass"
            found = score_intervals(task, p, y, n_resamples=N_RESAMPLES)
            for score in CALIBRATION_ERRORS:
                own = found[score]
                rows.append(
                    CELL
                    | {"backbone": f"net{cell}", "run_id": f"{cell}-{fold}", "fold": fold}
                    | {"score": score, "value": own.value, "std_error": own.std_error}
                    | {"ci_low": own.ci_low, "ci_high": own.ci_high, "split": split}
                )
    constant = {"n_folds": n_folds, "seed": 0, "n_train": 1200, "n_test": N_IMAGES}
    constant |= {"n_neighbours": 0, "level": 0.95, "unit": "image", "n_units": N_IMAGES}
    return pl.DataFrame(rows).with_columns(
        n_blocks=pl.lit(None, pl.Int32), **{key: pl.lit(value) for key, value in constant.items()}
    )


def coverage(rows, truth):
    """Share of cells whose interval holds the true error, by score."""
    true = pl.col("score").replace_strict(truth, return_dtype=pl.Float64)
    held = (pl.col("ci_low") <= true) & (true <= pl.col("ci_high"))
    return dict(rows.group_by("score").agg(held.fill_null(value=False).mean()).rows())


def test_cells_of_calibrated_forecasts_reach_down_to_0(rng):
    # The mean plus or minus t standard errors holds 0 in none of them (debiased: in 9 %).
    frame = cells_of_runs(rng, *SETTINGS["two classes, calibrated"], n_cells=4, n_folds=5)
    rows = score_rows(frame, Settings())
    assert rows["method"].unique().to_list() == ["bootstrap_ends"]
    assert coverage(rows, dict.fromkeys(CALIBRATION_ERRORS, 0.0)) == dict.fromkeys(
        CALIBRATION_ERRORS, 1.0
    )


def test_there_is_no_total_around_a_biased_mean(rng):
    frame = cells_of_runs(
        rng, *SETTINGS["two classes, calibrated"], n_cells=1, n_folds=3, split="source"
    )
    assert set(score_rows(frame, Settings())["uncertainty"]) == {"test_sample"}
    same = frame.with_columns(score=pl.lit("accuracy")).unique("run_id")
    assert set(score_rows(same, Settings())["uncertainty"]) == {"test_sample", "total"}


@pytest.mark.slow
@pytest.mark.parametrize("n_folds", [2, 5])
@pytest.mark.parametrize("setting", SETTINGS)
def test_cells_cover_the_true_error_at_least_at_the_level(setting, n_folds):
    rng = np.random.default_rng(3)
    draw, strength = SETTINGS[setting]
    truth = dict(calibration_scores(*draw(rng, 300_000, strength)))
    if setting.endswith("calibrated"):
        truth = dict.fromkeys(CALIBRATION_ERRORS, 0.0)
    truth["ece_debiased_15"] = truth["ece_width_15"]  # of which it is an estimate
    torch.set_num_threads(1)
    frame = cells_of_runs(rng, draw, strength, n_cells=60, n_folds=n_folds)
    shares = coverage(score_rows(frame, Settings()), truth)
    # 60 cells: a share of 95 % has a standard error of 2.8 points
    assert min(shares[score] for score in CALIBRATION_ERRORS) >= 0.9
