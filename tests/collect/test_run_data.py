"""The images of a run: which of them are probes, in which order, and how often they are decoded."""

import numpy as np
import pytest
import torch

from collect.backbones.architecture import InputSpec
from collect.data.run_data import run_data
from tests.collect.small_runs import small_run

SPEC, CPU = InputSpec(32), torch.device("cpu")


@pytest.fixture
def data(tmp_path):
    return lambda **probing: run_data(small_run(tmp_path, probing=probing), SPEC, CPU)


def test_the_source_probe_comes_first_among_the_queries(data):
    whole, part = data(), data(n_source=5)
    assert len(part.probe_ids("source")) == 5
    assert part.probe_ids("source") == part.source.queries.sample_ids[:5]
    assert set(part.source.queries.sample_ids) == set(whole.source.queries.sample_ids)
    assert whole.probe_ids("source") == whole.source.queries.sample_ids
    assert part.probe_hash != whole.probe_hash


def test_the_source_probe_has_every_class_in_its_share(data):
    found = data(n_source=6).source
    assert np.bincount(found.queries.labels[:6]).tolist() == [2, 2, 2]
    assert np.bincount(found.queries.labels).tolist() == [4, 4, 4]


def test_rows_stay_with_their_images_and_labels(data):
    whole, part = data().source.queries, data(n_source=5).source.queries
    for row, name in enumerate(part.sample_ids):
        before = whole.sample_ids.index(name)
        assert torch.equal(part.images[row], whole.images[before])
        assert part.labels[row] == whole.labels[before]


def test_more_than_all_queries_are_all(data):
    assert data(n_source=1000).source.n_probe == 12


def test_the_source_is_decoded_once_for_many_runs(data):
    assert data().source is data().source
