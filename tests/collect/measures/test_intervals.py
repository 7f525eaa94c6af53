"""Intervals over images cover what they promise, also when an image has many rows."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import stats

from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.intervals import (
    Correction,
    Jackknife,
    block_jackknife,
)
from collect.measures.registry import MEASURES
from collect.measures.unit_sums import cka_without_each_unit, grouped_layer

TRIALS = 300


def covers(rng, n_images, n_positions, mixing, shared):
    """Shares of trials whose 95 % interval holds the CKA of the population.

    x = z D and y = x A + noise with z standard normal, `shared` of its variance common to an image:
    the population CKA is |Sxy|^2 / (|Sxx| |Syy|) of the covariances.
    """
    d, a = np.linspace(0.3, 2, 6), mixing * rng.normal(size=(6, 5))
    sxx = np.diag(d**2)
    sxy, syy = sxx @ a, a.T @ sxx @ a + np.eye(5)
    truth = (sxy**2).sum() / np.sqrt((sxx**2).sum() * (syy**2).sum())
    images = torch.arange(n_images).repeat_interleave(n_positions)

    def noise(p):
        image = rng.normal(size=(n_images, p)).repeat(n_positions, axis=0)
        position = rng.normal(size=(n_images * n_positions, p))
        return np.sqrt(shared) * image + np.sqrt(1 - shared) * position

    count = 0
    for _ in range(TRIALS):
        x = noise(6) * d
        y = x @ a + noise(5)
        layers = [grouped_layer(torch.from_numpy(z), "x", images) for z in (x, y)]
        statistic = cka_without_each_unit(*layers)
        low, high = Jackknife(float(statistic.value), statistic.without).interval()
        count += low <= truth <= high
    return count / TRIALS


@pytest.mark.parametrize(
    ("n_images", "n_positions", "mixing", "shared"),
    [(60, 1, 0.2, 0.0), (60, 1, 1.0, 0.0), (60, 6, 0.2, 0.6), (60, 6, 1.0, 0.6)],
)
def test_cka_intervals_cover(rng, n_images, n_positions, mixing, shared):
    covered = covers(rng, n_images, n_positions, mixing, shared)
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / TRIALS))


@pytest.mark.slow
@pytest.mark.parametrize("n_positions", [1, 8])
@pytest.mark.parametrize("mixing", [0.1, 0.5, 2.0])
def test_cka_intervals_cover_93_to_97_percent(rng, n_positions, mixing):
    shared = 0.0 if n_positions == 1 else 0.6
    covered = np.mean([covers(rng, 80, n_positions, mixing, shared) for _ in range(6)])
    assert 0.93 <= covered <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "cka_linear",
        "angular_cka",
        "cca_mean",
        "pwcca",
        "svcca",
        "linear_predictivity",
        "mutual_knn",
        "procrustes",
        "rsa",
    ],
)
def test_other_intervals_cover_the_expected_value(rng, name):
    a = 0.5 * rng.normal(size=(6, 5))

    def draw():
        x = rng.normal(size=(80, 6)) * np.linspace(0.3, 2, 6)
        return tuple(map(torch.from_numpy, (x, x @ a + rng.normal(size=(80, 5)))))

    expected = np.mean([MEASURES[name].compute(*draw()) for _ in range(1500)])
    how = Inference(null=False, n_blocks=20, n_simulations=100)
    count = 0
    for _ in range(TRIALS):
        x, y = draw()
        found = compare({"a": x}, {"a": y}, measures=[name], inference=how)[0]
        assert found.ci_low is not None
        assert found.ci_high is not None
        count += int(found.ci_low <= expected <= found.ci_high)
    assert count / TRIALS == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / TRIALS))


def test_rows_as_units_would_not_cover(rng):
    images = torch.arange(30).repeat_interleave(10)
    widths = []
    for groups in (None, images):
        x = torch.from_numpy(rng.normal(size=(30, 4))).repeat_interleave(10, dim=0)
        x = x + 0.2 * torch.from_numpy(rng.normal(size=(300, 4)))
        y = x @ torch.from_numpy(rng.normal(size=(4, 3)))
        statistic = cka_without_each_unit(*(grouped_layer(z, "x", groups) for z in (x, y)))
        widths.append(Jackknife(float(statistic.value), statistic.without).std_error)
    assert widths[1] > 1.5 * widths[0]


def mean_of(values):
    return lambda rows: float(values[rows].mean())


def test_leaving_out_rows_of_a_mean_is_the_t_interval(rng):
    values = torch.from_numpy(rng.normal(size=15))
    found = block_jackknife(mean_of(values), 15, n_blocks=15).interval(level=0.9)
    expected = stats.t.interval(0.9, 14, float(values.mean()), float(stats.sem(values.numpy())))
    assert_allclose(np.array(found), np.array(expected), rtol=1e-10)


def test_leaving_out_images_of_a_mean_is_the_t_interval_of_their_means(rng):
    values = torch.from_numpy(rng.normal(size=40))
    images = torch.arange(40) % 8
    found = block_jackknife(mean_of(values), 40, images, n_blocks=8).interval()
    means = [float(values[images == i].mean()) for i in range(8)]
    expected = stats.t.interval(0.95, 7, float(np.mean(means)), float(stats.sem(means)))
    assert_allclose(np.array(found), np.array(expected), rtol=1e-10)


def test_blocks_of_rows_cover(rng):
    covered = 0
    for trial in range(400):
        values = torch.from_numpy(rng.normal(size=50))
        low, high = block_jackknife(mean_of(values), 50, n_blocks=10, seed=trial).interval()
        covered += low <= 0 <= high
    assert covered / 400 == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 400))


def test_a_correction_divides_the_squared_error_and_takes_degrees_of_freedom(rng):
    values = torch.from_numpy(rng.normal(size=20))
    plain = block_jackknife(mean_of(values), 20, n_blocks=20)
    corrected = Jackknife(plain.value, plain.without, Correction(4.0, 99))
    assert corrected.std_error == pytest.approx(plain.std_error / 2)
    half = stats.t.ppf(0.975, 1 / (1 / 19 + 1 / 99)) * corrected.std_error
    expected = (plain.value - half, plain.value + half)
    assert_allclose(np.array(corrected.interval()), np.array(expected), rtol=1e-12)


def test_influence_is_the_largest_change():
    assert Jackknife(1.0, torch.tensor([0.9, 1.3, 1.0])).influence == pytest.approx(0.3)


def test_intervals_end_where_the_measure_ends():
    assert Jackknife(0.9, torch.tensor([0.5, 1.3])).interval(bounds=(0, 1)) == (0, 1)


@pytest.mark.parametrize("n_blocks", [1, 21])
def test_refuses_blocks_that_are_not_there(n_blocks):
    with pytest.raises(ValueError, match=f"n_blocks = {n_blocks}: expected 2 to 20"):
        block_jackknife(mean_of(torch.ones(20)), 20, n_blocks=n_blocks)


def test_refuses_a_level_that_is_no_share():
    with pytest.raises(ValueError, match="level = 95"):
        Jackknife(1.0, torch.ones(5)).interval(level=95)
