"""Mean representations by hand; their intervals against the delta method and in simulation."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.compare import compare
from collect.measures.mean_rows import mean_representation
from tests.collect.measures.similarity_coverage import coverage
from tests.collect.measures.similarity_designs import DESIGNS


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(30, 6)) + 1
    return x, x[:, :4] + rng.normal(size=(30, 4))


def test_means_are_compared_by_their_cosine(pair):
    x, y = pair[0][:, :4], pair[1]
    a, b = x.mean(axis=0), y.mean(axis=0)
    expected = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    value = mean_representation(torch.from_numpy(x), torch.from_numpy(y))
    assert_allclose(value, expected, rtol=1e-10)


def test_means_at_right_angles_have_cosine_zero():
    x = torch.tensor([[2.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, -1.0]])
    assert mean_representation(x, x.flip(1)) == 0.0


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (torch.randn(4, 3), "2 and 3 features: means of different widths"),
        (torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]]), "the mean of y is 0"),
    ],
)
def test_means_refuse(y, message):
    x = torch.tensor([[2.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, -1.0]])
    with pytest.raises(ValueError, match=message):
        mean_representation(x, y)


def only(x, y, groups=None):
    return compare({"a": x}, {"a": y}, measures=["mean_representation"], groups=groups)[0]


def far_from_zero(rng, n):
    x = rng.normal([4.0, 1.0, 2.0], size=(n, 3))
    return torch.from_numpy(x), torch.from_numpy(0.5 * x + rng.normal([0.0, 3.0, 0.0], size=(n, 3)))


def standard_error_by_the_delta_method(x, y):
    """Of the inverse hyperbolic tangent of the cosine, by numerical derivatives of the means."""
    both = torch.cat([x, y], dim=1)

    def z(means):
        a, b = means[: x.shape[1]], means[x.shape[1] :]
        return torch.atanh(a @ b / a.norm() / b.norm())

    gradient = torch.autograd.functional.jacobian(z, both.mean(dim=0))
    return math.sqrt(float(gradient @ torch.cov(both.T) @ gradient) / len(x))


def test_far_from_zero_the_interval_is_that_of_the_delta_method(rng):
    x, y = far_from_zero(rng, 400)
    found = only(x, y)
    reach = 1.966 * standard_error_by_the_delta_method(x, y)
    expected = [math.tanh(math.atanh(found.value) + sign * reach) for sign in (-1, 1)]
    assert_allclose([found.ci_low, found.ci_high], expected, atol=0.08 * (1 - found.value))


def test_positions_of_an_image_count_once(rng):
    x, y = far_from_zero(rng, 400)
    once = only(x, y)
    images = torch.arange(400).repeat_interleave(4)
    often = only(x.repeat_interleave(4, dim=0), y.repeat_interleave(4, dim=0), images)
    assert (often.ci_low, often.ci_high) == pytest.approx((once.ci_low, once.ci_high), rel=1e-9)


def test_a_layer_is_like_itself_whatever_the_images(rng):
    x, _ = far_from_zero(rng, 50)
    found = only(x, 3 * x)
    assert (found.ci_low, found.ci_high) == pytest.approx((1, 1), abs=1e-6)


def test_opposite_means_stay_within_the_range(rng):
    x, _ = far_from_zero(rng, 50)
    found = only(x, -x)
    assert pytest.approx(found.ci_low) == -1
    assert -1 <= found.ci_low <= found.value <= found.ci_high < -0.999


def test_few_images_have_no_interval(rng):
    x, y = far_from_zero(rng, 40)
    found = only(x, y, torch.arange(40) // 10)
    assert (found.ci_low, found.ci_high) == (None, None)


def test_means_that_are_errors_alone_have_an_interval_as_wide_as_chance(rng):
    """The truth is 0; the means' errors make a cosine of SD 1 / sqrt(24)."""
    held, widths = [], []
    for _ in range(200):
        found = only(*torch.from_numpy(rng.normal(size=(2, 80, 24))))
        held.append(found.ci_low <= 0 <= found.ci_high)
        widths.append(found.ci_high - found.ci_low)
    assert 0.9 < np.mean(held) < 0.99
    assert np.mean(widths) == pytest.approx(2 * 1.99 / math.sqrt(24), rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["24 features", "ten classes", "4 positions"])
def test_intervals_hold_nearly_as_often_as_they_say(design):
    """Of ten classes, thirds held 90 %."""
    assert 0.915 < coverage("mean_representation", DESIGNS[design], 2000).share < 0.97
