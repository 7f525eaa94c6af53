"""Calibration scores: definitions written slowly, closed forms, and every edge of a bin."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import foldnorm

from collect.measures.calibration import (
    calibration_scores,
    classwise_calibration_error,
    debiased_calibration_error,
    expected_calibration_error,
    reliability_diagram,
)
from collect.measures.forecasts import forecasts


def ece_by_loop(confidence, correct, n_bins):
    """Guo et al. (2017) eq. 3, bins (lower, upper], the first with its lower edge."""
    total = 0.0
    for b in range(n_bins):
        lower, upper = b / n_bins, (b + 1) / n_bins
        inside = (confidence > lower) & (confidence <= upper)
        if b == 0:
            inside |= confidence == 0
        if inside.any():
            gap = abs(correct[inside].mean() - confidence[inside].mean())
            total += inside.sum() / len(confidence) * gap
    return total


def softmax_forecasts(rng, n, c):
    logits = 2 * rng.normal(size=(n, c))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return p, rng.integers(c, size=n)


@pytest.mark.parametrize("n_bins", [1, 10, 15])
def test_width_bins_are_the_definition(rng, n_bins):
    p, y = softmax_forecasts(rng, 500, 4)
    expected = ece_by_loop(p.max(axis=1), (p.argmax(axis=1) == y).astype(float), n_bins)
    value = expected_calibration_error(torch.from_numpy(p), torch.from_numpy(y), n_bins=n_bins)
    assert_allclose(value, expected, rtol=1e-10)


def test_one_confidence_has_a_closed_form():
    # 100 forecasts at 0.7, 40 of them right: a gap of 0.3
    p = torch.tensor([[0.7, 0.3]], dtype=torch.float64).repeat(100, 1)
    y = (torch.arange(100) >= 40).long()
    assert_allclose(expected_calibration_error(p, y), 0.3, rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("edge", range(16))
def test_a_confidence_on_an_edge_is_in_the_bin_below(edge, dtype):
    p = torch.full((3, 1), edge / 15, dtype=dtype)
    diagram = reliability_diagram(p, torch.ones(3, 1))
    assert diagram.count.tolist() == [3]
    assert_allclose(diagram.upper.item(), max(edge, 1) / 15, rtol=1e-6)


def test_zero_and_one_are_inside():
    p = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    assert expected_calibration_error(p, torch.tensor([[1], [0]])) == 1.0
    assert expected_calibration_error(p, torch.tensor([[0], [1]])) == 0.0


def test_mass_bins_hold_equally_many(rng):
    p, y = softmax_forecasts(rng, 1500, 3)
    diagram = reliability_diagram(torch.from_numpy(p), torch.from_numpy(y), scheme="mass")
    assert diagram.count.tolist() == pytest.approx([100] * 15, abs=1)


def test_mass_bins_keep_equal_confidences_together():
    p = torch.tensor([[0.25], [0.25], [0.25], [0.75]], dtype=torch.float64)
    diagram = reliability_diagram(p, torch.tensor([[0], [0], [1], [1]]), n_bins=4, scheme="mass")
    assert diagram.count.tolist() == [3, 1]
    value = expected_calibration_error(p, torch.tensor([[0], [0], [1], [1]]), scheme="mass")
    assert_allclose(value, 0.75 * (1 / 3 - 0.25) + 0.25 * 0.25, rtol=1e-12)


def test_the_first_of_equal_probabilities_is_the_prediction():
    _, correct = forecasts(torch.tensor([[0.5, 0.5], [0.5, 0.5]]), torch.tensor([0, 1]))
    assert correct.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        (torch.ones(3), torch.zeros(3), r"probabilities have shape \(3,\)"),
        (torch.ones(3, 1), torch.zeros(2), r"labels have shape \(2,\) and probabilities \(3, 1\)"),
        (torch.tensor([[2.0, -1.0]]), torch.tensor([0]), "pass the softmax, not the logits"),
        (torch.tensor([[torch.nan, 0.5]]), torch.tensor([0]), "not all in"),
        (torch.tensor([[0.5, 0.5]]), torch.tensor([2]), r"labels are not all in 0 .. 1"),
        (torch.tensor([[0.5, 0.4]]), torch.tensor([0]), "do not sum to 1"),
    ],
)
def test_refuses(p, y, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(p, y)


def test_classwise_is_the_mean_of_the_errors_of_each_probability(rng):
    p, y = softmax_forecasts(rng, 300, 4)
    errors = [ece_by_loop(p[:, c], (y == c).astype(float), 15) for c in range(4)]
    value = classwise_calibration_error(torch.from_numpy(p), torch.from_numpy(y))
    assert_allclose(value, np.mean(errors), rtol=1e-10)


def test_classwise_of_labels_takes_each_label(rng):
    p, y = rng.uniform(size=(200, 3)), rng.integers(2, size=(200, 3))
    errors = [ece_by_loop(p[:, c], y[:, c].astype(float), 15) for c in range(3)]
    value = classwise_calibration_error(torch.from_numpy(p), torch.from_numpy(y))
    assert_allclose(value, np.mean(errors), rtol=1e-10)


def test_debiased_subtracts_what_sampling_adds(rng):
    # Kumar et al. (2019): twice the error less its mean when frequencies are redrawn
    p, y = rng.uniform(size=(400, 1)), rng.integers(2, size=(400, 1))
    diagram = reliability_diagram(torch.from_numpy(p), torch.from_numpy(y))
    share, f, c = (
        a.numpy() for a in (diagram.count.double() / 400, diagram.frequency, diagram.confidence)
    )
    sd = np.sqrt(f * (1 - f) / (400 * share))
    redrawn = np.abs(rng.normal(f - c, sd, size=(200_000, len(f)))) @ share
    expected = 2 * (share * np.abs(f - c)).sum() - redrawn.mean()
    value = debiased_calibration_error(torch.from_numpy(p), torch.from_numpy(y))
    assert value == pytest.approx(expected, abs=4 * redrawn.std() / np.sqrt(200_000))


def test_debiased_is_scipys_folded_normal(rng):
    p, y = rng.uniform(size=(400, 1)), rng.integers(2, size=(400, 1))
    diagram = reliability_diagram(torch.from_numpy(p), torch.from_numpy(y))
    share, f, c = (
        a.numpy() for a in (diagram.count.double() / 400, diagram.frequency, diagram.confidence)
    )
    sd = np.sqrt(f * (1 - f) / (400 * share))
    gap = np.abs(f - c)
    expected = (share * (2 * gap - foldnorm.mean(gap / sd, scale=sd))).sum()
    value = debiased_calibration_error(torch.from_numpy(p), torch.from_numpy(y))
    assert_allclose(value, expected, rtol=1e-10)


def test_debiased_is_nearer_to_zero_for_a_calibrated_forecaster(rng):
    plain, debiased = [], []
    for _ in range(100):
        p = rng.uniform(size=(300, 1))
        y = (rng.uniform(size=(300, 1)) < p).astype(int)
        given = torch.from_numpy(p), torch.from_numpy(y)
        plain.append(expected_calibration_error(*given))
        debiased.append(debiased_calibration_error(*given))
    assert abs(np.mean(debiased)) < 0.7 * np.mean(plain)


def test_debiased_is_not_clamped():
    # 100 forecasts of 0.5, half of them right: an error of 0, less sqrt(2 / pi) standard deviations
    p, y = torch.full((100, 1), 0.5, dtype=torch.float64), (torch.arange(100) % 2)[:, None]
    expected = -0.05 * (2 / np.pi) ** 0.5
    assert_allclose(debiased_calibration_error(p, y), expected, rtol=1e-12)


def test_a_bin_of_one_forecast_has_nothing_to_correct():
    p = torch.tensor([[0.9, 0.1]], dtype=torch.float64)
    assert_allclose(debiased_calibration_error(p, torch.tensor([0])), 0.1, rtol=1e-12)


def test_scores_have_the_names_of_the_warehouse(rng):
    p, y = softmax_forecasts(rng, 100, 3)
    scores = calibration_scores(torch.from_numpy(p), torch.from_numpy(y))
    assert list(scores) == [
        "ece_width_15", "ece_mass_15", "ece_classwise_15", "ece_debiased_15", "ece_smooth",
        "brier", "nll",
    ]  # fmt: skip


def test_an_infinite_likelihood_is_left_out_with_its_reason():
    p = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    scores = calibration_scores(p, torch.tensor([1, 0]))
    assert "nll" not in scores
    assert "probability 0" in scores.undefined["nll"]
