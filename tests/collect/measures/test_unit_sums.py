"""Debiased CKA over images: the mean over draws of different images, and leaving each one out."""

from itertools import permutations, product

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cka import cka_linear_debiased
from collect.measures.unit_sums import (
    cka_over_units,
    cka_without_each_unit,
    grouped_layer,
    hsic_over_units,
)

GROUPS = torch.tensor([3, 3, 3, 1, 1, 0, 5, 0, 5, 2, 7, 7])


@pytest.fixture(params=[3, 20], ids=["through features", "through units"])
def pair(request, rng):
    x = torch.from_numpy(rng.normal(size=(12, request.param)) + 1)
    return x, x[:, :2] + torch.from_numpy(rng.normal(size=(12, 2)))


def grouped(pair, groups):
    return [grouped_layer(a, "x", groups) for a in pair]


def hsic_over_draws(x, y, groups):
    """Mean over four different images and a row of each."""
    rows = [[i for i, g in enumerate(groups) if g == group] for group in sorted(set(groups))]
    k, l = x @ x.T, y @ y.T  # noqa: E741
    per_images = [
        np.mean(
            [
                k[a, b] * (l[a, b] + l[c, d] - 2 * l[a, c])
                for a, b, c, d in product(*(rows[image] for image in images))
            ]
        )
        for images in permutations(range(len(rows)), 4)
    ]
    return np.mean(per_images)


def test_is_the_mean_over_draws_of_different_images(pair):
    x, y = (a.numpy() for a in pair)
    expected = hsic_over_draws(x, y, GROUPS.tolist())
    assert_allclose(hsic_over_units(*grouped(pair, GROUPS)).value, expected, rtol=1e-10)


def test_one_row_per_image_is_debiased_cka(pair):
    assert_allclose(cka_over_units(*grouped(pair, None)), cka_linear_debiased(*pair), rtol=1e-10)


@pytest.mark.parametrize("groups", [torch.arange(12), GROUPS], ids=["rows", "images"])
def test_without_an_image_is_what_the_others_give(pair, groups):
    statistic = cka_without_each_unit(*grouped(pair, groups))
    for i, image in enumerate(torch.unique(groups)):
        kept = groups != image
        expected = cka_over_units(*grouped([a[kept] for a in pair], groups[kept]))
        assert_allclose(statistic.without[i], expected, rtol=1e-9)


def test_rows_of_one_image_do_not_feign_similarity(rng):
    # unrelated networks, positions of an image nearly alike: rows as units see similarity
    images = torch.arange(20).repeat_interleave(10)
    over_rows, over_images = [], []
    for _ in range(100):
        x, y = (
            torch.from_numpy(rng.normal(size=(20, 5))).repeat_interleave(10, dim=0)
            + 0.1 * torch.from_numpy(rng.normal(size=(200, 5)))
            for _ in range(2)
        )
        over_rows.append(cka_linear_debiased(x, y))
        over_images.append(cka_over_units(*grouped((x, y), images)))
    error = np.std(over_images) / 10
    assert abs(np.mean(over_images)) < 4 * error
    assert np.mean(over_rows) > 10 * error


def test_refuses_too_few_images(pair):
    with pytest.raises(ValueError, match="4 units: leaving one out takes at least 5"):
        cka_without_each_unit(*grouped(pair, torch.arange(12) // 3))


def test_refuses_when_one_image_dominates():
    x = torch.zeros(10, 1)
    x[0] = 1
    with pytest.raises(ValueError, match="not positive: too few of the 10 images"):
        cka_over_units(*grouped((x, x), None))
    with pytest.raises(ValueError, match="not positive: too few of the 10 images"):
        cka_without_each_unit(*grouped((x, x), None))
