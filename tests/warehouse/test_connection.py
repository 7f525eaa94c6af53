"""A database is opened by those whom it fits, and whoever it does not fit is told why."""

import multiprocessing
import time

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.ingest import ingest
from warehouse.schema import sql_files
from warehouse.views import read_view


def test_reading_a_missing_warehouse_says_how_to_make_one(layout):
    with pytest.raises(WarehouseError, match=r"no warehouse in .*: `repdrift warehouse ingest -w"):
        connect(layout.root).__enter__()
    assert not layout.database.exists()


def test_a_reader_cannot_write(layout):
    with connect(layout.root, read_only=False):
        pass
    with (
        connect(layout.root) as con,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        con.execute("delete from raw.runs")


def test_a_newer_warehouse_is_refused(layout):
    with connect(layout.root, read_only=False) as con:
        con.execute("insert into meta.sql_files values ('schema/9999_future.sql', 'x', now())")
    for read_only in (True, False):
        with pytest.raises(
            WarehouseError, match=r"newer version of repdrift \(schema/9999_future.sql"
        ):
            connect(layout.root, read_only=read_only).__enter__()


def test_a_schema_file_that_differs_is_refused(layout):
    with connect(layout.root, read_only=False) as con:
        con.execute("update meta.sql_files set sha256 = 'x' where path = 'schema/0001_raw.sql'")
    with pytest.raises(
        WarehouseError, match=r"another schema/0001_raw.sql .*`repdrift warehouse repair"
    ):
        connect(layout.root).__enter__()


def test_an_older_warehouse_is_migrated_when_somebody_writes_and_keeps_its_rows(layout, add_run):
    add_run("run1")
    ingest(layout)
    last = sql_files("schema")[-1]
    with duckdb.connect(str(layout.database)) as con:  # as if the last file had not existed yet
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'results'"
        ).fetchall():
            con.execute(f"drop table results.{name}")
        con.execute(
            "delete from meta.sql_files where path >= 'schema/0002'  and path <= $1", [last.path]
        )
        con.execute("drop view marts.gains")
        con.execute("delete from meta.sql_files where path = 'marts/gains.sql'")
    with pytest.raises(
        WarehouseError, match=r"older version .*`repdrift warehouse ingest -w .*` brings"
    ):
        connect(layout.root).__enter__()
    ingest(layout)
    with connect(layout.root) as con:
        assert read_view(con, "raw.runs")["run_id"].to_list() == ["run1"]
        assert read_view(con, "results.intervals").is_empty()
        assert read_view(con, "marts.gains").is_empty()


def test_a_file_that_is_no_database_and_a_database_that_is_no_warehouse_are_refused(layout):
    layout.root.mkdir(parents=True)
    layout.database.write_bytes(b"not a database" * 1000)
    with pytest.raises(WarehouseError, match=r"cannot be read .*`repdrift warehouse repair -w"):
        connect(layout.root).__enter__()
    layout.database.unlink()
    with duckdb.connect(str(layout.database)) as con:
        con.execute("create table other as select 1 as a")
    for read_only in (True, False):
        with pytest.raises(WarehouseError, match="a DuckDB file, but no warehouse of repdrift"):
            connect(layout.root, read_only=read_only).__enter__()


def _hold(root, held, release):
    with connect(root, read_only=False) as con:
        con.execute("begin")
        held.set()
        release.wait(30)


def test_a_reader_waits_for_a_writer_with_a_message_and_gives_up_with_another(layout):
    with connect(layout.root, read_only=False):
        pass
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    writer = context.Process(target=_hold, args=(layout.root, held, release), daemon=True)
    writer.start()
    assert held.wait(30)
    said: list[str] = []
    with pytest.raises(WarehouseError, match=f"held by process {writer.pid} for 0 s: try again"):
        connect(layout.root, on_wait=said.append, timeout_s=0.3).__enter__()
    assert said == [f"waiting for process {writer.pid} to finish with {layout.database}"]
    release.set()
    started = time.monotonic()
    with connect(layout.root) as con:
        assert read_view(con, "raw.runs").is_empty()
    assert time.monotonic() - started < 30
    writer.join()


@pytest.mark.parametrize("folder", ["schema", "shards"])
def test_every_table_and_column_has_a_comment(folder):
    with duckdb.connect() as con:
        for file in (
            [*sql_files("schema"), *sql_files(folder)] if folder != "schema" else sql_files(folder)
        ):
            con.execute(file.text)
        bare = con.execute(
            "select schema_name, table_name, null from duckdb_tables() where comment is null "
            "union all select schema_name, table_name, column_name from duckdb_columns() "
            "where comment is null and not internal"
        ).fetchall()
    assert bare == []
