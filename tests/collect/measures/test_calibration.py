"""Calibration scores: definitions written slowly, closed forms, and every edge of a bin."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.calibration import (
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
