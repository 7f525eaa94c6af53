"""The questions that a user asks first have an answer that was worked out by hand."""

from typing import Any

import polars as pl
import pytest

from tests.warehouse.small_runs import score_rows, similarity_rows, write_run
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.queries import saved_queries, saved_query
from warehouse.results import write_results
from warehouse.sandbox import close_sandbox, query_rows

QUESTIONS = {
    "best_network_per_dataset",
    "calibration_per_cell",
    "disputed_images",
    "diverged_runs",
    "drift_beyond_seeds",
    "forgetting_of_source",
    "gain_over_scratch",
    "mean_and_interval_per_cell",
    "similarity_per_epoch",
    "similarity_per_layer",
    "slopes_on_similarity",
    "unfinished_cells",
}
KNN: dict[str, Any] = {
    "split": "source",
    "confidence_source": "knn",
    "score": "accuracy",
    "n_neighbours": 10,
}
RESULTS = {
    "origin": "repdrift",
    "study": "small",
    "backbone": "resnet18",
    "pretraining": "imagenet",
    "adaptation": "full",
    "variant": "",
    "token": "mean",
    "level": 0.95,
    "n_runs": 2,
    "run_ids": ["full1", "full2"],
}


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """Two folds of full, linear and scratch on one dataset, a diverged fold, and two results."""
    layout = Layout(tmp_path_factory.mktemp("questions"))
    for fold, auc, cka in [(1, 0.8, 0.5), (2, 0.9, 0.7)]:
        scores = pl.concat(
            [
                score_rows(auc),
                score_rows(0.1 * fold, score="ece_width_15"),
                score_rows(0.75, score="accuracy"),
                score_rows(0.5 * fold, split="validation", score="loss"),
                score_rows(0.9, epoch=0, **KNN),
                score_rows(0.9 - 0.2 * fold, **KNN),
            ]
        )
        layers = [
            similarity_rows(1.0, epoch=0, null_mean=0.1),
            similarity_rows(cka, null_mean=0.1),
        ]
        full, linear = (
            (said(("a", 1, 0.9), ("b", 0, p), ("c", 1, 0.2)) if fold == 1 else None)
            for p in (0.3, 0.7)
        )
        layers_of = pl.concat(layers)
        write_run(
            layout,
            f"full{fold}",
            scores=scores,
            similarities=layers_of,
            predictions=full,
            fold=fold,
        )
        other: dict[str, Any] = {"similarities": similarity_rows(0.9), "fold": fold}
        write_run(
            layout,
            f"linear{fold}",
            scores=score_rows(0.7),
            predictions=linear,
            adaptation="linear",
            **other,
        )
        write_run(layout, f"scratch{fold}", scores=score_rows(0.6), adaptation="scratch", **other)
    write_run(layout, "diverged", fold=3, status="diverged")
    ingest(layout)
    interval = {
        **RESULTS,
        **{"dataset": "knee", "pooling": "mean", "head": "linear", "split": "test"},
        **{"confidence_source": "head", "n_neighbours": 0, "score": "auc", "uncertainty": "fold"},
        **{"method": "t", "estimate": 0.85, "sd": 0.07, "ci_low": 0.2, "ci_high": 1.5},
    }
    slope = {
        **RESULTS,
        **{"layer": "block1", "probe": "target", "measure": "cka_linear", "status": "fitted"},
        **{"outcome": "gain_ratio:auc", "method": "ols", "term": "similarity", "estimate": 0.8},
        **{"p_value": 0.2, "n_clusters": 1, "pooling": "mean", "head": "linear"},
    }
    analysis = {
        "query": "from x",
        "parameters": {},
        "n_runs": 2,
        "data_hash": "",
        "code_version": "",
    }
    with connect(layout.root, read_only=False) as con:
        for name, row in [("intervals", interval), ("regressions", slope)]:
            rows = pl.DataFrame([row])
            write_results(con, analysis=analysis | {"name": name}, tables={name: rows})
    return layout


@pytest.fixture
def answer(layout):
    """Answer a saved query as `repdrift sql @name -p ...` does."""
    with connect(layout.root) as con:
        close_sandbox(con, layout)

        def run(name, **values):
            saved = saved_query(layout, name)
            return query_rows(con, saved.text, saved.bound(values))

        yield run


def test_questions_are_saved_each_with_its_text_and_what_its_parameters_mean(layout):
    assert set(saved_queries(layout)) == QUESTIONS
    for saved in saved_queries(layout).values():
        assert saved.question.endswith("?")
        assert all(saved.parameters.values()), saved.name


def said(*probabilities: tuple[str, int, float]) -> pl.DataFrame:
    """Return rows for `predictions` of a head: image, label, probability of class 1."""
    where = {"epoch": 1, "split": "test", "confidence_source": "head", "token": "mean"}
    return pl.DataFrame(
        [
            {**where, "n_neighbours": 0, "sample_id": sample, "label": label,
             "probabilities": [1 - p, p]}
            for sample, label, p in probabilities
        ]
    )  # fmt: skip


def about(**values):
    return {name: pytest.approx(value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("best_network_per_dataset", {},
         {"adaptation": "full", "n_runs": 2, **about(mean_score=0.85, ahead_of_second=0.15)}),
        ("calibration_per_cell", {"dataset": "knee"},
         {"n_runs": 2, **about(mean_calibration_error=0.15, mean_accuracy=0.75)}),
        ("disputed_images", {"dataset": "knee"},
         {"sample_id": "b", "true_class": 0, "n_runs": 2, "n_correct": 1,
          "always_right": ["resnet18 / imagenet / full / mean / linear"],
          "never_right": ["resnet18 / imagenet / linear / mean / linear"],
          **about(mean_probability_of_class=0.5)}),
        ("diverged_runs", {}, {"run_id": "diverged", "fold": 3}),
        ("forgetting_of_source", {},
         {"n_neighbours": 10, **about(mean_before=0.9, mean_after=0.6, mean_change=-0.3)}),
        ("gain_over_scratch", {"score": "auc"},
         about(mean_gain=0.25, mean_of_scratch=0.6, mean_gain_ratio=0.25 / 0.6)),
        ("mean_and_interval_per_cell", {"dataset": "knee"},
         {"adaptation": "full", "method": "t", **about(mean=0.85, ci_low=0.2, ci_high=1.5)}),
        ("similarity_per_epoch", {"measure": "cka_linear"},
         {"adaptation": "full", "epoch": 0, "mean_validation_loss": None, "mean_similarity": 1}),
        ("similarity_per_layer", {"dataset": "knee"},
         {"adaptation": "full", "n_runs": 2, **about(mean_similarity=0.6, noise_floor=0.1)}),
        ("slopes_on_similarity", {"layer": "block1"},
         {"outcome": "gain_ratio:auc", "method": "ols", **about(slope=0.8, p_value=0.2)}),
        ("unfinished_cells", {},
         {"adaptation": "full", "n_complete": 2, "complete_folds": [1, 2], "diverged_folds": [3]}),
    ],
)  # fmt: skip
def test_answers(answer, name, values, expected):
    first = answer(name, **values).row(0, named=True)
    assert {column: first[column] for column in expected} == expected


def test_a_network_whose_runs_disagree_is_neither_always_nor_never_right(tmp_path):
    layout = Layout(tmp_path)
    for seed, p in enumerate((0.9, 0.2)):
        write_run(layout, f"run{seed}", predictions=said(("a", 1, p), ("b", 1, 0.9)), seed=seed)
    ingest(layout)
    with connect(layout.root) as con:
        rows = query_rows(con, saved_query(layout, "disputed_images").text, {"dataset": None})
    found = rows.select("sample_id", "n_runs", "n_correct", "always_right", "never_right").rows()
    name = "resnet18 / imagenet / full / mean / linear"
    assert found == [("a", 2, 1, None, None), ("b", 2, 2, [name], None)]


def test_seeds_are_held_against_each_other_and_against_their_start(tmp_path):
    """A pair of other networks, and one of other layers, say nothing of seeds."""
    layout = Layout(tmp_path)
    between: dict[str, Any] = {"reference": "run", "reference_run_id": "run0"}
    other: dict[str, Any] = {"reference": "run", "reference_run_id": "linear"}
    write_run(layout, "run0", similarities=similarity_rows(0.5), seed=0)
    write_run(layout, "linear", similarities=similarity_rows(1.0), seed=0, adaptation="linear")
    kinds = [
        similarity_rows(0.7),
        similarity_rows(0.8, **between),
        similarity_rows(0.1, **other),
        similarity_rows(0.2, reference_layer="block2", **between),
    ]
    write_run(layout, "run1", similarities=pl.concat(kinds, how="diagonal"), seed=1)
    ingest(layout)
    with connect(layout.root) as con:
        saved = saved_query(layout, "drift_beyond_seeds")
        (row,) = query_rows(con, saved.text, saved.bound({})).rows(named=True)
    assert (row["adaptation"], row["layer"], row["n_runs"], row["n_pairs"]) == (
        "full",
        "block1",
        2,
        1,
    )
    assert row["to_the_start"] == pytest.approx(0.6)
    assert row["between_seeds"] == pytest.approx(0.8)


def test_a_parameter_narrows_the_answer(answer):
    assert len(answer("gain_over_scratch")) == 2
    for name in ("gain_over_scratch", "similarity_per_layer", "mean_and_interval_per_cell"):
        assert answer(name, dataset="isic").is_empty()


def test_a_users_own_query_goes_before_the_shipped_one(tmp_path):
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "diverged_runs.sql").write_text("-- Mine?\nselect $a as a, 1 as b")
    saved = saved_query(Layout(tmp_path), "diverged_runs")
    assert (saved.question, saved.bound({"a": 2})) == ("Mine?", {"a": 2})
    with pytest.raises(WarehouseError, match="diverged_runs has no parameter 'c'; it has a"):
        saved.bound({"c": 1})


def test_a_file_is_a_query_too_and_may_begin_with_a_comment(tmp_path):
    file = tmp_path / "mine.sql"
    file.write_text("-- Mine?\n-- $a: any number\nselect $a as a")
    saved = saved_query(Layout(tmp_path), str(file))
    assert (saved.question, saved.parameters) == ("Mine?", {"a": "any number"})


def test_names_a_query_of_the_user_that_is_no_text(tmp_path):
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "mine.sql").write_bytes(b"select '\xff'")
    with pytest.raises(WarehouseError, match=r"mine\.sql is not text in UTF-8: correct it or move"):
        saved_queries(Layout(tmp_path))


def test_refuses_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(WarehouseError, match=r"cannot read .*none\.sql: No such file"):
        saved_query(Layout(tmp_path), str(tmp_path / "none.sql"))
    (tmp_path / "binary.sql").write_bytes(b"\xff\xfe")
    with pytest.raises(WarehouseError, match=r"binary\.sql is no UTF-8 text"):
        saved_query(Layout(tmp_path), str(tmp_path / "binary.sql"))


def test_refuses_an_unknown_name(layout):
    with pytest.raises(WarehouseError, match=r"no saved query 'all': `repdrift sql --list`"):
        saved_query(layout, "all")
