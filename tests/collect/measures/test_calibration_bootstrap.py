"""Bootstrap of calibration errors: the point estimates, and the spread of a plain loop."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.calibration import expected_calibration_error
from collect.measures.calibration_bootstrap import (
    calibration_intervals,
    resampled_residuals,
    width_errors,
)
from collect.measures.smooth_calibration import smooth_calibration_error, smooth_errors


def overconfident(rng, n):
    p = rng.uniform(0.5, 1, size=n)
    y = (rng.uniform(size=n) < 0.5 + 0.6 * (p - 0.5)).astype(int)
    return torch.from_numpy(np.stack([1 - p, p], axis=1)), torch.from_numpy(y)


def resample(values, rows):
    return [each[torch.from_numpy(rows)] for each in values]


@pytest.mark.parametrize("grouped", [False, True])
def test_values_are_those_of_the_forecasts(rng, grouped):
    forecasts = overconfident(rng, 400)
    groups = torch.arange(400) // 4 if grouped else None
    found = calibration_intervals(*forecasts, groups=groups, n_resamples=20)
    assert_allclose(found["ece_width_15"].value, expected_calibration_error(*forecasts), rtol=1e-9)
    assert_allclose(found["ece_smooth"].value, smooth_calibration_error(*forecasts), rtol=1e-3)


def test_spread_is_that_of_a_loop_over_resamples(rng):
    forecasts = overconfident(rng, 400)
    loop = [
        expected_calibration_error(*resample(forecasts, rng.integers(400, size=400)))
        for _ in range(600)
    ]
    found = width_errors(resampled_residuals(*forecasts, n_resamples=600))[1:]
    assert float(found.mean()) == pytest.approx(
        np.mean(loop), abs=4 * np.std(loop) / 600**0.5 * 1.5
    )
    assert float(found.std()) == pytest.approx(np.std(loop), rel=0.15)


def test_smooth_spread_is_that_of_a_loop_over_resamples(rng):
    forecasts = overconfident(rng, 400)
    loop = [
        smooth_calibration_error(*resample(forecasts, rng.integers(400, size=400)))
        for _ in range(150)
    ]
    found = smooth_errors(resampled_residuals(*forecasts, n_resamples=600))[1:]
    assert float(found.mean()) == pytest.approx(np.mean(loop), abs=4 * np.std(loop) / 150**0.5)
    assert float(found.std()) == pytest.approx(np.std(loop), rel=0.25)


def test_patients_are_resampled_whole(rng):
    # ten equal images per patient: the spread is that of a tenth of the images
    few = overconfident(rng, 60)
    many = [each.repeat_interleave(10, dim=0) for each in few]
    patients = torch.arange(60).repeat_interleave(10)
    spread = [
        float(width_errors(resampled_residuals(*given, groups=groups, n_resamples=800))[1:].std())
        for given, groups in ((few, None), (many, patients), (many, None))
    ]
    assert spread[1] == pytest.approx(spread[0], rel=0.12)
    assert spread[2] < 0.5 * spread[0]


def test_a_confidence_on_an_edge_is_in_the_bin_below():
    p = torch.tensor([[1 / 3], [1 / 3], [0.4], [0.0]], dtype=torch.float64)
    y = torch.tensor([[1], [0], [0], [0]])
    found = width_errors(resampled_residuals(p, y, n_resamples=2))[0]
    assert_allclose(found, expected_calibration_error(p, y), rtol=1e-12)


@pytest.mark.parametrize("n_trials", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_intervals_of_a_miscalibrated_forecaster_cover(rng, n_trials):
    # |acc - conf| = 0.4 (p - 0.5) in every bin: 0.1 on average over uniform p, one sign
    covered = 0
    for trial in range(n_trials):
        found = calibration_intervals(*overconfident(rng, 1500), n_resamples=200, seed=trial)
        covered += found["ece_width_15"].ci_low <= 0.1 <= found["ece_width_15"].ci_high
    tolerance = 4 * (0.95 * 0.05 / n_trials) ** 0.5
    assert covered / n_trials == pytest.approx(0.95, abs=tolerance)


@pytest.mark.parametrize("change", [{"level": 1.5}, {"n_resamples": 1}])
def test_refuses_what_makes_no_interval(rng, change):
    with pytest.raises(ValueError, match="no interval"):
        calibration_intervals(*overconfident(rng, 40), **change)
