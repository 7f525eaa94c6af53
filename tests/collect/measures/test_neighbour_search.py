"""Exact search of neighbours, however the bank and the queries are cut."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.neighbors import NearestNeighbors
from torch.utils._python_dispatch import TorchDispatchMode

from collect.measures import neighbour_search
from collect.measures.neighbour_search import nearest_neighbours


@pytest.fixture
def small_pieces(monkeypatch):
    """Buffer of 5 queries, 64 columns a piece."""
    monkeypatch.setattr(neighbour_search, "_CHUNK_ELEMENTS", 5 * 300)
    monkeypatch.setattr(neighbour_search, "_PIECE", 64)


def sorted_cosines(bank, queries):
    """Cosines by the definition, and their order."""
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(bank, axis=1)
    cosines = queries @ bank.T / lengths
    order = np.argsort(-cosines, axis=1)
    return np.take_along_axis(cosines, order, axis=1), order


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("n_bank", [3, 63, 64, 65, 128, 300])
@pytest.mark.parametrize("k", [1, 3, 70])
def test_finds_what_sorting_all_cosines_finds(rng, n_bank, k):
    bank, queries = rng.normal(size=(n_bank, 6)), rng.normal(size=(13, 6))
    k = min(k, n_bank)
    cosines, index = nearest_neighbours(
        torch.from_numpy(bank), torch.from_numpy(queries), n_neighbours=k
    )
    expected, order = sorted_cosines(bank, queries)
    assert_allclose(cosines.numpy(), expected[:, :k], rtol=1e-10, atol=1e-14)
    assert index.tolist() == order[:, :k].tolist()


def test_finds_what_scikit_learn_finds(rng):
    bank, queries = (rng.normal(size=(n, 16)).astype(np.float32) for n in (9000, 30))
    index = nearest_neighbours(torch.from_numpy(bank), torch.from_numpy(queries), n_neighbours=10)[
        1
    ]
    search = NearestNeighbors(n_neighbors=10, metric="cosine").fit(bank.astype(np.float64))
    expected = search.kneighbors(queries.astype(np.float64), return_distance=False)
    assert np.mean([set(a) == set(b) for a, b in zip(index.tolist(), expected, strict=True)]) == 1


@pytest.mark.usefixtures("small_pieces")
def test_a_row_of_the_bank_is_its_own_nearest_unless_left_out(rng):
    bank = torch.from_numpy(rng.normal(size=(150, 5)))
    own = torch.arange(150)
    assert nearest_neighbours(bank, bank, n_neighbours=2)[1][:, 0].equal(own)
    found = nearest_neighbours(bank, bank, n_neighbours=149, leave_one_out=True)[1]
    assert not bool((found == own[:, None]).any())
    assert found.sort(dim=1).values[7].tolist() == [i for i in range(150) if i != 7]


@pytest.mark.usefixtures("small_pieces")
def test_of_equal_rows_any_may_be_named_but_the_cosines_are_right():
    bank = torch.ones(200, 3)
    bank[50:60] = torch.tensor([1.0, 2.0, 3.0])
    cosines, index = nearest_neighbours(bank, bank[50:51], n_neighbours=15)
    assert set(range(50, 60)) == set(index[0, :10].tolist())
    assert index[0].unique().numel() == 15
    assert_allclose(cosines[0, :10], 1, rtol=1e-6)
    assert_allclose(cosines[0, 10:], 6 / 42**0.5, rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_half_precision_is_searched_in_single(rng, dtype):
    bank = torch.from_numpy(rng.normal(size=(70, 8))).to(dtype)
    cosines, index = nearest_neighbours(bank, bank[:9], n_neighbours=4)
    assert cosines.dtype == torch.float32
    expected, order = sorted_cosines(bank.double().numpy(), bank[:9].double().numpy())
    assert_allclose(cosines.numpy(), expected[:, :4], rtol=1e-5)
    assert index[:, 0].tolist() == order[:, 0].tolist()


class LargestTensor(TorchDispatchMode):
    """Numbers in the largest tensor that any operation returns."""

    n_numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else [made]:
            if isinstance(tensor, torch.Tensor):
                self.n_numbers = max(self.n_numbers, tensor.numel())
        return made


def test_memory_is_bounded_by_the_chunk(monkeypatch):
    monkeypatch.setattr(neighbour_search, "_CHUNK_ELEMENTS", 1 << 16)
    bank, queries = torch.randn(1000, 4), torch.randn(3000, 4)
    with LargestTensor() as largest:
        nearest_neighbours(bank, queries, n_neighbours=5)
    assert 1 << 15 < largest.n_numbers <= (1 << 16) * 1.1


@pytest.mark.parametrize(
    ("bank", "queries", "options", "message"),
    [
        (torch.ones(5, 2), torch.ones(5, 3), {}, "two matrices of the same width"),
        (torch.ones(5, 2), torch.ones(4, 2), {"leave_one_out": True}, "queries are not the bank"),
        (torch.zeros(5, 2), torch.ones(4, 2), {}, "row 0 of bank is 0"),
        (torch.ones(5, 2), torch.full((4, 2), torch.nan), {}, "queries has features that are not"),
    ],
)
def test_refuses(bank, queries, options, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbours(bank, queries, n_neighbours=2, **options)
