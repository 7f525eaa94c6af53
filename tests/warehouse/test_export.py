"""What is exported can be read without repdrift, and says the same."""

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.warehouse.small_runs import RUN, score_rows
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.export import export_database, export_parquet
from warehouse.ingest import ingest
from warehouse.spool import RunWriter


@pytest.fixture
def filled(layout):
    """Fill a warehouse with one run that kept activations."""
    with RunWriter(layout, "run1") as writer:
        writer.append("scores", score_rows(0.25))
        writer.append_activations(
            epoch=0,
            layer="block1",
            token="mean",
            probe="source",
            sample_ids=["a"],
            activations=np.ones((1, 2), np.float32),
        )
        writer.finish(RUN)
    ingest(layout)
    return layout.root


@pytest.fixture
def con(filled):
    """Read that warehouse."""
    with connect(filled) as connection:
        yield connection


def test_every_table_and_mart_is_a_parquet_file(con, tmp_path):
    names = {path.stem for path in export_parquet(con, tmp_path / "out")}
    assert {"raw.runs", "marts.final_scores", "results.intervals", "activations"} <= names
    assert pl.read_parquet(tmp_path / "out" / "marts.final_scores.parquet")["value"].item() == 0.25
    kept = pl.read_parquet(tmp_path / "out" / "activations.parquet")
    assert kept.select("run_id", "activation").row(0) == ("run1", [1.0, 1.0])


def test_one_database_has_tables_views_and_comments(filled, tmp_path):
    path = export_database(filled, tmp_path / "portable.duckdb")
    with duckdb.connect(str(path), read_only=True) as portable:
        assert portable.execute("select value from marts.final_scores").fetchall() == [(0.25,)]
        query = "select comment from duckdb_tables() where table_name = 'runs'"
        assert portable.execute(query).fetchall()[0][0].startswith("One row per run")


def test_refuses_to_write_over_something(con, filled, tmp_path):
    (tmp_path / "x").touch()
    with pytest.raises(WarehouseError, match="is not empty: name a new directory"):
        export_parquet(con, tmp_path)
    (tmp_path / "x.duckdb").touch()
    with pytest.raises(WarehouseError, match=r"x\.duckdb exists"):
        export_database(filled, tmp_path / "x.duckdb")


def test_a_path_that_cannot_be_written_is_named(con, filled, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WarehouseError, match=r"cannot write .*file/out: Not a directory"):
        export_parquet(con, tmp_path / "file" / "out")
    con.close()
    with pytest.raises(WarehouseError, match=r"cannot write .*file/x\.duckdb"):
        export_database(filled, tmp_path / "file" / "x.duckdb")
