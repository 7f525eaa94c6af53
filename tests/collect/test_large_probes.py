"""Layers of large probes lie in files and are compared chunk by chunk, to the same numbers."""

import polars as pl
import pytest
import torch

from collect.measures import large_layers
from collect.measures.compare import compare
from collect.measures.gram import Plan
from collect.measures.streaming import StreamingCka
from collect.probing import row_stack
from collect.probing.kept_activations import kept_activations
from collect.probing.remeasure import Wanted, remeasure
from collect.probing.row_stack import RowStack, unfilled_rows
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.layout import Layout

CPU = torch.device("cpu")


@pytest.fixture
def all_large(monkeypatch):
    """Let every layer be large, and count what is streamed of it."""
    seen = []
    update = StreamingCka.update
    monkeypatch.setattr(large_layers, "LARGE", 0)
    monkeypatch.setattr(row_stack, "LARGE", 0)
    monkeypatch.setattr(large_layers, "CHUNK_ROWS", 4)
    monkeypatch.setattr(large_layers, "plan", lambda *_: Plan("features", {}))

    def counted(self, x, y):
        seen.append(len(x))
        update(self, x, y)

    monkeypatch.setattr(StreamingCka, "update", counted)
    return seen


def in_a_file(rows):
    return rows.untyped_storage().is_shared()


def test_rows_lie_in_a_file_where_there_are_many(monkeypatch):
    monkeypatch.setattr(row_stack, "LARGE", 4 * 12)
    assert not in_a_file(unfilled_rows(6, 2, CPU))
    assert in_a_file(unfilled_rows(7, 2, CPU))


@pytest.mark.parametrize("limit", [0, 1 << 20])
def test_a_stack_holds_the_rows_in_their_order(monkeypatch, limit):
    monkeypatch.setattr(row_stack, "LARGE", limit)
    batches = [torch.randn(3 * n, 5) for n in (4, 4, 2)]
    stack = RowStack(10)
    for batch in batches[:2]:
        stack.add(batch, 4)
    with pytest.raises(ValueError, match="24 rows so far: images are missing"):
        stack.rows  # noqa: B018
    stack.add(batches[2], 2)
    assert torch.equal(stack.rows, torch.cat(batches))


@pytest.mark.train
def test_runs_and_remeasures_give_the_same_numbers(tmp_path, all_large, monkeypatch):
    measures: dict[str, object] = {"measures": ["cka_linear_debiased"], "tokens": ["mean"]}
    measures |= {"pairs": "all", "trimmed": 0}  # what is trimmed is taken pair by pair
    layout = Layout(tmp_path)
    path = execute(
        small_run(tmp_path, probing=measures, training={"epochs": 1}), layout, lambda _: None
    )
    assert set(all_large) == {5}  # five layers at once, to five of the reference
    assert (
        "25 pairs of layers through features, in chunks (12 rows)" in (path / "run.log").read_text()
    )
    assert [one.n_new > 0 for one in remeasure(layout, Wanted(measures=["cka_linear"]))] == [True]
    assert set(all_large) == {5, 1}
    x, y = (kept_activations(path, epoch=e, token="mean", probe="source").layers for e in (1, 0))
    assert all(in_a_file(rows) for rows in x.values())

    monkeypatch.undo()
    n_streamed = len(all_large)
    files = [path / "similarities.parquet", *path.glob("remeasured.*.parquet")]
    found = pl.concat([pl.read_parquet(each) for each in files], how="diagonal")
    found = found.filter(epoch=1, probe="source")
    expected = [
        *compare(x, y, measures=["cka_linear_debiased"], pairs="all"),
        *compare(x, y, measures=["cka_linear"]),
    ]
    assert len(all_large) == n_streamed
    assert len(found) == len(expected) == 30
    values = {(e.measure, e.layer, e.reference_layer): (e.value, e.null_p_value) for e in expected}
    for row in found.iter_rows(named=True):
        ours = (row["value"], row["null_p_value"])
        theirs = values[row["measure"], row["layer"], row["reference_layer"]]
        assert ours == pytest.approx(theirs, abs=1e-6)
