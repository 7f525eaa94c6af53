"""Many writers, killed at random moments, leave what one undisturbed writer would have left."""

import hashlib
import multiprocessing
import random
import re
import time
from functools import partial

import polars as pl
import pytest

from tests.warehouse.small_runs import RUN, score_rows, similarity_rows
from warehouse.check import findings, left_over_writes
from warehouse.connection import connect
from warehouse.content import content_hash
from warehouse.errors import WarehouseError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.repair import repair
from warehouse.shard import is_complete
from warehouse.spool import RunWriter

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.warehouse.test_many_writers"])


def write(layout, number):
    """Write one small run whose numbers follow from its number alone."""
    run_id = hashlib.sha256(str(number).encode()).hexdigest()[:16]
    values = random.Random(number)
    with RunWriter(layout, run_id) as writer:
        for epoch in range(3):
            writer.append("scores", score_rows(values.random(), epoch=epoch))
            writer.append("similarities", similarity_rows(values.random(), epoch=epoch))
            (writer.directory / f"{epoch}.log").write_text("x" * 10_000)
        writer.finish(RUN | {"seed": number, "started_at": f"2026-01-01T00:00:{number % 60:02}Z"})


def work(layout, numbers, seed):
    """Write all runs that nobody wrote or is writing, in an order of its own."""
    order = list(numbers)
    random.Random(seed).shuffle(order)
    for number in order:
        try:
            write(layout, number)
        except WarehouseError as error:
            if not re.search("is complete already|another process is writing", str(error)):
                raise


def ingest_again_and_again(layout, stop):
    while not stop.is_set():
        ingest(layout)
        time.sleep(0.05)


def read_again_and_again(layout, stop, counts):
    """Count runs and scores in one query; whoever sees half a run sees another ratio than 3."""
    while not stop.is_set():
        with connect(layout.root) as con:
            query = "select (select count(*) from raw.runs), (select count(*) from raw.scores)"
            counts.put(con.execute(query).fetchone())
        time.sleep(0.01)


def start(target, *arguments):
    process = CONTEXT.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def disturbed_collection(layout, *, n_processes, numbers, n_kills):
    """Collect with writers that are killed at random moments and started again."""
    chance = random.Random(5)
    seeds = iter(range(10_000))
    started = partial(start, work)
    writers = [started(layout, numbers, next(seeds)) for _ in range(n_processes)]
    n_interrupted = 0
    for _ in range(n_kills):
        time.sleep(chance.uniform(0.02, 0.2))
        victim = writers.pop(chance.randrange(n_processes))
        victim.kill()
        victim.join()
        n_interrupted += len(left_over_writes(layout))
        writers.append(started(layout, numbers, next(seeds)))
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    work(layout, numbers, seed=0)  # what the last victims held
    assert n_interrupted


def many_writers(tmp_path, **sizes):
    disturbed, serial = Layout(tmp_path / "disturbed"), Layout(tmp_path / "serial")
    ingest(disturbed)
    stop, counts = CONTEXT.Event(), CONTEXT.Queue()
    others = [
        start(ingest_again_and_again, disturbed, stop),
        start(read_again_and_again, disturbed, stop, counts),
    ]
    seen: list[tuple[int, int]] = [counts.get(timeout=120)]  # the reader reads before and after
    disturbed_collection(disturbed, **sizes)
    seen.append(counts.get(timeout=120))
    stop.set()
    while any(process.is_alive() for process in others) or not counts.empty():
        while not counts.empty():
            seen.append(counts.get())
        time.sleep(0.01)
    for process in others:
        process.join()
        assert process.exitcode == 0
    ingest(disturbed)
    for number in sizes["numbers"]:
        write(serial, number)
    ingest(serial)
    hashes = []
    for layout in (disturbed, serial):
        with connect(layout.root) as con:
            hashes.append(content_hash(con))
    assert hashes[0] == hashes[1]
    assert all(n_scores == 3 * n_runs for n_runs, n_scores in seen)
    for run_id in left_over_writes(disturbed):
        assert is_complete(disturbed, run_id) is False
    repair(disturbed)
    assert findings(disturbed) == []
    with connect(disturbed.root) as con:
        assert content_hash(con) == hashes[1]


def test_killed_writers_an_ingest_and_a_reader_at_once_lose_nothing(tmp_path):
    many_writers(tmp_path, n_processes=4, numbers=range(40), n_kills=6)


def test_a_killed_ingest_leaves_the_database_as_it_was_or_as_it_will_be(tmp_path):
    layout = Layout(tmp_path / "w")
    for number in range(20):
        write(layout, number)
    ingest(layout)
    for number in range(20, 60):
        write(layout, number)
    seen = set()
    for delay in (0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.6):
        process = start(ingest, layout)
        time.sleep(delay)
        process.kill()
        process.join()
        with connect(layout.root) as con:
            query = "select (select count(*) from raw.runs), (select count(*) from raw.scores)"
            seen |= set(con.execute(query).fetchall())
    assert seen <= {(20, 60), (60, 180)}
    ingest(layout)
    assert findings(layout) == []


@pytest.mark.slow
def test_sixteen_killed_writers_of_fifty_runs_lose_nothing(tmp_path):
    many_writers(tmp_path, n_processes=16, numbers=range(16 * 50), n_kills=100)


def test_the_content_hash_sees_a_changed_bit_and_no_circumstances(layout, tmp_path):
    other = Layout(tmp_path / "other")
    for where, value, when in [(layout, 0.1, "2026-01-01"), (other, 0.1, "2027-01-01")]:
        with RunWriter(where, "run1") as writer:
            writer.append("scores", score_rows(value))
            writer.append("timings", pl.DataFrame({"stage": ["train"], "duration_s": [len(when)]}))
            writer.finish(RUN | {"started_at": f"{when}T00:00:00Z"})
        ingest(where)

    def current(where):
        with connect(where.root) as con:
            return content_hash(con)

    assert current(layout) == current(other)
    with connect(other.root, read_only=False) as con:
        con.execute("update raw.scores set value = nextafter(value, 1.0)")
    assert current(layout) != current(other)
