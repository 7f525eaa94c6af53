"""Activations and predictions are read where they lie, and only as much as a query needs."""

import re

import numpy as np
import polars as pl
import pytest

from tests.warehouse.small_runs import RUN
from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.shard import MANIFEST, manifest_text
from warehouse.spool import RunWriter


def predictions(n_images):
    """Rows of `predictions`: a head that says the same of every image."""
    return pl.DataFrame(
        {
            "epoch": 0,
            "split": "test",
            "confidence_source": "head",
            "token": "mean",
            "n_neighbours": 0,
            "sample_id": [f"{image:02}" for image in range(n_images)],
            "label": 1,
            "probabilities": [[0.25, 0.75]] * n_images,
        }
    )


@pytest.fixture
def filled(layout, rng):
    """Three runs of three layers, 50 images each."""
    for run in range(3):
        with RunWriter(layout, f"run{run}") as writer:
            for layer in range(3):
                writer.append_activations(
                    epoch=0,
                    layer=f"block{layer}",
                    token="mean",
                    probe="source",
                    sample_ids=[f"{i:02}" for i in range(50)],
                    activations=rng.normal(size=(50, 4)).astype(np.float32),
                )
            writer.append("predictions", predictions(50))
            writer.finish(RUN | {"fold": run + 1})
    ingest(layout)
    return layout


def test_views_are_empty_before_any_run_kept_something(layout):
    with connect(layout.root, read_only=False):
        pass
    with connect(layout.root) as con:
        assert con.execute("select count(*) from activations").fetchone() == (0,)
        columns = [name for name, *_ in con.execute("describe predictions").fetchall()]
    assert columns[:3] == ["run_id", "epoch", "split"]


def test_a_query_for_one_run_and_layer_opens_one_file_and_reads_one_row_group(filled):
    query = "select count(*) from activations where run_id = 'run1' and layer = 'block2'"
    with connect(filled.root) as con:
        assert con.execute(query).fetchone() == (50,)
        plan = con.execute(f"explain analyze {query}").fetchall()[0][1]
    assert re.search(r"Total Files Read: 1\b", plan)
    assert re.search(r"Row Groups Scanned: 1 / 3\b", plan)


def test_a_query_for_the_predictions_of_one_run_opens_one_file(filled):
    query = "select count(*), sum(probabilities[2]) from predictions where run_id = 'run1'"
    with connect(filled.root) as con:
        assert con.execute(query).fetchone() == (50, 37.5)
        plan = con.execute(f"explain analyze {query}").fetchall()[0][1]
    assert re.search(r"Total Files Read: 1\b", plan)


def test_a_damaged_file_is_named_when_it_is_asked_for_and_hinders_no_other_query(filled):
    path = filled.run("run0") / "activations.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with connect(filled.root) as con:
        assert con.execute("select count(*) from raw.runs").fetchone() == (3,)
        with pytest.raises(Exception, match=r"run0/activations\.parquet"):
            con.execute("select count(*) from activations").fetchone()


def test_the_manifest_of_a_run_with_activations_holds_their_hash(filled):
    directory = filled.run("run0")
    assert (directory / MANIFEST).read_text() == manifest_text(directory)
