"""Bootstrap of calibration errors: the errors themselves, the spread of a plain loop, coverage."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.calibration import (
    classwise_calibration_error,
    expected_calibration_error,
    reliability_diagram,
)
from collect.measures.calibration_bootstrap import calibration_intervals, resampled_residuals
from collect.measures.smooth_calibration import (
    N_CELLS,
    cell_of,
    smooth_calibration_error,
    smooth_errors,
    smoothed_gaps,
)
from collect.measures.weighted_calibration import classwise_gaps


def overconfident(rng, n):
    p = rng.uniform(0.5, 1, size=n)
    y = (rng.uniform(size=n) < 0.5 + 0.6 * (p - 0.5)).astype(int)
    return torch.from_numpy(np.stack([1 - p, p], axis=1)), torch.from_numpy(y)


def labelled(rng, n, n_labels=3):
    p = torch.from_numpy(rng.uniform(size=(n, n_labels)))
    return p, (torch.from_numpy(rng.uniform(size=(n, n_labels))) < p**1.5).long()


def resample(values, rows):
    return [each[torch.from_numpy(rows)] for each in values]


@pytest.mark.parametrize("draw", [overconfident, labelled])
@pytest.mark.parametrize("grouped", [False, True])
def test_values_are_those_of_the_forecasts(rng, draw, grouped):
    forecasts = draw(rng, 400)
    groups = torch.arange(400) // 4 if grouped else None
    found = calibration_intervals(*forecasts, groups=groups, n_resamples=20)
    expected = {
        "ece_width_15": expected_calibration_error(*forecasts),
        "ece_mass_15": expected_calibration_error(*forecasts, scheme="mass"),
        "ece_smooth": smooth_calibration_error(*forecasts),
    }
    assert found.keys() == expected.keys()
    for name, interval in found.items():
        assert_allclose(interval.value, expected[name], rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "error", "n_loop"),
    [
        ("ece_width_15", expected_calibration_error, 400),
        ("ece_smooth", smooth_calibration_error, 150),
    ],
)
def test_spread_is_that_of_a_loop_over_resamples(rng, name, error, n_loop):
    forecasts = overconfident(rng, 400)
    loop = [error(*resample(forecasts, rng.integers(400, size=400))) for _ in range(n_loop)]
    found = calibration_intervals(*forecasts, n_resamples=1000)[name]
    # the standard deviation of n_loop values is known to 4 / sqrt(2 n_loop) of itself
    assert found.std_error == pytest.approx(np.std(loop), rel=4 / (2 * n_loop) ** 0.5)


@pytest.mark.parametrize("kind", ["patients", "labels"])
def test_what_belongs_together_is_resampled_together(rng, kind):
    # ten equal forecasts per unit: the spread is that of a tenth of the forecasts
    p, y = labelled(rng, 60, 1)
    few = calibration_intervals(p, y, n_resamples=1000)["ece_width_15"].std_error
    if kind == "patients":
        groups = torch.arange(60).repeat_interleave(10)
        many = calibration_intervals(
            p.repeat_interleave(10, dim=0), y.repeat_interleave(10, dim=0), groups=groups
        )
    else:
        many = calibration_intervals(p.repeat(1, 10), y.repeat(1, 10))
    assert many["ece_width_15"].std_error == pytest.approx(few, rel=0.12)


def test_resampled_sums_are_those_of_drawn_units(rng):
    kind = torch.from_numpy(rng.integers(5, size=300))
    residual = torch.from_numpy(rng.normal(size=300))
    residual = torch.stack([residual[kind == k].mean() for k in range(5)])[kind]  # one per kind
    single = resampled_residuals(kind, residual, torch.arange(300), n_resamples=4000)
    # units of one forecast that are not numbered in their order are drawn one by one
    twice = torch.cat([kind, kind]), torch.cat([residual, residual]), torch.arange(300).repeat(2)
    pairs = resampled_residuals(*twice, n_resamples=4000)
    assert_allclose(single[0], pairs[0], rtol=1e-10)
    assert_allclose(single[1:].std(dim=0), pairs[1:].std(dim=0), rtol=4 / 8000**0.5 * 2**0.5)


def test_smoothed_gaps_tell_on_which_side_of_a_bandwidth_the_error_is(rng):
    confidence, outcome = (values for values in labelled(rng, 500, 1))
    residual = torch.bincount(
        cell_of(confidence.flatten()), weights=(confidence - outcome).flatten(), minlength=N_CELLS
    )
    error = float(smooth_errors(residual[None] / 500)[0])
    for bandwidth in (0.8 * error, 1.25 * error):
        sum_of_gaps = float(smoothed_gaps(residual[None] / 500, bandwidth).abs().sum())
        assert (sum_of_gaps > bandwidth) == (error > bandwidth)
    at_error = float(smoothed_gaps(residual[None] / 500, error).abs().sum())
    assert at_error == pytest.approx(error, rel=5e-3)  # every fourth cell


@pytest.mark.parametrize("draw", [overconfident, labelled])
def test_classwise_gaps_of_a_resample_are_those_of_its_images(rng, draw):
    p, y = draw(rng, 200)
    rows = rng.integers(200, size=200)
    weights = torch.from_numpy(np.bincount(rows, minlength=200)).double()[:, None]
    found = classwise_gaps(p, y, weights).abs().sum()
    assert_allclose(found, classwise_calibration_error(*resample((p, y), rows)), rtol=1e-10)


def test_a_confidence_on_an_edge_is_in_the_bin_below():
    p = torch.tensor([[1 / 3], [1 / 3], [0.4], [0.0]], dtype=torch.float64)
    y = torch.tensor([[1], [0], [0], [0]])
    found = calibration_intervals(p, y, n_resamples=2)["ece_width_15"].value
    assert reliability_diagram(p, y).count.tolist() == [1, 2, 1]
    assert_allclose(found, expected_calibration_error(p, y), rtol=1e-12)


@pytest.mark.parametrize("change", [{"level": 1.5}, {"n_resamples": 1}])
def test_refuses_what_makes_no_interval(rng, change):
    with pytest.raises(ValueError, match="no interval"):
        calibration_intervals(*overconfident(rng, 40), **change)
