"""Which rows and channels the paper's sampling draws, and what is averaged."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.linalg import subspace_angles

from collect.measures.cca import cca_mean
from collect.measures.cca_sampling import (
    CcaSampling,
    cca_mean_juodelyte,
    cca_mean_juodelyte_images,
    sampled_channels,
    sampled_rows,
)
from collect.measures.compare import compare
from collect.measures.representation import positions_as_rows


@pytest.fixture
def images():
    return torch.arange(12).repeat_interleave(25)


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(300, 8))
    return torch.from_numpy(x), torch.from_numpy(x + rng.normal(size=(300, 8)))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_what_fits_is_mean_cca(pair):
    assert_allclose(cca_mean_juodelyte(*pair), cca_mean(*pair), rtol=1e-12)


def test_is_the_mean_over_draws_of_the_same_channels(pair):
    x, y = pair
    plan = CcaSampling(n_channels=3, n_repeats=4)
    values = []
    for repeat in range(4):
        channels = torch.randperm(8, generator=seeded(repeat))[:3].sort().values
        a, b = (z[:, channels].numpy() for z in (x, y))
        values.append(np.cos(subspace_angles(a - a.mean(axis=0), b - b.mean(axis=0))).mean())
    assert_allclose(cca_mean_juodelyte(x, y, plan=plan), np.mean(values), rtol=1e-10)


def test_published_sampling_takes_the_first_whole_images(images):
    rows = sampled_rows(images, 12, CcaSampling(n_rows=60), seeded())
    assert rows.tolist() == list(range(50))


def test_published_sampling_takes_one_image_where_none_fits(images):
    rows = sampled_rows(images, 12, CcaSampling(n_rows=10), seeded())
    assert rows.tolist() == list(range(25))


def test_sampling_over_images_takes_as_much_of_each(images):
    plan = CcaSampling(sampling="images", n_rows=60)
    rows = sampled_rows(images, 12, plan, seeded())
    assert images[rows].bincount().tolist() == [5] * 12
    assert len(set(rows.tolist())) == 60
    assert rows.tolist() != sampled_rows(images, 12, plan, seeded(1)).tolist()


def test_over_images_what_fits_is_mean_cca(pair):
    assert_allclose(cca_mean_juodelyte_images(*pair), cca_mean(*pair), rtol=1e-12)


def test_over_images_is_the_mean_over_draws_of_rows_of_every_image(pair, images):
    x, y = pair
    plan = CcaSampling(sampling="images", n_rows=60, n_repeats=3)
    values = []
    for repeat in range(3):
        drawn = torch.randperm(300, generator=seeded(repeat)).tolist()
        rows = sorted(r for i in range(12) for r in [d for d in drawn if images[d] == i][:5])
        a, b = (z[rows].numpy() for z in (x, y))
        values.append(np.cos(subspace_angles(a - a.mean(axis=0), b - b.mean(axis=0))).mean())
    value = cca_mean_juodelyte_images(x, y, groups=images, plan=plan)
    assert_allclose(value, np.mean(values), rtol=1e-10)


@pytest.mark.parametrize(
    ("measure", "n_images", "n_rows"),
    [
        ("cca_mean", 8, 24_000),
        ("cca_mean_juodelyte", 3, 9_000),
        ("cca_mean_juodelyte_images", 8, 10_000),
    ],
)
def test_a_value_says_how_many_images_it_rests_on(rng, measure, n_images, n_rows):
    x = torch.from_numpy(rng.normal(size=(24_000, 3)).astype(np.float32))
    groups = torch.arange(8).repeat_interleave(3_000)
    (found,) = compare({"a": x}, {"a": x}, measures=[measure], groups=groups)
    assert (found.n_images, found.n_rows) == (n_images, n_rows)
    assert found.n_effective == pytest.approx(n_rows, rel=0.3)


def test_sampled_channels_are_distinct_and_the_same_for_both_networks():
    channels = sampled_channels(500, CcaSampling(), seeded())
    assert len(set(channels.tolist())) == 64
    assert channels.tolist() == sampled_channels(500, CcaSampling(), seeded()).tolist()


def test_few_images_exaggerate_what_neighbouring_positions_share(rng):
    # positions of an image are nearly alike: the first images alone overfit, all images do not
    def maps():
        image = rng.normal(size=(60, 6, 1, 1))
        return torch.from_numpy(image + 0.1 * rng.normal(size=(60, 6, 8, 8)))

    (x, images), (y, _) = positions_as_rows(maps()), positions_as_rows(maps())
    published, over_images = (
        cca_mean_juodelyte(x, y, groups=images, plan=CcaSampling(sampling=way, n_rows=640))
        for way in ("published", "images")
    )
    assert published > over_images + 0.2
