"""Runs of one network that were trained in several ways are told apart by what differs."""

from typing import Any

import pytest

from tests.warehouse.small_runs import score_rows, write_run
from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.views import read_view


def recorded(**training: object) -> Any:
    """Return what a run records of its settings; probing, threads and what was found differ."""
    seen = {"probing": {"epochs": [len(training)]}, "threads": len(training)}
    return {"training": training, "dataset": {"image_size": None}, **seen}


def variants(tmp_path, *runs):
    """Return the variant of each run, in their order."""
    layout = Layout(tmp_path)
    for number, run in enumerate(runs):
        write_run(layout, f"run{number}", **run)
    ingest(layout)
    with connect(layout.root) as con:
        rows = read_view(con, "staging.runs").sort("run_id")
    return rows["variant"].to_list()


def test_folds_seeds_and_other_networks_are_no_variants(tmp_path):
    rate = {"hyperparameters": recorded(learning_rate=0.1)}
    found = variants(
        tmp_path,
        rate | {"fold": 1},
        rate | {"fold": 2, "seed": 7},
        {"adaptation": "linear", "hyperparameters": recorded(learning_rate=0.01)},
        {"fold": 3},  # says nothing of its settings, as imported runs do
    )
    assert found == [""] * 4


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"image_size": 64}, {"image_size": 128}, ["image_size 64", "image_size 128"]),
        (
            {"hyperparameters": recorded(learning_rate=0.1, precision="bf16", epochs=3)},
            {"hyperparameters": recorded(learning_rate=0.2, precision="float32", epochs=3)},
            ["learning_rate 0.1, precision bf16", "learning_rate 0.2, precision float32"],
        ),
        (
            {"hyperparameters": recorded(clip_norm=None)},
            {"hyperparameters": recorded(clip_norm=1.0)},
            ["clip_norm none", "clip_norm 1.0"],
        ),
        ({"data_hash": "a" * 64}, {"data_hash": "b" * 64}, ["data aaaaaaaa", "data bbbbbbbb"]),
        ({"n_folds": 5}, {"n_folds": 10}, ["n_folds 5", "n_folds 10"]),
    ],
    ids=["image size", "two settings", "set or not", "data", "folds"],
)
def test_a_variant_names_the_settings_that_differ(tmp_path, first, second, expected):
    assert variants(tmp_path, first, second) == expected


def test_a_setting_that_differs_on_one_dataset_is_named_on_all(tmp_path):
    found = variants(
        tmp_path,
        {"dataset": "knee", "image_size": 64},
        {"dataset": "knee", "image_size": 128},
        {"dataset": "chest", "image_size": 64},
    )
    assert found == ["image_size 64", "image_size 128", "image_size 64"]


def test_settings_of_each_dataset_and_of_studies_that_stand_apart_are_no_variants(tmp_path):
    found = variants(
        tmp_path,
        {"dataset": "knee", "image_size": 64},
        {"dataset": "chest", "image_size": 128},
        {"study": "other", "dataset": "knee", "image_size": 256},
    )
    assert found == [""] * 3


def test_a_gain_is_over_the_run_from_scratch_of_the_same_variant(tmp_path):
    layout = Layout(tmp_path)
    for name, rate, scratch in (("a", 0.1, 0.5), ("b", 0.2, 0.6)):
        settings = {"hyperparameters": recorded(learning_rate=rate)}
        write_run(layout, f"tuned_{name}", scores=score_rows(0.9), **settings)
        scores = score_rows(scratch)
        write_run(layout, f"scratch_{name}", scores=scores, adaptation="scratch", **settings)
    ingest(layout)
    with connect(layout.root) as con:
        rows = read_view(con, "marts.gains").sort("run_id")
    assert rows["scratch_value"].to_list() == [0.5, 0.6]


def test_runs_of_a_cell_are_numbered_by_fold_and_seed(tmp_path):
    layout = Layout(tmp_path)
    for name, settings in (
        ("c", {"fold": 1, "seed": 1}),
        ("b", {"fold": 2, "seed": 0}),
        ("a", {"fold": 1, "seed": 0}),
        ("other", {"fold": 1, "adaptation": "linear"}),
    ):
        write_run(layout, name, scores=score_rows(0.9), **settings)
    ingest(layout)
    with connect(layout.root) as con:
        rows = read_view(con, "staging.study_runs").sort("cell", "place")
    places = dict(zip(rows["run_id"], rows["place"], strict=True))
    assert places == {"a": 1, "c": 2, "b": 3, "other": 1}
    assert rows["cell"].n_unique() == 2
