"""Biased CKA without each image or patient: what computing it anew without their rows gives."""

import math

import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cka import cka_linear
from collect.measures.compare import compare
from collect.measures.intervals import block_jackknife
from collect.measures.leave_one_out import (
    angle_without_each_unit,
    biased_cka_without_each_unit,
    plain_layer,
)
from collect.measures.shape import angular_cka

GROUPS = {
    "image by image": None,
    "4 positions each": torch.arange(40) // 4,
    "patients of 1 to 9 images": torch.tensor([0] * 9 + [1] * 2 + [2] + [3] * 8 + [4, 5] * 10),
}


@pytest.fixture
def pair(rng):
    x = torch.from_numpy(rng.normal(size=(40, 6)) + 50)
    return x, x[:, :4] + torch.from_numpy(rng.normal(size=(40, 4)))


@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize(
    ("shortcut", "measure"),
    [(biased_cka_without_each_unit, cka_linear), (angle_without_each_unit, angular_cka)],
)
def test_is_the_measure_of_the_other_rows(pair, groups, shortcut, measure):
    found = shortcut(*(plain_layer(x, "x", groups) for x in pair))
    units = torch.arange(40) if groups is None else groups
    kept = [(units != unit).nonzero().flatten() for unit in torch.unique(units)]
    expected = [measure(*(x[rows] for x in pair)) for rows in kept]
    assert_allclose(found.without, expected, rtol=1e-10)
    assert_allclose(found.value, measure(*pair), rtol=1e-12)


def test_an_image_at_the_mean_leaves_the_value_as_it_is(pair):
    # it adds nothing to the cross-products, and the mean stays
    x, y = (torch.cat([a - a.mean(dim=0), torch.zeros(1, a.shape[1])]) for a in pair)
    found = biased_cka_without_each_unit(plain_layer(x), plain_layer(y))
    assert_allclose(found.without[-1], found.value, rtol=1e-12)


def test_the_interval_is_the_jackknife_over_all_images(pair):
    x, y = pair
    jackknife = block_jackknife(lambda rows: cka_linear(x[rows], y[rows]), 40, n_blocks=40)
    found = compare({"a": x}, {"a": y}, measures=["cka_linear"])[0]
    interval = jackknife.interval(bounds=(0, 1))
    assert (found.ci_low, found.ci_high) == pytest.approx(interval, rel=1e-8)
    assert found.top_image_influence == pytest.approx(jackknife.influence, rel=1e-8)


@pytest.mark.parametrize(("name", "change"), [("cka_linear", 1), ("angular_cka", math.pi / 2)])
def test_one_image_that_makes_the_similarity_is_seen(rng, name, change):
    # Davari et al. (2022): unrelated layers in which one image is far from the others in both
    x, y = (torch.from_numpy(rng.normal(size=(200, 5))) for _ in range(2))
    plain = compare({"a": x}, {"a": y}, measures=[name])[0].top_image_influence
    x[0], y[0] = 1000, 1000
    far = compare({"a": x}, {"a": y}, measures=[name])[0].top_image_influence
    assert plain is not None
    assert plain < 0.1
    assert far == pytest.approx(change, abs=0.3)


def test_measures_without_a_shortcut_name_no_image(pair):
    found = compare({"a": pair[0]}, {"a": pair[1]}, measures=["cca_mean", "procrustes"])
    assert [one.top_image_influence for one in found] == [None, None]


def test_refuses(pair):
    few = [plain_layer(x[:20], "x", torch.arange(20) // 5) for x in pair]
    with pytest.raises(ValueError, match="4 units: leaving one out takes at least 5"):
        biased_cka_without_each_unit(*few)
    lonely = torch.zeros(10, 2, dtype=torch.float64)
    lonely[3] = 1
    with pytest.raises(ValueError, match="constant without one of the images"):
        biased_cka_without_each_unit(plain_layer(lonely), plain_layer(lonely))
    found = compare({"a": lonely}, {"a": lonely}, measures=["cka_linear"])[0]
    assert (found.ci_low, found.top_image_influence) == (None, None)
