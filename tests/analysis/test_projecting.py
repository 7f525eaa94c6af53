"""What is known before fine-tuning predicts what comes after it, or is said not to."""

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from analysis.analyses import ANALYSES
from analysis.settings import Settings
from analysis.steps.projection import with_pooled_networks
from warehouse.schema import migrate

BEFORE = next(analysis for analysis in ANALYSES if analysis.name == "projections before")
RUN = {
    "study": "made",
    "origin": "repdrift",
    "status": "complete",
    "backbone": "tiny",
    "adaptation": "full",
    "pooling": "mean",
    "head": "linear",
    "task": "binary",
    "n_folds": 2,
    "seed": 0,
    "selected_epoch": 5,
    "shard_hash": "",
}
KNN = {"confidence_source": "knn", "token": "mean", "n_neighbours": 10, "score": "accuracy"}
HEAD = {"confidence_source": "head", "token": "mean", "n_neighbours": 0, "split": "test"}
STARTS = {"imagenet": 0.7, "laion": 0.4}  # k-NN accuracy on the source probe before any step


def warehouse(rng, *, n_datasets):
    """Tables of runs whose final AUC follows the k-NN accuracy that their start had."""
    runs, scores, similarities = [], [], []
    for dataset in range(n_datasets):
        easiness = rng.uniform(0.5, 0.9)
        for start, on_source in STARTS.items():
            for fold in (1, 2):
                run_id = f"{dataset}-{start}-{fold}"
                auc = 0.5 * easiness + 0.3 * on_source + 0.005 * rng.normal()
                runs.append(
                    RUN
                    | {"run_id": run_id, "pretraining": start, "fold": fold}
                    | {"dataset": f"dataset{dataset}"}
                )
                scores += [
                    row | {"run_id": run_id}
                    for row in (
                        KNN | {"epoch": 0, "split": "test", "value": easiness},
                        KNN | {"epoch": 5, "split": "test", "value": 0.99},
                        KNN | {"epoch": 0, "split": "source", "value": on_source},
                        KNN | {"epoch": 0, "split": "test", "value": rng.uniform(), "score": "nll"},
                        HEAD | {"epoch": 0, "score": "accuracy", "value": 0.5},
                        HEAD | {"epoch": 0, "score": "logme", "value": 2 * easiness},
                        HEAD | {"epoch": 5, "score": "auc", "value": auc},
                        HEAD | {"epoch": 5, "score": "ece_width_15", "value": 0.05},
                    )
                ]
                similarities += [
                    {"run_id": run_id, "epoch": 5, "layer": layer, "reference_layer": layer}
                    | {"token": "mean", "reference": "pretrained", "probe": "target"}
                    | {"measure": "cka_linear_debiased", "value": rng.uniform()}
                    for layer in ("early", "late")
                ]
    return {"runs": runs, "scores": scores, "similarities": similarities}


def projected(rng, *, n_datasets=8):
    """Rows of the analysis on such tables."""
    with duckdb.connect() as con:
        migrate(con, Path(":memory:"))
        for name, rows in warehouse(rng, n_datasets=n_datasets).items():
            con.register("rows_to_write", pl.DataFrame(rows).to_arrow())
            con.execute(f"insert into raw.{name} by name from rows_to_write")
        points = con.sql(BEFORE.query).pl()
    return BEFORE.compute(points, Settings())


def row_of(rows, **values):
    return rows.filter(*(pl.col(name) == value for name, value in values.items())).row(
        0, named=True
    )


AUC = {"outcome": "score:auc", "pretraining": "imagenet", "split": "test"}


def test_an_early_score_that_a_late_one_follows_has_skill_and_another_has_none(rng):
    rows = projected(rng)
    followed = row_of(rows, score="accuracy", **AUC)
    useless = row_of(rows, score="nll", **AUC)
    assert followed["status"] == "fitted"
    assert followed["skill"] > 0.9
    assert useless["skill"] < 0.3
    assert followed["half_width"] < 0.25 * followed["trivial_half_width"]
    assert followed["n_datasets"] == 8
    assert len(followed["run_ids"]) == followed["n_runs"] == 16


def test_only_scores_from_before_the_first_step_predict_and_none_of_the_untrained_head(rng):
    rows = projected(rng)
    assert set(rows.select("confidence_source", "score").unique().rows()) == {
        ("knn", "accuracy"),
        ("knn", "nll"),
        ("head", "logme"),
    }
    # The same number twice, in other units: the same skill.
    logme, accuracy = (row_of(rows, score=score, **AUC) for score in ("logme", "accuracy"))
    assert logme["skill"] == pytest.approx(accuracy["skill"], rel=1e-9)


def test_what_a_start_scores_on_the_source_predicts_between_starts_only(rng):
    rows = projected(rng).filter(pl.col("split") == "source", pl.col("outcome") == "score:auc")
    alone = row_of(rows, pretraining="imagenet")
    assert (alone["status"], alone["reason"]) == ("undefined", "the predictor is constant")
    together = row_of(rows, pretraining="pooled")
    assert together["status"] == "fitted"
    assert together["n_runs"] == 32
    assert together["skill"] > 0.2


def test_an_outcome_that_never_varies_is_not_predicted(rng):
    row = row_of(projected(rng), outcome="calibration_error", score="accuracy", split="test")
    assert (row["status"], row["reason"]) == ("undefined", "the outcome is constant")


def test_three_datasets_abstain_from_an_interval_at_eighty_percent(rng):
    row = row_of(projected(rng, n_datasets=3), score="accuracy", **AUC)
    assert (row["status"], row["half_width"]) == ("abstains", None)
    assert row["reason"] == "3 datasets promise at most 0.750, not 0.8"
    assert row["skill"] is not None


def test_networks_of_one_start_have_no_pooled_rows():
    treatment = {"n_blocks": None, "variant": "", "value": np.arange(2.0)}
    points = pl.DataFrame(RUN | {"pretraining": ["imagenet"] * 2} | treatment)
    assert len(with_pooled_networks(points)) == 2
