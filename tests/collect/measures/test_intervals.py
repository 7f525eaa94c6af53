"""Intervals over images cover what they promise, also when an image has many rows."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import stats

from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.intervals import (
    Jackknife,
    _partitions,
    balanced_jackknife,
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
    ["cka_linear", "angular_cka", "cca_mean", "pwcca", "svcca", "mutual_knn", "procrustes", "rsa"],
)
def test_other_intervals_cover_the_expected_value(rng, name):
    a = 0.5 * rng.normal(size=(6, 5))

    def draw():
        x = rng.normal(size=(80, 6)) * np.linspace(0.3, 2, 6)
        return tuple(map(torch.from_numpy, (x, x @ a + rng.normal(size=(80, 5)))))

    expected = np.mean([MEASURES[name].compute(*draw()) for _ in range(1500)])
    how = Inference(null=False, n_blocks=20)
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


@pytest.mark.parametrize(("n_parts", "n_images"), [(2, 8), (2, 16), (3, 9), (3, 27)])
def test_parts_of_a_mean_are_the_t_interval_of_image_means(rng, n_parts, n_images):
    values = torch.from_numpy(rng.normal(size=3 * n_images))
    images = torch.arange(3 * n_images) % n_images
    found = balanced_jackknife(mean_of(values), 3 * n_images, images, n_parts=n_parts).interval()
    means = [float(values[images == i].mean()) for i in range(n_images)]
    expected = stats.t.interval(0.95, n_images - 1, float(np.mean(means)), float(stats.sem(means)))
    assert_allclose(np.array(found), np.array(expected), rtol=1e-10)


@pytest.mark.parametrize(
    ("n_parts", "n_rows", "n_blocks", "n_partitions"),
    [
        (3, 80, 20, 13),
        (3, 26, 20, 4),
        (3, 80, 2, 4),
        (3, 80, 60, 13),
        (2, 80, 20, 15),
        (2, 8, 9, 7),
    ],
)
def test_parts_are_made_of_about_as_many_blocks_as_asked_for(
    n_parts, n_rows, n_blocks, n_partitions
):
    values = torch.ones(n_rows)
    found = balanced_jackknife(mean_of(values), n_rows, n_parts=n_parts, n_blocks=n_blocks)
    assert found.without.shape == (n_partitions, n_parts)


@pytest.mark.parametrize(("n_parts", "exponent"), [(2, 3), (2, 4), (3, 2), (3, 3)])
def test_every_two_blocks_are_in_one_part_equally_often(n_parts, exponent):
    partitions, n_blocks = _partitions(n_parts, exponent), n_parts**exponent
    assert partitions.shape == ((n_blocks - 1) // (n_parts - 1), n_blocks)
    assert all((row.bincount() == n_blocks // n_parts).all() for row in partitions)
    together = (partitions[:, :, None] == partitions[:, None]).sum(dim=0)
    apart = ~torch.eye(n_blocks, dtype=torch.bool)
    assert (together[apart] == (n_blocks // n_parts - 1) // (n_parts - 1)).all()


def test_parts_see_what_jumps_where_blocks_do_not(rng):
    """The variance of a rounded mean: 4 of 5 samples of this size round to 0, the others to 1."""
    values = [torch.from_numpy(rng.normal(size=64) + 0.4) for _ in range(300)]

    def rounded_mean(sample):
        return lambda rows: float(sample[rows].mean().round())

    variance = np.var([rounded_mean(v)(torch.arange(64)) for v in values])
    by_halves, by_thirds, by_blocks = (
        np.mean([resample(rounded_mean(v), 64).std_error ** 2 for v in values]) / variance
        for resample in (
            partial(balanced_jackknife, n_parts=2),
            balanced_jackknife,
            block_jackknife,
        )
    )
    assert max(by_halves, by_thirds) < 2 < by_blocks


@pytest.mark.parametrize(("n_parts", "least"), [(2, 8), (3, 9)])
def test_refuses_parts_of_few_units(n_parts, least):
    images = torch.arange(14) // 2
    with pytest.raises(ValueError, match=f"7 units: {n_parts} balanced parts take {least}"):
        balanced_jackknife(mean_of(torch.ones(14)), 14, images, n_parts=n_parts)


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
