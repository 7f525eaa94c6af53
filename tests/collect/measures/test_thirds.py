"""Thirds of the images say how far a value varies whose parts come and go."""

from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from scipy import stats

from collect.measures.cca import WhitenedLayer, mean_correlation
from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.intervals import block_jackknife
from collect.measures.registry import MEASURES
from collect.measures.svcca import correlation_of_two_thirds, principal_layer
from collect.measures.thirds import _ways, without_thirds

HOW = Inference(n_blocks=8, seed=3)


def mean_of(values):
    return lambda rows: float(values[rows].mean())


def alike(rng, n_features):
    x = torch.from_numpy(rng.normal(size=(48, n_features)))
    return x, x + torch.from_numpy(rng.normal(size=x.shape))


@pytest.mark.parametrize("n_images", [9, 27])
def test_thirds_of_a_mean_are_the_t_interval_of_image_means(rng, n_images):
    values = torch.from_numpy(rng.normal(size=3 * n_images))
    images = torch.arange(3 * n_images) % n_images
    found = without_thirds(mean_of(values), 3 * n_images, images).interval()
    means = [float(values[images == i].mean()) for i in range(n_images)]
    expected = stats.t.interval(0.95, n_images - 1, float(np.mean(means)), float(stats.sem(means)))
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("n_rows", "n_blocks", "n_ways"), [(80, 20, 13), (26, 20, 4), (80, 2, 4), (80, 60, 13)]
)
def test_thirds_are_made_of_about_as_many_blocks_as_asked_for(n_rows, n_blocks, n_ways):
    found = without_thirds(mean_of(torch.ones(n_rows)), n_rows, n_blocks=n_blocks)
    assert found.without.shape == (n_ways, 3)


@pytest.mark.parametrize("exponent", [2, 3])
def test_every_two_blocks_are_in_one_third_equally_often(exponent):
    ways, n_blocks = _ways(exponent), 3**exponent
    assert ways.shape == ((n_blocks - 1) // 2, n_blocks)
    assert all((row.bincount() == n_blocks // 3).all() for row in ways)
    together = (ways[:, :, None] == ways[:, None]).sum(dim=0)
    apart = ~torch.eye(n_blocks, dtype=torch.bool)
    assert (together[apart] == (n_blocks // 3 - 1) // 2).all()


def test_refuses_few_units():
    with pytest.raises(ValueError, match="7 units: balanced thirds take 9"):
        without_thirds(mean_of(torch.ones(14)), 14, torch.arange(14) // 2)


def test_svcca_has_a_value_where_that_of_as_many_rows_would_be_refused(rng):
    pair = alike(rng, 18)
    with pytest.raises(ValueError, match="kept components of 32 rows"):
        MEASURES["svcca"].compute(*(a[:32] for a in pair))

    def principal_correlation(rows):
        return mean_correlation(*(principal_layer(a[rows]) for a in pair))

    (found,) = compare({"a": pair[0]}, {"a": pair[1]}, measures=["svcca"], inference=HOW)
    expected = without_thirds(principal_correlation, 48, n_blocks=8, seed=3)
    assert (found.ci_low, found.ci_high) == pytest.approx(expected.interval(bounds=(0, 1)))


def test_refuses_two_thirds_of_which_most_correlations_would_be_1(rng):
    x, y = (
        WhitenedLayer(torch.linalg.qr(torch.from_numpy(rng.normal(size=(32, n)))).Q)
        for n in (22, 22)
    )
    with pytest.raises(ValueError, match="most correlations of two thirds of the rows are 1"):
        correlation_of_two_thirds(x, y)
    assert 0 < correlation_of_two_thirds(x, WhitenedLayer(y.basis[:, :20])) < 1


def test_blocks_where_two_thirds_say_too_little(rng, monkeypatch):
    refusing = replace(MEASURES["svcca"], combine_two_thirds=Mock(side_effect=ValueError))
    monkeypatch.setitem(MEASURES, "svcca", refusing)
    pair = alike(rng, 5)
    (found,) = compare({"a": pair[0]}, {"a": pair[1]}, measures=["svcca"], inference=HOW)
    blocks = block_jackknife(
        lambda rows: refusing.compute(*(a[rows] for a in pair)), 48, n_blocks=8, seed=3
    )
    assert (found.ci_low, found.ci_high) == pytest.approx(blocks.interval(bounds=(0, 1)))
