"""What an analysis recorded is enough to compute each of its rows again, to the last bit."""

import shutil
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis.computing import audit_tables
from analysis.printed.files import THREE_PAPERS, load_claims, load_tables
from analysis.printed.store import check_claims, write_audit
from analysis.recomputation import recomputed
from analysis.settings import Settings
from analysis.store import run_analyses
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.lineage import analysis_states
from warehouse.tables import table
from warehouse.views import read_view

QUICK = Settings(
    level=0.9,
    eta=0.4,
    seed=3,
    n_shuffles=9,
    n_posterior_draws=50,
    n_comparison_resamples=20,
    n_ranking_resamples=20,
    n_resamples=29,
)


@pytest.fixture(scope="module")
def con(made_warehouse, tmp_path_factory):
    """Every analysis, every claim and the audit on a copy, with other settings than usual."""
    root = tmp_path_factory.mktemp("recomputed") / "warehouse"
    shutil.copytree(made_warehouse, root)
    list(run_analyses(root, QUICK))
    claims = [
        replace(claim, where={k: v for k, v in claim.where.items() if k == "score"})
        for claim in load_claims()
        if claim.kind == "difference"
    ]
    check_claims(root, claims, level=0.9)
    write_audit(root, audit_tables(*load_tables()), name=THREE_PAPERS)
    with connect(root) as connection:
        yield connection


def shuffled(con):
    """Rows in another order than they came in when the results were written."""

    def read(query):
        return con.sql(query).pl().sample(fraction=1, shuffle=True, seed=1)

    return read


def test_every_row_of_every_analysis_comes_out_again_in_whatever_order_its_rows_come(con):
    compared = set()
    for state in analysis_states(con):
        assert not state.is_stale, state.name
        for name, rows in recomputed(state, shuffled(con)).items():
            declared = table(f"results.{name}")
            where = {"analysis_id": state.analysis_id}
            again = declared.conform(rows.with_columns(analysis_id=pl.lit(state.analysis_id)))
            stored = read_view(con, f"results.{name}", where=where)
            key = list(declared.key)
            assert_frame_equal(again.sort(key), stored.sort(key), check_exact=True)
            compared.add(name)
    filled = {
        name
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'results' "
            "and estimated_size > 0 and table_name <> 'analyses'"
        ).fetchall()
    }
    assert compared == filled
    assert {"claims", "claim_panels", "audits", "intervals", "projections"} <= compared


def test_the_recorded_seed_and_settings_are_those_that_count(con):
    (state,) = [one for one in analysis_states(con) if one.name == "rankings"]
    one, other = (
        recomputed(replace(state, parameters=state.parameters.replace('"seed": 3', seed)), read)
        for seed, read in [('"seed": 3', shuffled(con)), ('"seed": 4', shuffled(con))]
    )
    assert not one["rankings"].equals(other["rankings"])


def test_refuses_an_analysis_that_this_version_does_not_have(con):
    state = replace(analysis_states(con)[0], name="horoscopes", code_version="0.0.1")
    with pytest.raises(AnalysisError, match=r"no analysis 'horoscopes': version 0\.0\.1 computed"):
        recomputed(state, shuffled(con))


@pytest.mark.parametrize("name", ["intervals", "claim zu2025-1"])
def test_refuses_settings_that_this_version_does_not_know(con, name):
    state = replace(analysis_states(con)[0], name=name, parameters='{"level": 0.9, "mood": 1}')
    with pytest.raises(AnalysisError, match=f"{name} was recorded with settings that this version"):
        recomputed(state, shuffled(con))
