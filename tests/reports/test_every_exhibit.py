"""What every exhibit promises: queries with a grain and a key, rows or a way to get them."""

import pytest

from reports.exhibits import trajectories
from reports.exhibits.registry import EXHIBITS
from reports.store import query_text, read
from tests.reports.building import built
from tests.reports.specimens import fine_tune


@pytest.mark.parametrize("name", sorted({query for e in EXHIBITS for query in e.queries}))
def test_every_query_says_what_a_row_is_and_its_key_is_unique(con, name):
    lines = query_text(name).splitlines()
    assert lines[0].startswith("-- One row per ")
    keys = next(line for line in lines if line.startswith("-- key: "))
    columns = keys.removeprefix("-- key: ").split(", ")
    assert not read(con, name).select(columns).is_duplicated().any()


def test_a_warehouse_without_results_leaves_every_exhibit_out(con):
    for table in ("regressions", "intervals"):
        con.execute(f"delete from results.{table}")
    for table in ("runs", "scores", "similarities"):
        con.execute(f"delete from raw.{table}")
    assert [e.name for e in EXHIBITS if len(read(con, e.queries[0])) and built(con, e)] == []


def test_names_of_exhibits_are_unique_and_say_how_to_get_their_rows():
    names = [exhibit.name for exhibit in EXHIBITS]
    assert len(names) == len(set(names))
    assert all(exhibit.missing and exhibit.title for exhibit in EXHIBITS)


def test_one_epoch_is_no_trajectory(con):
    fine_tune(con)
    assert built(con, trajectories.EXHIBIT)
    con.execute("delete from raw.similarities where run_id = 'v1' and epoch = 0")
    assert built(con, trajectories.EXHIBIT) == []
