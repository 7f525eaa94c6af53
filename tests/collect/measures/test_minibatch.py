"""Minibatch CKA is a ratio of weighted mean HSICs, whatever the batches."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cka import cka_linear_debiased
from collect.measures.minibatch import MinibatchCka, batches, cka_minibatch
from collect.measures.unit_sums import cka_over_units, grouped_layer, hsic_over_units


def hsic_by_definition(x, y):
    """Song et al. (2012), eq. 5, with explicit matrices and zeroed diagonals."""
    n = len(x)
    k, l = x @ x.T, y @ y.T  # noqa: E741
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    one = np.ones(n)
    total = np.trace(k @ l) + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return (total - 2 / (n - 2) * one @ k @ l @ one) / (n * (n - 3))


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(50, 4)) + 2
    return x, x[:, :3] + rng.normal(size=(50, 3))


@pytest.mark.parametrize("batch_rows", [5, 16, 20])
def test_is_the_ratio_of_weighted_means(pair, batch_rows):
    x, y = pair
    cuts = list(range(batch_rows, 50, batch_rows))
    if 50 - cuts[-1] < 4:
        cuts.pop()
    parts = list(zip(np.split(x, cuts), np.split(y, cuts), strict=True))
    cross, own_x, own_y = (
        sum(len(part[0]) * hsic_by_definition(part[i], part[j]) for part in parts)
        for i, j in ((0, 1), (0, 0), (1, 1))
    )
    value = cka_minibatch(*map(torch.from_numpy, pair), batch_rows=batch_rows)
    assert_allclose(value, cross / np.sqrt(own_x * own_y), rtol=1e-10)


def test_one_batch_is_debiased_cka(pair):
    x, y = map(torch.from_numpy, pair)
    assert_allclose(cka_minibatch(x, y, batch_rows=50), cka_linear_debiased(x, y), rtol=1e-10)


def test_order_of_batches_does_not_matter(pair):
    x, y = map(torch.from_numpy, pair)
    sums = MinibatchCka()
    for rows in (slice(32, 50), slice(0, 16), slice(16, 32)):
        sums.update(x[rows], y[rows])
    assert_allclose(sums.value(), cka_minibatch(x, y, batch_rows=16), rtol=1e-10)


def test_few_rows_left_over_join_the_last_batch(rng):
    x = torch.from_numpy(rng.normal(size=(35, 2)))
    assert [part.shape[0] for part in batches(x, batch_rows=16)] == [16, 19]
    assert [part.shape[0] for part in batches(x[:20], batch_rows=16)] == [16, 4]


def test_a_ragged_batch_does_not_add_the_noise_that_equal_weights_do(rng):
    weighted, equal = [], []
    for _ in range(300):
        x = rng.normal(size=(50, 3))
        y = x + rng.normal(size=(50, 3))
        weighted.append(cka_minibatch(torch.from_numpy(x), torch.from_numpy(y), batch_rows=45))
        cross, own_x, own_y = (
            hsic_by_definition(a[:45], b[:45]) + hsic_by_definition(a[45:], b[45:])
            for a, b in ((x, y), (x, x), (y, y))
        )
        equal.append(cross / np.sqrt(own_x * own_y))
    assert np.std(weighted) < 0.8 * np.std(equal)


def test_one_batch_of_images_is_debiased_cka_over_images(pair):
    x, y = map(torch.from_numpy, pair)
    images = torch.arange(50) // 3
    expected = cka_over_units(*(grouped_layer(a, "x", images) for a in (x, y)))
    assert_allclose(cka_minibatch(x, y, groups=images), expected, rtol=1e-10)


def test_batches_of_images_hold_all_their_rows(pair):
    x, y = map(torch.from_numpy, pair)
    images = torch.arange(50).flip(0) % 13

    def hsic(a, b):
        parts = [(5, images < 5), (8, images >= 5)]
        return sum(
            n
            * float(hsic_over_units(*(grouped_layer(z[at], "z", images[at]) for z in (a, b))).value)
            for n, at in parts
        )

    value = cka_minibatch(x, y, batch_rows=5, groups=images)
    assert_allclose(value, hsic(x, y) / np.sqrt(hsic(x, x) * hsic(y, y)), rtol=1e-10)


def test_positions_that_are_alike_do_not_feign_similarity(rng):
    def layer():
        image = rng.normal(size=(32, 6)).repeat(4, axis=0)
        return torch.from_numpy(image + 0.2 * rng.normal(size=(128, 6)))

    images = torch.arange(128) // 4
    pairs = [(layer(), layer()) for _ in range(100)]
    values = [cka_minibatch(x, y, batch_rows=16, groups=images) for x, y in pairs]
    assert np.mean(values) == pytest.approx(0, abs=4 * float(np.std(values)) / 10)
    assert np.mean([cka_minibatch(x, y, batch_rows=16) for x, y in pairs]) > 0.3


def test_refuses_small_batches(pair):
    with pytest.raises(ValueError, match="batch_rows = 3: HSIC needs at least 4"):
        cka_minibatch(*map(torch.from_numpy, pair), batch_rows=3)


def test_refuses_to_answer_without_data():
    with pytest.raises(ValueError, match="not positive: too little data"):
        MinibatchCka().value()
