"""`repdrift analysis run` fills results.* from the marts, and every row leads back to its runs."""

import json
import shutil
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from analysis.analyses import ANALYSES
from analysis.cli import app
from analysis.regression.fits import METHODS
from analysis.settings import Settings
from analysis.store import run_analyses
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.lineage import rows_hash
from warehouse.views import read_view

NAMES = [analysis.name for analysis in ANALYSES]


@pytest.fixture(scope="module")
def made_warehouse(made_warehouse, tmp_path_factory):
    """Copy the runs: analyses that other modules record would be counted here."""
    own = Layout(tmp_path_factory.mktemp("store"))
    shutil.copytree(Layout(made_warehouse).runs, own.runs)
    ingest(own)
    return own.root


@pytest.fixture(scope="module")
def results(made_warehouse):
    """Every table of results, some of them written twice with the same settings."""
    names = ["analyses", *sorted({analysis.table for analysis in ANALYSES})]
    settings = Settings(eta=0.5, epsilon=0.1)
    again = [a for a in ANALYSES if a.name in {"intervals", "gains", "memberships"}]
    list(run_analyses(made_warehouse, settings))
    list(run_analyses(made_warehouse, settings, analyses=again))
    with connect(made_warehouse) as con:
        return {name: read_view(con, f"results.{name}") for name in names}


def test_running_twice_replaces_rather_than_repeats(results):
    assert sorted(results["analyses"]["name"]) == sorted(NAMES)
    # One pretraining only, so that no slopes can differ; three folds are too few for a slope; the
    # width of the layers, which differences of similarities need, is not recorded.
    empty = {
        "slope_differences",
        "dataset_slopes",
        "detectable_slopes",
        "similarity_differences",
    }
    for name, rows in results.items():
        assert rows.is_empty() == (name in empty), name
        assert not rows.is_duplicated().any(), name


def test_intervals_are_over_folds_with_their_recorded_sizes(results):
    row = results["intervals"].filter(
        dataset="eye", adaptation="full", score="auc", uncertainty="fold"
    )
    assert row.select("method", "uncertainty", "n_runs").row(0) == ("nadeau_bengio", "fold", 3)
    factor = (row["std_error"] / row["sd"]).item() ** 2
    assert factor == pytest.approx(1 / 3 + 50 / 100, rel=1e-12)
    assert row["run_ids"].item().to_list() == ["eye-full-1", "eye-full-2", "eye-full-3"]


def test_gains_are_paired_within_the_fold(results, made_warehouse):
    gains = results["intervals"].filter(
        pl.col("dataset") == "eye",
        pl.col("adaptation") == "full",
        pl.col("score") == "gain_difference:auc",
    )
    with connect(made_warehouse) as con:
        auc = read_view(con, "marts.final_scores", where={"dataset": "eye", "score": "auc"})
    by_fold = auc.pivot("adaptation", index="fold", values="value")
    expected = (by_fold["full"] - by_fold["scratch"]).std()
    assert gains["sd"].item() == pytest.approx(expected, rel=1e-12)


def test_linear_probes_do_not_move_so_their_slope_is_undefined(results):
    rows = results["regressions"].filter(
        pl.col("adaptation") == "linear", pl.col("method").is_in(METHODS)
    )
    assert set(rows["status"]) == {"undefined"}
    assert set(rows["reason"]) == {"the predictor is constant"}


def test_adaptations_are_also_pooled(results):
    slopes = results["regressions"].filter(
        pl.col("term") == "similarity",
        pl.col("method") == "cluster_cr1",
        pl.col("outcome") == "score:auc",
        pl.col("layer") == "late",
    )
    sizes = dict(slopes.select("adaptation", "n_runs").iter_rows())
    assert sizes == {"full": 12, "linear": 12, "pooled": 24, "scratch": 12}
    assert set(slopes["n_clusters"]) == {4}


def test_a_family_holds_the_slopes_of_all_layers_and_no_intercepts(results):
    rows = results["regressions"].filter(pl.col("adaptation") == "full")
    slopes = rows.filter(pl.col("term") == "similarity", pl.col("p_value").is_not_null())
    assert set(slopes["family_size"]) == {2}
    assert set(rows.filter(pl.col("term") == "intercept")["family"]) == {None}


def test_scratch_is_no_candidate_for_the_similarity_space(results):
    assert set(results["memberships"]["adaptation"]) == {"full", "linear"}


def test_every_row_leads_to_runs_that_exist(results, made_warehouse):
    with connect(made_warehouse) as con:
        known = set(read_view(con, "raw.runs")["run_id"])
    for rows in results.values():
        if "run_ids" in rows.columns:
            assert set(rows["run_ids"].explode()) <= known
        if {"run_ids", "n_runs"} <= set(rows.columns):
            assert rows["run_ids"].list.len().to_list() == rows["n_runs"].to_list()


def test_the_recorded_query_shows_the_rows_that_went_in(results, made_warehouse):
    with connect(made_warehouse) as con:
        for row in results["analyses"].iter_rows(named=True):
            rows = con.sql(row["query"]).pl()
            assert rows_hash(rows) == row["data_hash"]
            assert rows["run_id"].n_unique() == row["n_runs"]


def test_draws_behind_a_p_value_are_recorded(results):
    recorded = {
        name: json.loads(parameters)
        for name, parameters in results["analyses"].select("name", "parameters").iter_rows()
    }
    drawn = {
        "binned fits": {"n_shuffles": 99},
        "comparisons": {"n_posterior_draws": 2000, "n_comparison_resamples": 1000},
        "rankings": {"n_ranking_resamples": 2000},
        "agreements": {"n_resamples": 1999},
        "trajectories": {"n_resamples": 1999},
    }
    for name, numbers in drawn.items():
        assert recorded[name].items() >= numbers.items(), name


def test_recorded_draws_are_those_that_were_made(made_warehouse):
    few = [a for a in ANALYSES if a.name == "binned fits"]
    (found,) = run_analyses(made_warehouse, Settings(n_shuffles=19), analyses=few)
    with connect(made_warehouse) as con:
        rows = read_view(con, "results.binned_fits", where={"analysis_id": found.analysis_id})
    shares = rows["p_value"].to_numpy() * 20
    np.testing.assert_allclose(shares, shares.round(), atol=1e-9)


def test_other_thresholds_supersede_the_results_of_before(made_warehouse):
    few = [a for a in ANALYSES if a.name in {"intervals", "memberships"}]
    list(run_analyses(made_warehouse, Settings(eta=0.5, epsilon=0.1), analyses=few))
    again = run_analyses(made_warehouse, Settings(eta=0.4), analyses=few)
    found = {f.name: f.analysis_id for f in again}
    with connect(made_warehouse) as con:
        etas = read_view(con, "results.memberships")["eta"].unique().to_list()
        analyses = read_view(con, "results.analyses").filter(pl.col("name").is_in(found))
    assert etas == [0.4]
    assert dict(analyses.select("name", "analysis_id").rows()) == found


def test_command_prints_one_row_per_analysis(made_warehouse):
    outcome = CliRunner().invoke(app, ["run", "-w", str(made_warehouse), "--level", "0.9"])
    assert outcome.exit_code == 0, outcome.output
    lines = outcome.stdout.splitlines()
    assert lines[0] == "analysis,analysis_id,n_runs,n_rows"
    printed = [line.split(",")[0] for line in lines[1:]]
    assert printed == [name for name in NAMES if name in printed]


def test_refuses_a_warehouse_without_runs(tmp_path):
    ingest(Layout(tmp_path))
    with pytest.raises(AnalysisError, match=r"no runs with scores in .*ingest"):
        list(run_analyses(tmp_path, Settings()))


def test_command_is_read_without_heavy_imports():
    heavy = ["duckdb", "polars", "numpy", "scipy", "statsmodels", "pandas", "torch"]
    code = f"import sys, analysis.cli; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_published_figure_6_comes_out_of_the_warehouse(published_warehouse):
    few = [a for a in ANALYSES if a.name == "regressions"]
    list(run_analyses(published_warehouse, Settings(), analyses=few))
    where = {
        "outcome": "gain_ratio:auc",
        "adaptation": "full",
        "term": "similarity",
        "measure": "cca_mean_juodelyte",
    }
    with connect(published_warehouse) as con:
        rows = read_view(con, "results.regressions", where=where)
    rows = rows.filter(pl.col("method").is_in(METHODS))
    assert rows.select("n_runs", "n_clusters").unique().rows() == [(35, 7)]
    steepest = rows.filter(pl.col("method") == "ols").sort("estimate").row(0, named=True)
    assert (steepest["pretraining"], steepest["layer"]) == ("RadImageNet", "block3")
    assert round(steepest["estimate"], 3) == -2.996
    kept = rows.filter(pl.col("p_adjusted") <= 0.05).group_by("method").len()
    assert kept.rows() == [("ols", 3)]


def test_test_samples_folds_and_stimuli_are_told_apart(results):
    cell = {"dataset": "eye", "adaptation": "full", "score": "auc"}
    rows = results["intervals"].filter(**cell).sort("uncertainty")
    assert rows.select("uncertainty", "method", "unit", "n_units").rows() == [
        ("fold", "nadeau_bengio", "fold", 3),
        ("test_sample", "bootstrap_independent", "group", 75),
    ]
    assert rows["estimate"].n_unique() == 1
    assert rows["std_error"][1] == pytest.approx(0.05 / np.sqrt(3), rel=1e-12)


def test_intervals_of_fractions_stay_within_0_and_1(results):
    fractions = results["intervals"].filter(pl.col("score").is_in(["auc", "accuracy"]))
    assert fractions["ci_high"].max() <= 1
    assert fractions.filter("is_cut")["ci_high"].to_list() == [1.0] * fractions["is_cut"].sum()


def test_forgetting_is_counted_query_by_query(results):
    rows = results["forgetting"].filter(dataset="eye", quantity="change")
    full = rows.filter(adaptation="full").sort("uncertainty")
    assert full["uncertainty"].to_list() == ["fold", "test_sample", "total"]
    assert full["estimate"].to_list() == pytest.approx([-13 / 60] * 3)
    assert full["run_ids"][0].to_list() == ["eye-full-1", "eye-full-2", "eye-full-3"]
    linear = rows.filter(adaptation="linear", uncertainty="test_sample")
    assert linear.select("estimate", "ci_low").row(0) == (0.0, None)
