"""Smooth calibration error: reflected kernels summed one by one, closed forms, relplot's values."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from collect.measures.smooth_calibration import N_CELLS, smooth_calibration_error


def error_at(sigma, f, y):
    """Błasiok and Nakkiran (2024), definition 3: the reflected Gaussian kernel as its images."""
    t = (np.arange(N_CELLS) + 0.5) / N_CELLS
    kernel = sum(
        np.exp(-0.5 * ((t[:, None] - image) / sigma) ** 2)
        for m in range(-3, 4)
        for image in (f + 2 * m, -f + 2 * m)
    ) / (sigma * math.sqrt(2 * math.pi))
    return np.abs(kernel @ (f - y) / len(f)).mean()


def by_definition(f, y):
    sigma = brentq(lambda s: error_at(s, f, y) - s, 4e-3, 1.0, xtol=1e-14)
    return error_at(sigma, f, y)


def smooth_error(f, y):
    return smooth_calibration_error(torch.from_numpy(f)[:, None], torch.from_numpy(y)[:, None])


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_is_the_definition_for_confidences_on_the_grid(rng, power):
    f = (rng.integers(N_CELLS, size=300) + 0.5) / N_CELLS
    y = (rng.uniform(size=300) < f**power).astype(float)
    assert_allclose(smooth_error(f, y), by_definition(f, y), rtol=1e-9)


@pytest.mark.parametrize("frequency", [0.0, 0.2, 0.7])
def test_one_confidence_has_the_gap_as_its_error(frequency):
    # one kernel of mass 1 times the gap, whatever the bandwidth
    f, y = np.full(10, 0.5), (np.arange(10) < 10 * frequency).astype(float)
    assert_allclose(smooth_error(f, y), abs(0.5 - frequency), rtol=1e-9)


def test_confidences_between_cells_are_moved_by_less_than_a_thousandth(rng):
    f = rng.uniform(size=400) ** 0.7
    y = (rng.uniform(size=400) < f).astype(float)
    assert abs(smooth_error(f, y) - by_definition(f, y)) < 1e-3


# python -c "import numpy as np, relplot; i = np.arange(1, 2001); f = i / 2001;
#            y = (np.sin(i * i) * 0.5 + 0.5 < f ** POWER).astype(float); print(relplot.smECE(f, y))"
@pytest.mark.parametrize(("power", "relplot"), [(0.5, 0.133291), (1.0, 0.065727), (2.0, 0.137361)])
def test_agrees_with_relplot_to_its_grid_of_a_thousandth(power, relplot):
    i = np.arange(1, 2001)
    f = i / 2001
    y = (np.sin(i * i) * 0.5 + 0.5 < f**power).astype(float)
    assert smooth_error(f, y) == pytest.approx(relplot, abs=1.5e-3)


def test_a_calibrated_forecaster_is_below_the_finest_bandwidth(rng):
    f = rng.uniform(size=1_000_000)
    y = (rng.uniform(size=1_000_000) < f).astype(float)
    assert smooth_error(f, y) < 4e-3
