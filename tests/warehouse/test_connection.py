"""A database is opened by those whom it fits, and whoever it does not fit is told why."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import duckdb
import polars as pl
import pytest

from tests.warehouse.small_runs import score_rows
from warehouse.check import findings
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.ingest import ingest
from warehouse.repair import repair
from warehouse.sandbox import query_rows
from warehouse.schema import sql_files
from warehouse.tables import table
from warehouse.views import read_view

HEADERS, BLOCK = 3 * 4096, 256 * 1024  # bytes of a DuckDB file
PAIRS = "select count(*) from range(1000000) as a, range(1000000) as b"


def test_reading_a_missing_warehouse_says_how_to_make_one(layout):
    with pytest.raises(WarehouseError, match=r"no warehouse in .*: no such directory; -w names"):
        connect(layout.root).__enter__()
    layout.runs.mkdir(parents=True)
    with pytest.raises(WarehouseError, match=r"no warehouse in .*: `repdrift warehouse ingest -w"):
        connect(layout.root).__enter__()
    assert not layout.database.exists()


@pytest.fixture
def ctrl_c():
    """Return to Python's own way with Ctrl-C: what runs in the background is started without it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_soon() -> None:
    """Press Ctrl-C in half a second."""
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(
    "endless", ["select sum(hash(i)) from range(10000000000000) as t (i)", PAIRS]
)
def test_a_query_is_interrupted_as_everything_else_is(layout, endless):
    with connect(layout.root, read_only=False):
        pass
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt), connect(layout.root) as con:
        con.sql(endless).pl()
    with connect(layout.root) as con:
        assert con.execute("select 1").fetchone() == (1,)


def test_who_has_their_own_way_with_ctrl_c_keeps_it(layout):
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        with connect(layout.root, read_only=False) as con:
            interrupt_soon()
            query = "select max(hash(i)) > 0 from range(1000000000) as t (i)"
            assert con.execute(query).fetchone() == (True,)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [1]


@pytest.mark.usefixtures("ctrl_c")
def test_a_wakeup_of_the_program_is_back_afterwards(layout):
    told, telling = socket.socketpair()
    telling.setblocking(False)
    signal.set_wakeup_fd(telling.fileno())
    try:
        with connect(layout.root, read_only=False):
            pass
    finally:
        assert signal.set_wakeup_fd(-1) == telling.fileno()
        told.close()
        telling.close()


def test_a_thread_connects_too(layout):
    with ThreadPoolExecutor(1) as pool:

        def one() -> tuple[int, ...] | None:
            with connect(layout.root, read_only=False) as con:
                return con.execute("select 1").fetchone()

        assert pool.submit(one).result() == (1,)


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


def test_an_older_warehouse_is_migrated_when_somebody_writes_and_keeps_its_rows(layout):
    layout.root.mkdir(parents=True)
    required = dict.fromkeys(table("raw.runs").required, "x")
    run = pl.DataFrame([required | {"run_id": "run1", "status": "complete", "task": "binary"}])
    with duckdb.connect(str(layout.database)) as con:  # as the first version left it
        for file in sql_files("schema")[:2]:
            con.execute(file.text)
            con.execute(
                "insert into meta.sql_files values ($1, $2, now())", [file.path, file.sha256]
            )
        con.register("run", run.to_arrow())
        con.execute("insert into raw.runs by name from run")
    with pytest.raises(
        WarehouseError, match=r"older version .*`repdrift warehouse ingest -w .*` brings"
    ):
        connect(layout.root).__enter__()
    with connect(layout.root, read_only=False):
        pass
    with connect(layout.root) as con:
        assert read_view(con, "raw.runs")["run_id"].to_list() == ["run1"]
        assert read_view(con, "results.intervals").is_empty()
        assert read_view(con, "marts.gains").is_empty()


def test_a_view_that_differs_is_made_anew_when_somebody_writes(layout):
    with connect(layout.root, read_only=False):
        pass
    with duckdb.connect(str(layout.database)) as con:
        con.execute("drop view marts.gains; create view marts.gains as select 1 as a")
        con.execute("update meta.sql_files set sha256 = 'x' where path = 'marts/gains.sql'")
    with pytest.raises(WarehouseError, match="was made by an older version"):
        connect(layout.root).__enter__()
    with connect(layout.root, read_only=False) as con:
        assert "gain_ratio" in read_view(con, "marts.gains").columns


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


def test_a_damaged_block_is_named_with_the_way_out_wherever_it_is_met(layout, add_run):
    many = pl.concat(score_rows(0.5, score=f"s{number}") for number in range(3000))
    add_run("run1", scores=many)
    ingest(layout)
    with connect(layout.root) as con:
        stored = con.sql("from pragma_storage_info('raw.scores')").pl()
        block = stored.filter(column_name="score")["block_id"].max()
    content = bytearray(layout.database.read_bytes())
    content[HEADERS + block * BLOCK + 1000] ^= 1
    layout.database.write_bytes(content)
    with (
        pytest.raises(WarehouseError, match=r"cannot be read \(Corrupt.* repair -w .* anew from"),
        connect(layout.root) as con,
    ):
        query_rows(con, "select sum(length(score)) from raw.scores")
    (finding,) = findings(layout)
    assert (finding.about, finding.remedy) == ("warehouse.duckdb", "repair")
    repair(layout)
    assert findings(layout) == []


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
