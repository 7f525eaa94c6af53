"""By default a report shows one measure, probe, token and k, and only what has enough runs."""

import json
from collections.abc import Callable

import polars as pl
import pytest
from matplotlib.figure import Figure

from reports.exhibits.exhibit import Artefact, Data
from reports.exhibits.registry import EXHIBITS
from reports.rendering import render
from reports.selection import (
    HEAD_ALONE,
    LEAST,
    first_figures,
    further,
    primary,
    reason,
    selection_line,
)
from reports.store import AtLeast, condition, read, selection_sql
from reports.tables.model import Block, Column, Row, Table
from tests.reports.conftest import MEASURE, fill, insert

SCORE = {
    "origin": "o",
    "dataset": "d",
    "split": "test",
    "confidence_source": "head",
    "token": "mean",
    "n_neighbours": 0,
    "score": "auc",
}


def selected(query: str, rows: list[dict[str, object]], *scores: dict[str, object]) -> pl.DataFrame:
    """Return the rows of a query that are primary, given the recorded scores."""
    frames = {"scores": pl.DataFrame([SCORE, *(SCORE | score for score in scores)])}
    frames[query] = pl.DataFrame(rows, infer_schema_length=None)
    return primary(Data(frames, {}, {})).frames[query]


def cells(**values: list[object]) -> list[dict[str, object]]:
    """Return one row per value of a column, alike in everything else."""
    ((column, each),) = values.items()
    row = {"origin": "o", "measure": "cca_mean", "probe": "target", "token": "mean"}
    return [row | {column: value} for value in each]


@pytest.mark.parametrize(
    ("column", "recorded", "kept"),
    [
        ("measure", ["cca_mean", "cka_linear_debiased"], "cka_linear_debiased"),
        ("measure", ["rsa", "cca_mean"], "cca_mean"),
        ("probe", ["source", "target"], "target"),
        ("probe", ["source"], "source"),
        ("token", ["cls", "mean"], "mean"),  # what the head reads
        ("token", ["spatial", "cls"], "cls"),
    ],
)
def test_one_of_each_is_primary(column, recorded, kept):
    rows = selected("layer_similarities", cells(**{column: recorded}))
    assert rows[column].to_list() == [kept]


def test_the_smallest_k_is_primary():
    rows: list[dict[str, object]] = [
        {"origin": "o", "token": "mean", "n_neighbours": k} for k in (20, 10, 50)
    ]
    assert selected("source_knn", rows)["n_neighbours"].to_list() == [10]


@pytest.mark.parametrize(
    ("recorded", "task"),
    [
        (["accuracy", "auc"], "auc"),
        (["auc_ovr_weighted", "kappa_quadratic"], "kappa_quadratic"),
        (["auc_ovr_macro", "map_macro"], "map_macro"),
        (["loss", "accuracy"], "accuracy"),
    ],
)
def test_outcomes_are_the_gain_of_the_task_score_calibration_and_knn(recorded, task):
    scores = pl.DataFrame([SCORE | {"score": score} for score in recorded])
    outcomes = [f"gain_ratio:{score}" for score in recorded]
    outcomes += ["calibration_error", "knn_accuracy", "knn_calibration_error"]
    points = pl.DataFrame([{"origin": "o", "outcome": outcome} for outcome in outcomes])
    chosen = primary(Data({"scores": scores, "points": points}, {}, {}))
    kept = chosen.frames["points"]["outcome"].to_list()
    assert kept == [f"gain_ratio:{task}", "calibration_error", "knn_accuracy"]


def test_scores_are_the_task_score_accuracy_and_calibration():
    names = ("accuracy", "ece_width_15", "f1_macro", "loss")
    frames = {"scores": pl.DataFrame([SCORE, *(SCORE | {"score": name} for name in names)])}
    kept = primary(Data(frames, {}, {})).frames["scores"]["score"].to_list()
    assert kept == ["auc", "accuracy", "ece_width_15"]


def test_each_origin_has_its_own_primary_measure():
    rows = [*cells(measure=["cca_mean", "cka_linear_debiased"])]
    rows += [row | {"origin": "p"} for row in cells(measure=["cca_mean"])]
    kept = selected("layer_similarities", rows, {"origin": "p"})
    assert kept.select("origin", "measure").rows() == [
        ("o", "cka_linear_debiased"),
        ("p", "cca_mean"),
    ]


def test_a_specification_curve_keeps_every_measure():
    rows = [
        row | {"score": "auc", "n_runs": 50}
        for row in cells(measure=["cca_mean", "cka_linear_debiased"])
    ]
    assert len(selected("specifications", rows)) == 2


@pytest.mark.parametrize("query", LEAST)
def test_cells_that_are_too_small_are_left_out(query):
    column, least = LEAST[query]
    row: dict[str, object] = {"origin": "o"}
    row |= {"confidence_source": "head"} if query in HEAD_ALONE else {}
    row |= {"n_clusters": 2} if query == "regressions" else {}
    frame = pl.DataFrame([row | {column: least - 1}, row | {column: least}])
    every = Data({"scores": pl.DataFrame([SCORE]), query: frame}, {}, {})
    assert primary(every).frames[query][column].to_list() == [least]
    small = Data({query: frame.head(1)}, {}, {})
    assert reason(query, small).startswith(f"fewer than {least} ")


@pytest.mark.parametrize("query", sorted({*LEAST, *HEAD_ALONE}))
def test_the_rules_name_columns_that_queries_have(con, query):
    column = LEAST[query][0] if query in LEAST else "confidence_source"
    assert column in read(con, query).columns
    assert query in {name for exhibit in EXHIBITS for name in exhibit.queries}


def test_the_line_names_what_was_chosen_and_the_way_to_the_rest():
    rows = pl.DataFrame(cells(measure=["cca_mean", "cka_linear_debiased"]))
    every = Data({"scores": pl.DataFrame([SCORE]), "layer_similarities": rows}, {}, {})
    assert selection_line(primary(every), every) == (
        "Primary selection: measure: debiased linear CKA (1 of 2). "
        "The rest: repdrift report build --all."
    )
    assert selection_line(every, every) == ""


def test_the_conditions_are_in_the_sql():
    assert condition("n_runs", AtLeast(10)) == "n_runs >= 10"
    assert selection_sql("networks", {"n_runs": AtLeast(3)}).endswith("where n_runs >= 3;\n")


@pytest.fixture(scope="module")
def two_measures():
    """Return the small warehouse with a second measure and probe, as a report and with --all."""
    import duckdb

    with duckdb.connect() as con:
        fill(con)
        extra = con.sql("from raw.similarities").pl()
        second = extra.with_columns(measure=pl.lit("zzz"))
        insert(con, "raw.similarities", second)
        insert(con, "raw.similarities", extra.with_columns(probe=pl.lit("source")))
        small = con.sql("from results.regressions").pl().with_columns(n_runs=9)
        insert(con, "results.regressions", small.with_columns(layer=pl.lit("small")))
        chosen = render(con, pictures=False)
        every = render(con, everything=True, pictures=False)
        rows = {p: con.sql(c.decode()).pl() for p, c in chosen.files.items() if p.endswith(".sql")}
        return chosen, every, rows


def test_all_shows_what_the_selection_leaves_out(two_measures):
    chosen, every, _ = two_measures
    beyond = {path.rsplit(".", 1)[0] for path in every.files.keys() - chosen.files.keys()}
    assert {path for path in beyond if "zzz" in path or "source" in path} == beyond != set()
    assert f"figures/similarity-by-layer-juodelyte2023-{MEASURE}".replace("_", "-") in "".join(
        chosen.files
    )
    assert every.selection == ""
    assert "Primary selection" in chosen.files["report.tex"].decode()
    assert [json.loads(r.files["manifest.json"])["everything"] for r in (chosen, every)] == [
        False,
        True,
    ]


def test_what_a_paper_shows_is_the_same_with_all(two_measures):
    chosen, every, _ = two_measures
    paper = {path for path in every.files if "/juodelyte2023-" in path}
    assert paper
    assert all(chosen.files[path] == every.files[path] for path in paper)


def test_the_sql_of_a_selection_gives_the_rows_of_its_csv(two_measures):
    chosen, _, rows = two_measures
    for path, found in rows.items():
        content = chosen.files[path.replace(".sql", ".csv")].decode()
        assert content.count("\n") == len(found) + 1, path
    name = "tables/regressions-juodelyte2023-gain-ratio-auc-cca-mean-juodelyte-spatial-target.sql"
    assert "n_in_cell >= 10" in chosen.files[name].decode()
    assert "small" not in rows[name]["layer"].to_list()


def test_adaptations_pooled_in_one_dataset_are_no_evidence(con):
    rows = con.sql("from results.regressions").pl().with_columns(n_clusters=1, n_runs=20)
    con.execute("delete from results.regressions")
    insert(con, "results.regressions", rows.with_columns(adaptation=pl.lit("pooled")))
    assert "Regressions on similarity" in render(con).left_out
    assert "Regressions on similarity" not in render(con, everything=True).left_out


def test_an_exhibit_of_many_figures_shows_the_first_and_says_how_many_more():
    def artefact(name: str, content: Table | Callable[[], Figure]) -> Artefact:
        return Artefact(name, "", content, ())

    table = Table((Column("x"),), (Block((Row(("a",)),)),))
    made = [artefact("t", table), *(artefact(f"f{i}", Figure) for i in range(9))]
    kept = first_figures(made)
    assert [one.name for one in kept] == ["t", "f0", "f1", "f2", "f3"]
    assert further(made, kept) == "5 further figures: repdrift report build --all."
    assert further(made, made) == ""
