"""Layers too large to copy: the numbers of all rows at once, in memory that they do not fill."""

import threading
import time
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures import large_layers
from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.large_layers import LargeLayer, comparable_layer, is_large, streams
from collect.measures.streaming import StreamingCka
from collect.probing.row_stack import unfilled_rows

LINEAR = ["cka_linear", "cka_linear_debiased"]


def networks(rng, n_rows, n_features=6):
    x = {f"block{i}": torch.from_numpy(rng.normal(size=(n_rows, n_features)) + i) for i in range(3)}
    return x, {
        name: rows + torch.from_numpy(rng.normal(size=rows.shape)) for name, rows in x.items()
    }


@pytest.fixture
def chunks(monkeypatch):
    """Count the chunks that are streamed when every layer is large and chunks are small."""
    seen = []
    update = StreamingCka.update
    monkeypatch.setattr(large_layers, "LARGE", 0)
    monkeypatch.setattr(large_layers, "CHUNK_ROWS", 17)

    def counted(self, x, y):
        seen.append(len(x))
        update(self, x, y)

    monkeypatch.setattr(StreamingCka, "update", counted)
    return seen


@pytest.mark.parametrize("pairs", ["matching", "all"])
@pytest.mark.parametrize("grouped", [False, True])
def test_numbers_are_those_of_all_rows_at_once(rng, monkeypatch, chunks, pairs, grouped):
    x, y = networks(rng, 120)
    groups = torch.arange(120) // 2 if grouped else None
    found = compare(x, y, measures=LINEAR, pairs=pairs, groups=groups)
    n_streamed = len(chunks)
    monkeypatch.setattr(large_layers, "LARGE", 1 << 26)
    expected = compare(x, y, measures=LINEAR, pairs=pairs, groups=groups)
    assert len(chunks) == n_streamed
    assert n_streamed > 7 or (grouped and pairs == "all")
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.layer == theirs.layer
        found_numbers, numbers = (
            np.array(astuple(each)[3:], dtype=float) for each in (ours, theirs)
        )
        assert_allclose(found_numbers, numbers, rtol=1e-9, atol=1e-12)


def test_all_pairs_are_streamed_once(rng, chunks):
    compare(*networks(rng, 120), measures=["cka_linear_debiased"], pairs="all")
    assert chunks == [3] * 8


def test_few_rows_of_many_features_are_not_streamed(rng, chunks):
    x, y = networks(rng, 20, n_features=50)
    compare(x, y, measures=LINEAR)
    assert chunks == []


def test_only_large_layers_stay_where_they_are():
    few, many = torch.randn(50, 3), torch.empty(1 << 16, 300)
    assert not is_large(few)
    assert is_large(many)
    assert streams(len(many), [many], [many])
    many.normal_()
    assert isinstance(comparable_layer(many), LargeLayer)
    assert not isinstance(comparable_layer(few), LargeLayer)


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize(("value", "message"), [(torch.nan, "not finite"), (0.0, "is constant")])
def test_refuses_with_the_layer_and_the_reason(rng, value, message):
    x, y = networks(rng, 40)
    x["block1"][3 if message == "not finite" else slice(None)] = value
    with pytest.raises(ValueError, match=f"layer block1.*{message}"):
        compare(x, y, measures=LINEAR)


def anonymous_mb():
    """Memory of the process that is not a file's."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    found = [int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")]
    return found[0] if found else pytest.skip("no RssAnon in /proc/self/status")


def test_memory_is_that_of_two_layers_however_many_there_are(monkeypatch):
    monkeypatch.setattr(large_layers, "LARGE", 1 << 22)
    monkeypatch.setattr("collect.probing.row_stack.LARGE", 1 << 22)
    generator = torch.Generator().manual_seed(0)
    n_rows, n_features, n_layers = 20_000, 64, 24  # 5.1 MB each, 246 MB together
    networks = [
        {str(i): unfilled_rows(n_rows, n_features, torch.device("cpu")) for i in range(n_layers)}
        for _ in range(2)
    ]
    for rows in (*networks[0].values(), *networks[1].values()):
        rows.normal_(generator=generator)
    before, peak, done = anonymous_mb(), [0.0], threading.Event()

    def watch():
        while not done.is_set():
            peak[0] = max(peak[0], anonymous_mb())
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        # without the null: its skewness takes the products of all pairs of rows
        inference = Inference(null=False)
        found = compare(*networks, measures=["cka_linear_debiased"], inference=inference)
    finally:
        done.set()
        watcher.join()
    assert max(abs(each.value) for each in found) < 1e-3
    assert None not in [each.ci_low for each in found]
    assert peak[0] - before < 120
