"""The source probe is the same for every run, stratified, and bank and queries share nothing."""

import numpy as np
import pytest

from collect.data.source_probe import source_positions
from collect.datasets.demo import read_demo
from tests.collect.image_sets import image_set
from warehouse.errors import StudyError


def tiles():
    return read_demo("demo:photographs")


def test_takes_as_many_as_asked_for_with_the_classes_shares():
    images = image_set([0] * 60 + [1] * 30 + [2] * 10)
    bank, queries = source_positions(images, n_bank=50, n_queries=20)
    assert np.bincount(images.labels[bank]).tolist() == [30, 15, 5]
    assert np.bincount(images.labels[queries]).tolist() == [12, 6, 2]
    assert not set(bank) & set(queries)


def test_bank_is_from_train_and_queries_from_test_where_the_data_come_split():
    images = image_set([0, 1] * 50, official=["train"] * 70 + ["validation"] * 10 + ["test"] * 20)
    bank, queries = source_positions(images, n_bank=40, n_queries=16)
    assert max(bank) < 70
    assert min(queries) >= 80


def test_groups_are_on_one_side():
    images = tiles()
    bank, queries = source_positions(images, n_bank=600, n_queries=200)
    assert (len(bank), len(queries)) == (600, 200)
    assert not set(images.groups[bank]) & set(images.groups[queries])
    assert set(images.labels[queries]) == set(range(12))


@pytest.mark.parametrize(("n_bank", "n_queries", "side"), [(90, 20, "bank"), (10, 30, "queries")])
def test_refuses_more_than_there_are(n_bank, n_queries, side):
    images = image_set([0, 1] * 50, official=["train"] * 80 + ["test"] * 20)
    with pytest.raises(StudyError, match=f"source x: n_{side} = "):
        source_positions(images, n_bank=n_bank, n_queries=n_queries)
