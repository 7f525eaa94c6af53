"""Effective number of rows: what positions of one image, which are alike, are worth."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.compare import compare
from collect.measures.effective_rows import effective_rows

SIZES = [1, 2, 2, 5, 7, 3]


def by_definition(x, groups):
    """Kish's size through the intraclass correlation of analysis of variance, written out."""
    names = np.unique(groups)
    sizes = np.array([(groups == name).sum() for name in names])
    n, k = len(x), len(names)
    means = np.array([x[groups == name].mean(axis=0) for name in names])
    between = sum(
        m * ((mean - x.mean(axis=0)) ** 2).sum() for m, mean in zip(sizes, means, strict=True)
    )
    within = sum(
        ((x[groups == name] - mean) ** 2).sum() for name, mean in zip(names, means, strict=True)
    )
    between, within = between / (k - 1), within / (n - k)
    size = (n - (sizes**2).sum() / n) / (k - 1)
    correlation = max(0, (between - within) / (between + (size - 1) * within))
    return n / (1 + ((sizes**2).sum() / n - 1) * correlation)


@pytest.mark.parametrize("of_image", [0.3, 1, 5])
def test_is_kishs_sample_size_from_analysis_of_variance(rng, of_image):
    groups = np.repeat(np.arange(len(SIZES)), SIZES)
    x = rng.normal(size=(20, 4)) + of_image * rng.normal(size=(6, 4))[groups] + 30
    found = effective_rows(torch.from_numpy(x), torch.from_numpy(groups))
    assert_allclose(found, by_definition(x, groups), rtol=1e-9)


def test_copies_of_an_image_count_once(rng):
    x = torch.from_numpy(rng.normal(size=(9, 3))).repeat_interleave(5, dim=0)
    assert_allclose(effective_rows(x, torch.arange(45) // 5), 9, rtol=1e-9)


def test_unlike_positions_count_each(rng):
    # between images nothing differs: the estimated correlation is negative, and cut to 0
    x = torch.from_numpy(rng.normal(size=(60, 3))).reshape(10, 6, 3)
    x = (x - x.mean(dim=1, keepdim=True)).reshape(60, 3)
    assert effective_rows(x, torch.arange(60) // 6) == 60


def test_estimates_the_correlation_that_was_put_in(rng):
    # variance 1 of images and 3 of positions: correlation 1/4; 16 positions: design effect 4.75
    x = rng.normal(size=(400, 1, 30)) + 3**0.5 * rng.normal(size=(400, 16, 30))
    found = effective_rows(torch.from_numpy(x.reshape(6400, 30)), torch.arange(6400) // 16)
    assert found == pytest.approx(6400 / 4.75, rel=0.03)


def test_images_of_their_own_are_all_worth_one(rng):
    x = {"a": torch.from_numpy(rng.normal(size=(12, 3)))}
    assert effective_rows(x["a"]) == 12
    assert effective_rows(x["a"], torch.arange(12)) == 12
    assert compare(x, x, measures=["cka_linear"])[0].n_effective == 12


@pytest.mark.parametrize(
    ("x", "groups", "message"),
    [
        (torch.ones(8, 2), None, "layer a is constant"),
        (torch.eye(8), torch.arange(8) // 4, "belong to 2 images or patients"),
    ],
)
def test_refuses(x, groups, message):
    with pytest.raises(ValueError, match=message):
        effective_rows(x, groups, "layer a")
