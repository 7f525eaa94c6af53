"""Halves of the images say how far a value that jumps varies."""

import numpy as np
import pytest
import torch
from scipy import stats

from collect.measures.half_samples import HalfSamples, half_samples
from collect.measures.intervals import block_jackknife
from tests.collect.measures.similarity_coverage import coverage
from tests.collect.measures.similarity_designs import DESIGNS


def mean_of(values):
    return lambda rows: float(values[rows].mean())


def product_of_means(x, y):
    return lambda rows: float(x[rows].mean() * y[rows].mean())


@pytest.mark.parametrize("n_images", [8, 32])
def test_halves_of_a_mean_are_the_t_interval_of_image_means(rng, n_images):
    values = torch.from_numpy(rng.normal(size=3 * n_images))
    images = torch.arange(3 * n_images) % n_images
    found = half_samples(mean_of(values), 3 * n_images, images, n_blocks=n_images)
    means = [float(values[images == i].mean()) for i in range(n_images)]
    expected = stats.t.interval(0.95, n_images - 1, float(np.mean(means)), float(stats.sem(means)))
    assert found.interval() == pytest.approx(expected, rel=1e-9)


def test_of_a_product_of_means_halving_itself_adds_what_pairs_of_images_do(rng):
    """Mean of x times mean of y, both 0 in truth, hangs on pairs of images alone.

    Its variance is 1 / n^2; halves say 2 / n^2, and the mean of two halves varies by 1 / n^2.
    """
    n, between, of_halving = 64, [], []
    for _ in range(400):
        x, y = torch.from_numpy(rng.normal(size=(2, n)))
        found = half_samples(product_of_means(x, y), n)
        between.append(found.between * n**2)
        of_halving.append(found.of_halving * n**2)
    assert np.mean(between) == pytest.approx(2, abs=0.3)
    assert np.mean(of_halving) == pytest.approx(1, abs=0.2)


def test_half_of_what_halving_adds_is_taken_off():
    found = HalfSamples(0.5, torch.tensor([[0.2, 0.6], [0.3, 0.9], [0.5, 0.7]]))
    assert found.between == pytest.approx((0.16 + 0.36 + 0.04) / 12)
    assert found.of_halving == pytest.approx(np.var([0.4, 0.6, 0.6], ddof=1))
    assert found.std_error**2 == pytest.approx(found.between - found.of_halving / 2)
    assert found.n_free == pytest.approx(3 * (found.std_error**2 / found.between) ** 2)


def test_at_most_half_of_what_halves_differ_by_is_taken_off():
    found = HalfSamples(0.5, torch.tensor([[0.2, 0.4], [0.8, 0.6]]))
    assert found.of_halving > found.between
    assert found.std_error**2 == pytest.approx(found.between / 2)


def test_halves_that_are_all_the_same_have_an_interval_of_one_point():
    assert HalfSamples(1.0, torch.ones(7, 2)).interval() == (1, 1)


@pytest.mark.parametrize(
    ("n_rows", "n_blocks", "n_ways"), [(80, 20, 31), (80, 64, 63), (26, 20, 15), (80, 2, 7)]
)
def test_blocks_are_the_next_power_of_two_that_there_are_images_for(n_rows, n_blocks, n_ways):
    found = half_samples(mean_of(torch.ones(n_rows)), n_rows, n_blocks=n_blocks)
    assert found.of_halves.shape == (n_ways, 2)


def test_every_image_is_in_one_half_and_every_two_are_together_equally_often():
    halves = []

    def keep(rows):
        halves.append(rows)
        return 0.0

    half_samples(keep, 16, n_blocks=16)
    ways = [rows for rows in halves if len(rows) == 8][::2]
    assert len(ways) == 15
    sides = torch.zeros(len(ways), 16, dtype=torch.bool)
    for side, rows in zip(sides, ways, strict=True):
        side[rows] = True
    assert (sides.sum(dim=1) == 8).all()
    together = (sides[:, :, None] == sides[:, None]).sum(dim=0)
    assert (together[~torch.eye(16, dtype=torch.bool)] == 7).all()


def test_halves_see_what_jumps_where_blocks_do_not(rng):
    """The variance of a rounded mean: 4 of 5 samples of this size round to 0, the others to 1.

    All of it jumps, more than any measure does: half of what halves say is then too little.
    """
    values = [torch.from_numpy(rng.normal(size=64) + 0.4) for _ in range(300)]

    def rounded_mean(sample):
        return lambda rows: float(sample[rows].mean().round())

    variance = np.var([rounded_mean(v)(torch.arange(64)) for v in values])
    by_halves, by_blocks = (
        np.mean([resample(rounded_mean(v), 64).std_error ** 2 for v in values]) / variance
        for resample in (half_samples, block_jackknife)
    )
    assert 0.4 < by_halves < 1 < 2 < by_blocks


def test_refuses_few_units():
    images = torch.arange(14) // 2
    with pytest.raises(ValueError, match="7 units: balanced halves take 8"):
        half_samples(mean_of(torch.ones(14)), 14, images)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["24 features", "nearly the same", "ten classes"])
def test_intervals_of_shared_neighbours_hold_as_often_as_they_say(design):
    assert 0.92 < coverage("mutual_knn", DESIGNS[design], 400).share < 0.98
