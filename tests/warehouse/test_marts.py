"""Views keep the promise of their headers: grain, key, and what they select and join."""

import re
from typing import Any

import polars as pl
import pytest

from tests.warehouse.small_runs import score_rows, similarity_rows, write_run
from warehouse.connection import connect
from warehouse.describe import described_columns
from warehouse.errors import WarehouseError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.schema import sql_files
from warehouse.tables import key_in
from warehouse.view_comments import header
from warehouse.views import read_view, view_sql

VIEWS = {
    file.path.removesuffix(".sql").replace("/", "."): file
    for folder in ("staging", "marts")
    for file in sql_files(folder)
}
KNN: dict[str, Any] = {"split": "source", "confidence_source": "knn", "score": "accuracy"}


@pytest.mark.parametrize("file", VIEWS.values(), ids=VIEWS)
def test_every_view_says_its_grain_and_its_key(file):
    lines = header(file.text)
    assert lines[0].startswith("One row per ")
    assert sum(line.startswith("key: ") for line in lines) == 1


@pytest.mark.parametrize("file", VIEWS.values(), ids=VIEWS)
def test_no_view_ends_in_a_select_of_everything(file):
    assert not re.search(r"\*\s*(,|\bfrom\b)", file.text.replace("count(*)", ""))


def stacked(*frames):
    """Stack frames whose columns differ in what was left out."""
    return pl.concat(frames, how="diagonal_relaxed")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Fill a warehouse with runs that try every join: folds, two scratches, a diverged run."""
    layout = Layout(tmp_path_factory.mktemp("marts"))
    votes = [
        score_rows(0.1, **KNN, n_neighbours=5),
        score_rows(0.2, **KNN, n_neighbours=20),
        score_rows(0.3, **KNN, n_neighbours=10),
        score_rows(0.4, **KNN, n_neighbours=10, token="cls"),
    ]
    write_run(
        layout,
        "tuned1",
        scores=stacked(
            score_rows(0.5, epoch=0),
            score_rows(0.9),
            score_rows(0.25, score="ece_width_15"),
            score_rows(0.15, score="ece_debiased_15"),
            score_rows(0.7, split="validation", score="loss"),
            *votes,
        ),
        similarities=stacked(
            similarity_rows(0.95, epoch=0),
            similarity_rows(0.6),
            similarity_rows(0.4, layer="block2"),
            similarity_rows(0.1, layer="block2", reference_layer="block1"),
            similarity_rows(0.05, reference="random"),
        ),
    )
    write_run(layout, "tuned2", scores=score_rows(0.8), fold=2)
    write_run(
        layout, "scratch1", scores=score_rows(0.6), adaptation="scratch", pretraining="random"
    )
    write_run(layout, "scratch1other", scores=score_rows(0.5), adaptation="scratch", study="other")
    write_run(layout, "diverged", scores=score_rows(0.1), status="diverged", seed=1)
    ingest(layout)
    return layout


@pytest.fixture
def con(filled):
    """Read the filled warehouse."""
    with connect(filled.root) as connection:
        yield connection


@pytest.mark.parametrize("relation", [*VIEWS, "activations", "predictions"])
def test_every_column_of_a_view_is_described(con, relation):
    rows = described_columns(con, relation)
    assert rows.filter(pl.col("description").is_null())["column_name"].to_list() == []


@pytest.mark.parametrize("view", VIEWS)
def test_every_key_is_unique(con, view):
    rows = read_view(con, view)
    key = key_in(" ".join(header(VIEWS[view].text)), columns=rows.columns)
    assert key
    assert not rows.select(key).is_duplicated().any()


def test_final_scores_are_those_of_the_selected_epoch_of_runs_that_did_not_diverge(con):
    rows = read_view(con, "marts.final_scores", where={"score": "auc"}).sort("run_id")
    assert rows.select("run_id", "epoch", "value").rows() == [
        ("scratch1", 1, 0.6),
        ("scratch1other", 1, 0.5),
        ("tuned1", 1, 0.9),
        ("tuned2", 1, 0.8),
    ]


def test_scores_before_are_those_of_epoch_0(con):
    rows = read_view(con, "marts.scores_before")
    assert rows.select("run_id", "score", "value").rows() == [("tuned1", "auc", 0.5)]


def test_an_imported_run_without_epochs_is_final(layout, add_run):
    add_run("run1", scores=score_rows(0.5, epoch=None), selected_epoch=None, status="imported")
    ingest(layout)
    with connect(layout.root) as con:
        assert read_view(con, "marts.final_scores")["value"].to_list() == [0.5]


def test_gains_compare_with_the_scratch_of_the_same_fold_and_rather_the_same_study(con):
    gains = read_view(con, "marts.gains")
    columns = ["run_id", "score", "scratch_run_id", "gain_difference", "gain_ratio"]
    assert gains.select(columns).rows() == [
        ("tuned1", "auc", "scratch1", pytest.approx(0.3), pytest.approx(0.5))
    ]


@pytest.mark.parametrize(
    ("tuned", "scratch", "partners"),
    [
        ({"split_hash": "x"}, {"split_hash": "x"}, ["scratch"]),
        ({"split_hash": "x"}, {"split_hash": "y"}, []),
        ({"split_hash": "x", "data_hash": "d"}, {"split_hash": "x", "data_hash": "e"}, []),
        ({"split_hash": "x", "data_hash": "d"}, {}, ["scratch"]),  # published runs have no hashes
        ({}, {"split_hash": "x", "data_hash": "d"}, ["scratch"]),
    ],
    ids=["same", "other split", "other data", "unknown scratch", "unknown run"],
)
@pytest.mark.parametrize("study", ["small", "other"])
def test_a_gain_is_over_a_scratch_that_saw_the_same_images(
    layout, add_run, study, tuned, scratch, partners
):
    add_run("tuned", **tuned)
    add_run("scratch", adaptation="scratch", study=study, **scratch)
    ingest(layout)
    with connect(layout.root) as con:
        assert read_view(con, "marts.gains")["scratch_run_id"].to_list() == partners


def test_the_same_images_go_before_the_same_study(layout, add_run):
    add_run("tuned", split_hash="x")
    add_run("own", adaptation="scratch", split_hash="y")
    add_run("theirs", adaptation="scratch", split_hash="x", study="other")
    ingest(layout)
    with connect(layout.root) as con:
        assert read_view(con, "marts.gains")["scratch_run_id"].to_list() == ["theirs"]


@pytest.mark.parametrize("mart", ["marts.final_scores", "marts.final_similarities"])
def test_what_networks_are_compared_on_names_its_split(layout, add_run, mart):
    add_run("run1", split_hash="x")
    add_run("run2", fold=2)
    ingest(layout)
    with connect(layout.root) as con:
        rows = read_view(con, mart)
    assert dict(rows.select("run_id", "split_hash").iter_rows()) == {"run1": "x", "run2": None}


def test_a_gain_over_a_score_of_zero_has_no_ratio(layout, add_run):
    add_run("tuned", scores=score_rows(0.4, score="kappa_quadratic"))
    add_run("scratch", scores=score_rows(0.0, score="kappa_quadratic"), adaptation="scratch")
    ingest(layout)
    with connect(layout.root) as con:
        assert read_view(con, "marts.gains")["gain_ratio"].to_list() == [None]
        outcomes = read_view(con, "marts.similarity_by_outcome", where={"run_id": "tuned"})
        assert "gain_ratio:kappa_quadratic" not in outcomes["outcome"].to_list()


def test_similarity_by_outcome_has_the_own_start_at_the_same_layer_beside_each_outcome(con):
    rows = read_view(con, "marts.similarity_by_outcome", where={"run_id": "tuned1"})
    assert dict(rows.select("layer", "similarity").unique().rows()) == {
        "block1": 0.6,
        "block2": 0.4,
    }
    block1 = rows.filter(layer="block1")
    assert dict(block1.select("outcome", "outcome_value").rows()) == {
        "gain_difference:auc": pytest.approx(0.3),
        "gain_ratio:auc": pytest.approx(0.5),
        "score:auc": 0.9,
        "score:ece_width_15": 0.25,
        "score:ece_debiased_15": 0.15,
        "calibration_error": 0.25,
        "calibration_error_debiased": 0.15,
        "knn_accuracy": 0.3,  # 10 neighbours on the features that the head takes
    }
    assert block1.filter(outcome="knn_accuracy")["n_neighbours"].to_list() == [10]


@pytest.mark.parametrize(
    ("measure", "value", "null_mean", "calibrated"),
    [
        ("cca_mean", 0.6, 0.2, 0.5),
        ("cka_linear_debiased", -0.1, 0.0, -0.1),
        ("procrustes", 0.3, 1.2, 0.75),
        ("procrustes", 0.0, 1.2, 1.0),
        ("cca_mean", 0.6, None, None),
        ("of_another_package", 0.6, 0.2, None),
    ],
)
def test_a_calibrated_value_is_0_for_chance_and_1_for_the_same_layer(
    layout, add_run, measure, value, null_mean, calibrated
):
    add_run("run1", similarities=similarity_rows(value, measure=measure, null_mean=null_mean))
    ingest(layout)
    with connect(layout.root) as connection:
        (found,) = read_view(connection, "marts.final_similarities")["calibrated_value"]
    assert found == (None if calibrated is None else pytest.approx(calibrated))


@pytest.mark.parametrize(
    ("recorded", "chosen"), [((5, 10, 20), 10), ((8, 50, 20), 20), ((3, 8), 8), ((10,), 10)]
)
def test_the_vote_that_counts_is_the_smallest_of_ten_neighbours_or_more(
    layout, add_run, recorded, chosen
):
    votes = [score_rows(0.01 * k, **KNN, n_neighbours=k) for k in recorded]
    add_run("run1", scores=stacked(*votes))
    ingest(layout)
    with connect(layout.root) as connection:
        rows = read_view(connection, "staging.knn_outcomes")
    assert rows["n_neighbours"].to_list() == [chosen]


def test_trajectories_have_every_epoch_beside_its_scores(con):
    rows = read_view(con, "marts.trajectories", where={"run_id": "tuned1", "layer": "block1"})
    own_start = rows.filter(reference="pretrained").sort("epoch")
    columns = ["epoch", "is_selected", "similarity", "validation_loss", "test_calibration_error"]
    assert own_start.select(columns).rows() == [
        (0, False, 0.95, None, None),
        (1, True, 0.6, 0.7, 0.25),
    ]


def test_the_text_of_a_view_runs_by_hand(con):
    by_hand = con.sql(view_sql("marts.gains")).pl()
    assert by_hand.equals(read_view(con, "marts.gains"))


def test_rows_can_be_chosen_by_value_by_list_and_by_null(con):
    def run_ids(**where):
        return sorted(read_view(con, "raw.runs", where=where)["run_id"].to_list())

    assert run_ids(fold=2) == ["tuned2"]
    assert run_ids(study=["other", "none"], n_blocks=None) == ["scratch1other"]
    assert run_ids(study="x' or true --") == []


@pytest.mark.parametrize(
    ("view", "where", "message"),
    [
        ("marts.finals", None, r"no view 'marts\.finals'"),
        ("raw.runs; drop table raw.runs", None, "no view"),
        ("raw.runs", {"model": 1}, r"raw\.runs has no column model; it has run_id, study"),
    ],
)
def test_refuses_names_that_do_not_exist(con, view, where, message):
    with pytest.raises(WarehouseError, match=message):
        read_view(con, view, where)


@pytest.mark.parametrize("view", ["marts.nothing", "raw.runs", "marts.../../../x"])
def test_only_views_have_a_text(view):
    with pytest.raises(WarehouseError, match="no view"):
        view_sql(view)
