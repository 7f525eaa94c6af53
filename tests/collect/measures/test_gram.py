"""Inner products of Gram matrices: both roads lead to the same sums, the cheaper one is taken."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures import gram
from collect.measures.cka import alignments, cka_linear, cka_linear_debiased
from collect.measures.gram import centred_layer, inner_products, plan


def layers(rng, n, widths, dtype=torch.float64, offset=2.0):
    return [torch.from_numpy(rng.normal(size=(n, p)) + offset).to(dtype) for p in widths]


def by_definition(x, y):
    """Write out sums over centred Gram matrices with an explicit centring matrix."""
    n = len(x)
    h = np.eye(n) - 1 / n
    k, l = h @ x @ x.T @ h, h @ y @ y.T @ h  # noqa: E741
    diagonal = (k.diagonal() * l.diagonal()).sum()
    return (k * l).sum() - diagonal, diagonal, np.trace(k) * np.trace(l)


@pytest.mark.parametrize("space", ["features", "rows"])
@pytest.mark.parametrize("block", [7, 256])
def test_sums_are_the_definition(rng, space, block, monkeypatch):
    monkeypatch.setattr(gram, "BLOCK_ROWS", block)
    monkeypatch.setattr(gram, "_CHUNK_ROWS", block)
    x, y = layers(rng, 23, (3, 40)), layers(rng, 23, (5, 6, 7))
    found = inner_products(*[[centred_layer(a) for a in each] for each in (x, y)], space=space)
    for i, a in enumerate(x):
        own = by_definition(a.numpy(), a.numpy())
        sums = found.own_x
        assert_allclose([sums.off_diagonal[i], sums.diagonal[i], sums.traces[i]], own, rtol=1e-10)
        for j, b in enumerate(y):
            cross = by_definition(a.numpy(), b.numpy())
            sums = found.cross
            values = [sums.off_diagonal[i, j], sums.diagonal[i, j], sums.traces[i, j]]
            assert_allclose(values, cross, rtol=1e-10)


@pytest.mark.parametrize("debiased", [False, True])
def test_all_pairs_at_once_are_the_pairs_alone(rng, debiased):
    x, y = layers(rng, 60, (20, 20, 30)), layers(rng, 60, (25, 20))
    alone = cka_linear_debiased if debiased else cka_linear
    expected = [[alone(a, b) for b in y] for a in x]
    found = alignments(*[[centred_layer(a) for a in each] for each in (x, y)], debiased=debiased)
    assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("space", ["features", "rows"])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_float32_is_within_a_millionth_in_both_spaces(rng, space, offset):
    x, y = (
        layers(rng, 400, (100,), torch.float32, offset),
        layers(rng, 400, (90,), torch.float32, offset),
    )
    narrow, wide = (
        inner_products([centred_layer(a)], [centred_layer(b)], space=space)
        for a, b in ((x[0], y[0]), (x[0].double(), y[0].double()))
    )
    scale = float((wide.own_x.off_diagonal * wide.own_y.off_diagonal).sqrt())
    error = float(narrow.cross.off_diagonal - wide.cross.off_diagonal) / scale
    assert abs(error) < 1e-6


def test_precisions_may_differ(rng):
    x = layers(rng, 30, (5,))[0]
    assert cka_linear(x.float(), x) == pytest.approx(1, abs=1e-6)


def test_the_cheaper_space_is_chosen_and_its_cost_told():
    few_rows, many_rows = plan(100, [2000] * 3, [2000] * 3), plan(10**5, [64] * 3, [64] * 3)
    assert (few_rows.space, many_rows.space) == ("rows", "features")
    assert few_rows.cost["rows"] < few_rows.cost["features"]
    assert many_rows.cost["features"] == 10**5 * 64 * 64 * (9 + 6)
