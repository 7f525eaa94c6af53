"""A replay of Zu et al.: which analyses on which rows, what is forgotten, what is explained."""

import numpy as np
import polars as pl
import pytest

from analysis.analyses import ANALYSES, Analysis
from analysis.zu2025 import ROWS, explained, forgetting, zu2025_analyses, zu2025_claims


def test_the_recorded_query_holds_every_condition():
    found = {analysis.name: analysis.query for analysis in zu2025_analyses()}
    assert found.keys() == ROWS.keys() <= {analysis.name for analysis in ANALYSES}
    assert found["binned fits"] == (
        "from marts.similarity_by_outcome where measure = 'cka_linear_debiased' "
        "and probe = 'source' and adaptation = 'full' "
        "and outcome in ('knn_accuracy', 'knn_calibration_error', 'calibration_error')"
    )
    assert found["intervals"] == "from marts.final_scores"


def test_claims_are_those_of_one_paper():
    assert len(zu2025_claims()) == 16
    assert {claim.source for claim in zu2025_claims()} == {"Zu et al. (2025)"}


def test_forgetting_is_a_mean_over_runs_with_a_cls_head():
    rows = [("linear", "cls", 0.8), ("full", "cls", 0.5), ("full", "cls", 0.3), ("full", "mean", 9)]
    scores = pl.DataFrame(
        [
            {
                "pretraining": "a",
                "adaptation": adaptation,
                "pooling": "cls",
                "token": token,
                "split": "source",
                "score": "accuracy",
                "value": float(value),
            }
            for adaptation, token, value in rows
        ]
    )
    elsewhere = scores.with_columns(split=pl.lit("test"), value=0.0)
    scratch = scores.with_columns(adaptation=pl.lit("scratch"), pretraining=pl.lit("random"))
    pooled = scores.with_columns(pooling=pl.lit("mean"), value=7.0)
    found = forgetting(pl.concat([scores, elsewhere, scratch, pooled]))
    assert found.rows() == [("a", pytest.approx(0.8), pytest.approx(0.4))]


def test_what_only_differs_between_datasets_explains_nothing_within(rng: np.random.Generator):
    steps = rng.normal(size=(4, 10))
    steps -= steps.mean(axis=1, keepdims=True)
    other = rng.normal(size=(4, 10))
    other -= other.mean(axis=1, keepdims=True)
    other -= steps * (steps * other).sum() / (steps**2).sum()  # no correlation within datasets
    cell = np.repeat(np.arange(4.0), 10)
    points = pl.DataFrame(
        {
            "pretraining": ["a"] * 40,
            "dataset": [str(int(c)) for c in cell],
            "similarity": cell + 0.1 * steps.ravel(),
            "outcome_value": cell + 0.1 * other.ravel(),
        }
    )
    bins = pl.DataFrame({"pretraining": ["a"], "binned_r_squared": [0.99]})
    found = explained(points, bins).row(0, named=True)
    by_numpy = np.corrcoef(points["similarity"], points["outcome_value"])[0, 1] ** 2
    assert found["on_runs"] == pytest.approx(by_numpy, rel=1e-10)
    assert found["on_runs"] > 0.95
    assert found["within_datasets"] == pytest.approx(0, abs=1e-12)
    assert found["on_bin_means"] == 0.99


def test_a_line_within_each_dataset_is_explained_whatever_lies_between():
    points = pl.DataFrame(
        {
            "pretraining": ["a"] * 6,
            "dataset": ["x"] * 3 + ["y"] * 3,
            "similarity": [0.0, 1.0, 2.0, 10.0, 11.0, 12.0],
            "outcome_value": [10.0, 11.0, 12.0, 0.0, 1.0, 2.0],
        }
    )
    bins = pl.DataFrame({"pretraining": ["a"], "binned_r_squared": [None]}, strict=False)
    assert explained(points, bins)["within_datasets"].item() == pytest.approx(1, rel=1e-12)


def test_one_value_or_several_become_sql():
    several = Analysis("x", "v", "t", lambda rows, _: rows, (), where={"a": ("p", "q"), "b": "r"})
    assert several.query == "from v where a in ('p', 'q') and b = 'r'"
