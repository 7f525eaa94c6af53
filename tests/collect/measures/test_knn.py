"""k-NN in the protocol of DINO, against the protocol written as loops."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.neighbors import KNeighborsClassifier

from collect.measures import neighbour_search
from collect.measures.knn import knn_accuracy, knn_probabilities


def votes_by_loop(bank, labels, query, k, n_classes):
    """Caron et al. (2021), appendix: weights exp(cosine / 0.07) over the k nearest."""
    cosines = [
        sum(a * b for a, b in zip(row, query, strict=True))
        / math.sqrt(sum(a * a for a in row) * sum(b * b for b in query))
        for row in bank
    ]
    votes = [0.0] * n_classes
    for i in sorted(range(len(bank)), key=lambda i: -cosines[i])[:k]:
        votes[labels[i]] += math.exp(cosines[i] / 0.07)
    return [vote / sum(votes) for vote in votes]


@pytest.fixture
def bank(rng):
    return torch.from_numpy(rng.normal(size=(40, 6)))


@pytest.fixture
def labels(rng):
    return torch.from_numpy(rng.integers(3, size=40))


@pytest.fixture
def queries(rng):
    return torch.from_numpy(rng.normal(size=(9, 6)))


@pytest.mark.parametrize("k", [1, 7, 40])
def test_is_the_protocol(bank, labels, queries, k):
    p = knn_probabilities(bank, labels, queries, n_neighbours=k, n_classes=3)
    expected = [votes_by_loop(bank.tolist(), labels.tolist(), q, k, 3) for q in queries.tolist()]
    assert_allclose(p, expected, rtol=1e-10)


def test_agrees_with_scikit_learn(bank, labels, queries):
    peer = KNeighborsClassifier(
        5, metric="cosine", algorithm="brute", weights=lambda d: np.exp((1 - d) / 0.07)
    )
    peer.fit(bank.numpy(), labels.numpy())
    p = knn_probabilities(bank, labels, queries, n_neighbours=5, n_classes=3)
    assert_allclose(p, peer.predict_proba(queries.numpy()), rtol=1e-10)


def test_labels_are_the_weighted_share_of_neighbours_that_have_them(bank, queries, rng):
    multi_hot = torch.from_numpy(rng.integers(2, size=(40, 4)))
    p = knn_probabilities(bank, multi_hot, queries, n_neighbours=6, n_classes=4)
    for label in range(4):
        one = knn_probabilities(bank, multi_hot[:, label], queries, n_neighbours=6, n_classes=2)
        assert_allclose(p[:, label], one[:, 1], rtol=1e-10, atol=1e-15)


def test_a_query_does_not_vote_for_itself(bank, labels):
    p = knn_probabilities(bank, labels, bank, n_neighbours=5, n_classes=3, leave_one_out=True)
    for i in (0, 17, 39):
        rest = torch.arange(40) != i
        expected = knn_probabilities(
            bank[rest], labels[rest], bank[i : i + 1], n_neighbours=5, n_classes=3
        )
        assert_allclose(p[i], expected[0], rtol=1e-10)


def test_chunks_change_nothing(bank, labels, monkeypatch):
    whole = knn_probabilities(bank, labels, bank, n_neighbours=5, n_classes=3, leave_one_out=True)
    monkeypatch.setattr(neighbour_search, "_CHUNK_ELEMENTS", 7 * 40)
    parts = knn_probabilities(bank, labels, bank, n_neighbours=5, n_classes=3, leave_one_out=True)
    assert_allclose(parts, whole, rtol=1e-10)


def test_length_of_features_does_not_matter(bank, labels, queries):
    stretched = bank * torch.linspace(1e-6, 1e6, 40)[:, None]
    p = knn_probabilities(bank, labels, queries, n_neighbours=5, n_classes=3)
    q = knn_probabilities(stretched, labels, queries * 9, n_neighbours=5, n_classes=3)
    assert_allclose(q, p, rtol=1e-10)


@pytest.mark.parametrize("n_neighbours", [3, 7, 10, 20])
def test_a_unanimous_vote_is_no_more_than_certain(bank, n_neighbours):
    labels = torch.zeros(40, dtype=torch.int64)
    votes = knn_probabilities(bank, labels, bank, n_neighbours=n_neighbours, n_classes=2)
    assert votes.max() <= 1.0
    assert_allclose(votes[:, 0], 1.0, rtol=1e-12)


def test_accuracy_is_the_share_of_right_votes():
    p = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert_allclose(knn_accuracy(p, torch.tensor([0, 1, 1])), 2 / 3, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_neighbours": 0}, "n_neighbours = 0: the bank has 40 candidates"),
        ({"n_neighbours": 41}, "n_neighbours = 41: the bank has 40 candidates"),
        ({"temperature": 0.0}, "temperature = 0.0"),
        ({"leave_one_out": True}, "the queries are not the bank"),
        ({"n_classes": 2}, r"bank_labels are not all in 0 .. 1"),
        ({"queries": torch.ones(2, 5)}, r"queries \(2, 5\): expected two matrices of the same"),
        ({"queries": torch.zeros(2, 6)}, "row 0 of queries is 0: its cosine is undefined"),
        ({"queries": torch.full((2, 6), torch.nan)}, "queries has features that are not finite"),
        ({"bank_labels": torch.zeros(3)}, r"bank_labels have shape \(3,\), the bank 40 rows"),
    ],
)
def test_refuses(bank, queries, change, message):
    given = {
        "bank": bank,
        "bank_labels": torch.arange(40) % 3,
        "queries": queries,
        "n_neighbours": 5,
        "n_classes": 3,
    }
    with pytest.raises(ValueError, match=message):
        knn_probabilities(**(given | change))
