"""Gabor functions are told from noise, and what cannot be told gets no number."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.optimize import Bounds, differential_evolution

from collect.measures import filter_shape as filter_shape_module
from collect.measures.filter_shape import (
    NOISE,
    NOISE_KERNELS,
    computed_noise,
    filter_shape,
    noise,
    spatial_patterns,
    spectral_entropy,
)
from collect.measures.gabor import gabor_r2


def gabor(side, *, angle=0.0, frequency=0.2, phase=0.0, centre=(0.0, 0.0), widths=(1.5, 2.0)):
    """Write Daugman's definition out, pixel by pixel."""
    pattern = np.empty((side, side))
    for row in range(side):
        for column in range(side):
            dx, dy = column - (side - 1) / 2 - centre[0], row - (side - 1) / 2 - centre[1]
            u = dx * np.cos(angle) + dy * np.sin(angle)
            v = -dx * np.sin(angle) + dy * np.cos(angle)
            window = np.exp(-(u**2) / (2 * widths[0] ** 2) - v**2 / (2 * widths[1] ** 2))
            pattern[row, column] = window * np.cos(2 * np.pi * frequency * u + phase)
    return pattern


def some_gabors(rng, side, n):
    return np.stack(
        [
            gabor(
                side,
                angle=rng.uniform(0, np.pi),
                frequency=rng.uniform(0.08, 0.35),
                phase=rng.uniform(0, 2 * np.pi),
                centre=rng.uniform(-1, 1, 2),
                widths=rng.uniform(1, 2.5, 2),
            )
            for _ in range(n)
        ]
    )


@pytest.mark.parametrize("side", [5, 7, 16])
def test_every_gabor_function_is_found(rng, side):
    assert gabor_r2(some_gabors(rng, side, 20)).min() > 0.99


def test_neither_scale_nor_sign_nor_a_constant_matters(rng):
    patterns = rng.normal(size=(3, 7, 7))
    assert_allclose(gabor_r2(-40 * patterns + 3), gabor_r2(patterns), atol=1e-4)


def test_noise_takes_from_a_gabor_function_what_it_adds_of_variance(rng):
    clean = some_gabors(rng, 11, 20)
    clean /= clean.std(axis=(1, 2), keepdims=True)
    noisy = clean + 0.5 * rng.normal(size=clean.shape)
    explained = 1 / (1 + 0.25)  # and of the noise, what nine parameters take of 121 pixels
    assert gabor_r2(noisy).mean() == pytest.approx(explained + 0.2 * 9 / 121, abs=0.03)


@pytest.mark.slow
def test_another_search_finds_hardly_more(rng):
    """An independent optimum: differential evolution over the whole range of the parameters."""
    for pattern in rng.normal(size=(5, 7, 7)):
        centred = pattern - pattern.mean()

        def lost(parameters, centred=centred):
            angle, frequency, x, y, along, across = parameters
            where = {"angle": angle, "frequency": frequency, "centre": (x, y)}
            waves = [
                gabor(7, phase=phase, widths=(along, across), **where).ravel()
                for phase in (0, np.pi / 2)
            ]
            design = np.column_stack([*waves, np.ones(49)])
            rest = centred.ravel() - design @ np.linalg.lstsq(design, centred.ravel())[0]
            return rest @ rest / np.square(centred).sum()

        bounds = Bounds([0, 0, -3, -3, 0.5, 0.5], [np.pi, 0.5, 3, 3, 20, 20])
        best = 1 - differential_evolution(lost, bounds, seed=0, maxiter=80).fun
        assert gabor_r2(pattern[None])[0] > best - 0.05


@pytest.mark.parametrize(
    "side", [pytest.param(side, marks=pytest.mark.slow if side != 8 else ()) for side in NOISE]
)
def test_floors_are_those_of_the_kernels_that_they_are_said_to_be_of(side):
    assert noise(side, side) == pytest.approx(computed_noise(side, side), abs=1e-4)


def test_kernels_of_another_size_or_shape_are_fitted(monkeypatch):
    monkeypatch.setattr(filter_shape_module, "NOISE_KERNELS", 3)
    computed_noise.cache_clear()
    floors = {shape: noise(*shape) for shape in ((6, 6), (5, 7), (7, 5))}
    expected = {shape: computed_noise(*shape) for shape in floors}
    computed_noise.cache_clear()
    assert floors == expected


def test_noise_stays_below_its_own_floor_as_often_as_it_says(rng):
    shape = filter_shape(torch.from_numpy(rng.normal(size=(60, 1, 7, 7))))
    se = np.sqrt(0.05 * 0.95 * (1 / 60 + 1 / NOISE_KERNELS))
    assert shape.gabor_share == pytest.approx(0.05, abs=3 * se)
    assert shape.spectral_entropy == pytest.approx(shape.spectral_entropy_of_noise, abs=0.02)


def test_filters_of_three_channels_are_seen_by_their_strongest_pattern(rng):
    pattern = gabor(7, angle=0.5)
    colours = rng.normal(size=(4, 3, 1, 1))
    weights = torch.from_numpy(colours * pattern + rng.normal(size=(4, 3, 1, 1)))
    found = spatial_patterns(weights)
    centred = pattern - pattern.mean()
    for one in found:
        assert abs(np.sum(one * centred)) / np.linalg.norm(centred) == pytest.approx(1, abs=1e-12)
    shape = filter_shape(weights)
    assert shape.gabor_share == 1.0
    assert shape.gabor_r2 == pytest.approx(1, abs=1e-3)
    assert shape.gabor_r2_of_noise < 0.6


@pytest.mark.parametrize(("height", "width"), [(5, 5), (8, 8), (6, 7)])
def test_one_wave_has_no_entropy_and_a_spike_all_of_it(height, width):
    wave = np.cos(2 * np.pi * np.arange(width) * 2 / width) * np.ones((height, 1))
    spike = np.zeros((height, width))
    spike[2, 1] = 1.0
    assert_allclose(spectral_entropy(np.stack([wave, spike])), [0, 1], atol=1e-9)


def test_entropy_is_that_of_the_full_transform(rng):
    """Each pair of conjugate frequencies counts once, by the slow transform."""
    pattern = rng.normal(size=(6, 6))
    seen, power = set(), []
    for k, m in np.ndindex(6, 6):
        if (k, m) != (0, 0) and ((-k) % 6, (-m) % 6) not in seen:
            seen.add((k, m))
            wave = np.exp(-2j * np.pi * (np.arange(6)[:, None] * k + np.arange(6) * m) / 6)
            power.append(abs(np.sum(pattern * wave)) ** 2)
    shares = np.array(power) / np.sum(power)
    expected = -np.sum(shares * np.log(shares)) / np.log(len(shares))
    assert_allclose(spectral_entropy(pattern[None]), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (torch.randn(2, 3, 3, 3), "kernels of 3 x 3 pixels are too small: a Gabor function fits"),
        (torch.ones(2, 3, 7, 7), "filter 0 is constant"),
        (torch.full((2, 3, 7, 7), torch.nan), "a filter is not finite"),
    ],
)
def test_refuses(weights, message):
    with pytest.raises(ValueError, match=message):
        filter_shape(weights)


def test_small_patterns_have_no_spectrum():
    with pytest.raises(ValueError, match="kernels of 2 x 2 pixels have no spectrum to speak of"):
        spectral_entropy(np.ones((1, 2, 2)))
