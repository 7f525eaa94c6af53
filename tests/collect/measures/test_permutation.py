"""Permutations keep the rows of an image together, and their p-values are honest."""

import numpy as np
import pytest
import torch

from collect.measures.permutation import PermutationNull, permutation_null, row_permutations


def test_rows_of_an_image_stay_together_and_in_order():
    images = torch.tensor([0, 1, 0, 1, 2, 2, 3, 3])
    place = torch.tensor([0, 0, 1, 1, 0, 1, 0, 1])
    for order in row_permutations(8, images, n_permutations=50):
        assert order.sort().values.tolist() == list(range(8))
        assert place[order].tolist() == place.tolist()
        for image in range(4):
            assert len(set(images[order][images == image].tolist())) == 1


def test_images_exchange_places_with_images_of_as_many_rows():
    images = torch.tensor([0, 1, 1, 2, 2, 3, 4, 4, 4, 5, *range(6, 60)])
    moved = set()
    for order in row_permutations(64, images, n_permutations=2000):
        partner = images[order]
        sizes = images.bincount()
        assert (sizes[partner] == sizes[images]).all()
        assert partner[images == 4].tolist() == [4, 4, 4]
        moved |= {(int(a), int(b)) for a, b in zip(images, partner, strict=True)}
    assert {(1, 2), (2, 1), (0, 3), (3, 5)} <= moved


def test_every_pairing_is_as_likely():
    orders = row_permutations(4, None, n_permutations=4800)
    counts = np.unique([order.tolist() for order in orders], axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert abs(counts - 200).max() < 5 * np.sqrt(200)


def test_p_values_count_the_observed_pairing():
    values = np.array([0.1, 0.2, 0.3, 0.4])
    assert PermutationNull(values, "similarity").p_value(0.3) == 3 / 5
    assert PermutationNull(values, "distance").p_value(0.3) == 4 / 5
    assert PermutationNull(values, "similarity").p_value(9.0) == 1 / 5


def test_values_are_those_of_the_orders():
    rows = torch.arange(6.0)
    null = permutation_null(
        lambda order: float(rows[order][0]),
        row_permutations(6, None, n_permutations=600),
        kind="similarity",
    )
    assert null.mean == pytest.approx(2.5, abs=4 * 1.7 / np.sqrt(600))
    assert null.sd == pytest.approx(np.std(range(6)), rel=0.1)


def test_refuses_when_more_than_a_few_rows_stay_where_they_are():
    images = torch.tensor([0, 1, 1, 2, 2, 3, 4, 4, 4, 5])
    with pytest.raises(ValueError, match="3 of 10 rows are of units whose size no other has"):
        row_permutations(10, images, n_permutations=9)


def test_refuses_when_nothing_can_move():
    with pytest.raises(ValueError, match="only 0 of 4 units have as many rows as another"):
        row_permutations(10, torch.tensor([0, 1, 1, 2, 2, 2, 3, 3, 3, 3]), n_permutations=9)
