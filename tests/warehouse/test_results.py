"""Results replace those of the same analysis, under whatever settings, and nothing else."""

import polars as pl
import pytest

from warehouse.connection import connect
from warehouse.results import write_results
from warehouse.tables import table
from warehouse.views import read_view

ANALYSIS = {
    "name": "memberships",
    "query": "from marts.final_scores",
    "parameters": {"level": 0.95},
    "n_runs": 2,
    "data_hash": "d",
    "code_version": "0.1.0",
}


SAMPLES = {pl.Int32: 1, pl.Float64: 0.5, pl.String: "x", pl.Boolean: True}


def memberships(*etas: float) -> pl.DataFrame:
    """Rows for `results.memberships`, one per eta; every other column says the same."""
    declared = table("results.memberships")
    row = {
        name: SAMPLES.get(dtype.base_type(), ["run1", "run2"])
        for name, dtype in declared.types.items()
        if name != "analysis_id"
    }
    row |= {"reference_policy": "best", "divergence": "absolute"}
    return pl.DataFrame([row | {"eta": eta} for eta in etas])


@pytest.fixture
def con(layout):
    """Open an empty warehouse for writing."""
    with connect(layout.root, read_only=False) as connection:
        yield connection


def etas(con):
    return sorted(read_view(con, "results.memberships")["eta"].to_list())


def test_the_same_analysis_replaces_its_rows_and_another_adds_to_them(con):
    first = write_results(con, analysis=ANALYSIS, tables={"memberships": memberships(0.1, 0.2)})
    again = write_results(
        con, analysis=ANALYSIS | {"n_runs": 3}, tables={"memberships": memberships(0.3)}
    )
    assert first == again
    assert etas(con) == [0.3]
    assert read_view(con, "results.analyses")["n_runs"].to_list() == [3]
    other = ANALYSIS | {"name": "memberships of others"}
    assert write_results(con, analysis=other, tables={"memberships": memberships(0.4)}) != first
    assert etas(con) == [0.3, 0.4]
    assert read_view(con, "results.memberships", where={"analysis_id": first, "eta": [0.3, 0.4]})[
        "run_ids"
    ].to_list() == [["run1", "run2"]]


@pytest.mark.parametrize(
    "changed", [{"parameters": {"level": 0.9}}, {"query": "from marts.final_scores where true"}]
)
def test_other_settings_or_another_query_supersede_the_rows_of_before(con, changed):
    before = write_results(con, analysis=ANALYSIS, tables={"memberships": memberships(0.1)})
    bystander = ANALYSIS | {"name": "bystander"}
    write_results(con, analysis=bystander, tables={"memberships": memberships(0.2)})
    after = write_results(
        con, analysis=ANALYSIS | changed, tables={"memberships": memberships(0.3)}
    )
    assert before != after
    assert etas(con) == [0.2, 0.3]
    analyses = read_view(con, "results.analyses")
    assert sorted(analyses["name"].to_list()) == ["bystander", "memberships"]
    assert before not in analyses["analysis_id"].to_list()


def test_an_analysis_that_finds_nothing_any_more_takes_its_old_rows_away(con):
    write_results(con, analysis=ANALYSIS, tables={"memberships": memberships(0.1)})
    write_results(con, analysis=ANALYSIS, tables={})
    assert etas(con) == []


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"members": memberships(0.1)}, "no table 'results.members' is declared"),
        ({"memberships": memberships(0.1).drop("level")}, "needs the column level"),
        ({"memberships": memberships(0.1, 0.1)}, r"more than one row for .*eta = 0\.1"),
    ],
)  # fmt: skip
def test_refuses_rows_that_do_not_fit_and_keeps_the_old_ones(con, tables, message):
    write_results(con, analysis=ANALYSIS, tables={"memberships": memberships(0.2)})
    with pytest.raises(ValueError, match=message):
        write_results(con, analysis=ANALYSIS, tables=tables)
    assert etas(con) == [0.2]
