"""Runs that were trained differently, or whose heads read other features, are never averaged."""

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from analysis.settings import Settings
from analysis.steps.comparisons import interval_rows
from analysis.steps.slopes import binned_rows, regression_rows
from analysis.studies import with_study_sets
from warehouse.schema import migrate
from warehouse.views import read_view

CELL = {
    "origin": "repdrift",
    "status": "complete",
    "backbone": "tiny",
    "pretraining": "imagenet",
    "adaptation": "full",
    "pooling": "cls",
    "head": "linear",
    "dataset": "knee",
    "task": "binary",
    "shard_hash": "",
}


def study_sets(*runs):
    """Return the set of each study of some runs."""
    rows = pl.DataFrame([CELL | run | {"run_id": str(i)} for i, run in enumerate(runs)])
    with duckdb.connect() as con:
        migrate(con, Path(":memory:"))
        con.register("rows_to_write", rows.to_arrow())
        con.execute("insert into raw.runs by name from rows_to_write")
        found = read_view(con, "staging.studies")
    return dict(found.select("study", "studies").iter_rows())


def test_studies_of_other_datasets_or_networks_complete_each_other():
    found = study_sets(
        {"study": "b", "dataset": "knee"},
        {"study": "a", "dataset": "chest"},
        {"study": "c", "adaptation": "scratch"},
    )
    assert found == dict.fromkeys("abc", "a + b + c")


def test_studies_with_a_cell_in_common_stand_alone():
    found = study_sets(
        {"study": "base", "seed": 0},
        {"study": "higher rate", "seed": 1},  # the same cell, trained differently
        {"study": "chest", "dataset": "chest"},
        {"study": "eye", "dataset": "eye"},
    )
    assert found == {
        "base": "base",
        "higher rate": "higher rate",
        "chest": "chest + eye",
        "eye": "chest + eye",
    }


@pytest.mark.parametrize(
    ("first", "second", "is_one_set"),
    [
        ({"data_hash": "d"}, {"data_hash": "d"}, True),
        ({"data_hash": "d"}, {"data_hash": "e"}, False),
        ({"data_hash": "d"}, {"data_hash": "e", "dataset": "chest"}, True),
        ({"data_hash": "d"}, {}, True),
        ({"split_hash": "x"}, {"split_hash": "y"}, False),
        ({"split_hash": "x", "fold": 1}, {"split_hash": "y", "fold": 2}, True),
        ({"split_hash": "x"}, {}, True),
    ],
    ids=["same", "data", "two datasets", "one unknown", "split", "two folds", "unknown split"],
)
def test_studies_of_other_images_under_one_name_stand_alone(first, second, is_one_set):
    found = study_sets(
        {"study": "full"} | first,
        {"study": "scratch", "adaptation": "scratch"} | second,
        {"study": "eye", "dataset": "eye", "data_hash": "f", "split_hash": "z"},
    )
    alone = {name: name for name in found}
    assert found == (dict.fromkeys(found, "eye + full + scratch") if is_one_set else alone)


def test_the_same_cell_of_another_origin_is_no_matter():
    found = study_sets({"study": "a"}, {"study": "b", "origin": "elsewhere"})
    assert found == {"a": "a", "b": "b"}
    found = study_sets({"study": "a"}, {"study": "b", "status": "diverged"})
    assert found == {"a": "a"}


def test_rows_of_an_unknown_study_keep_its_name():
    rows = pl.DataFrame({"origin": ["x", "x"], "study": ["a", "b"], "value": [1, 2]})
    sets = pl.DataFrame({"origin": ["x"], "study": ["a"], "studies": ["a + c"]})
    found = with_study_sets(rows, sets)
    assert found.columns == rows.columns
    assert found.rows() == [("x", "a + c", 1), ("x", "b", 2)]


@pytest.fixture
def points(rng):
    """Two datasets; heads on cls fall with similarity, heads on mean rise with it."""
    rows = []
    for pooling, slope in (("cls", -1.0), ("mean", 1.0)):
        for dataset in ("knee", "chest"):
            for seed in range(15):
                similarity = rng.uniform(0.2, 0.9)
                outcome = slope * similarity + 0.05 * rng.normal()
                rows.append((pooling, dataset, seed, similarity, outcome))
    frame = pl.DataFrame(
        rows, schema=["pooling", "dataset", "seed", "similarity", "outcome_value"], orient="row"
    )
    names: dict[str, str | None] = {"origin": "repdrift", "study": "s", "backbone": "tiny"}
    names |= {"pretraining": "imagenet"}
    names |= {"adaptation": "full", "n_blocks": None, "variant": "", "head": "linear"}
    names |= {"layer": "last", "token": "cls", "probe": "source", "measure": "cka"}
    names |= {"outcome": "knn_accuracy", "n_test": None}
    return frame.with_columns(
        pl.lit(value).alias(name) for name, value in names.items()
    ).with_columns(run_id=pl.concat_str("pooling", "dataset", "seed", separator="-"))


@pytest.mark.parametrize("column", ["pooling", "head", "study", "n_blocks", "variant"])
def test_slopes_of_networks_that_differ_are_not_mixed(points, column):
    # The two halves have slopes of -1 and 1; together they would have none.
    halves = points.with_columns(pl.col("pooling").alias(column))
    rows = regression_rows(halves, Settings()).filter(method="ols", term="similarity")
    rows = rows.filter(pl.col("adaptation") != "pooled")
    found = dict(rows.select(column, "estimate").iter_rows())
    assert found == {"cls": pytest.approx(-1, abs=0.1), "mean": pytest.approx(1, abs=0.1)}
    binned = binned_rows(halves, Settings()).filter(pl.col("adaptation") != "pooled")
    assert dict(binned.select(column, "n_runs").iter_rows()) == {"cls": 30, "mean": 30}
    assert (binned["binned_r_squared"] > 0.9).all()


def test_families_hold_the_tests_of_one_kind_of_network(points):
    rows = regression_rows(points, Settings()).filter(method="ols", term="similarity")
    assert rows["family_size"].to_list() == [1, 1]


def test_a_mean_is_of_runs_of_one_study():
    scores = pl.DataFrame(
        {
            **{name: CELL[name] for name in CELL if name not in {"status", "task", "shard_hash"}},
            "study": ["low rate", "low rate", "high rate", "high rate"],
            "run_id": list("abcd"),
            "n_blocks": pl.Series([None] * 4, dtype=pl.Int32),
            "variant": "",
            "seed": [0, 1, 0, 1],
            "value": np.array([0.9, 0.8, 0.5, 0.4]),
            **{name: pl.Series([None] * 4, dtype=pl.Int32) for name in ("fold", "n_folds")},
            **{name: pl.Series([None] * 4, dtype=pl.Int32) for name in ("n_train", "n_test")},
            **{"split": "test", "confidence_source": "head", "token": "cls", "n_neighbours": 0},
            "score": "accuracy",
        }
    )
    found = interval_rows(scores, Settings())
    assert dict(found.select("study", "estimate").iter_rows()) == {
        "high rate": pytest.approx(0.45),
        "low rate": pytest.approx(0.85),
    }
