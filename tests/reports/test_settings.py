"""What may share a panel: runs of one adaptation and head, on the features that the head reads."""

import polars as pl

from reports.exhibits.exhibit import Data
from reports.exhibits.settings import of_own_head, with_setting
from reports.selection import primary
from reports.store import read
from tests.reports.building import rows
from tests.reports.conftest import insert
from tests.reports.test_space import membership

RUNS = pl.DataFrame(
    {
        "adaptation": ["full", "full", "freeze_first_k"],
        "n_blocks": pl.Series([None, None, 3], dtype=pl.Int32),
        "variant": "",
        "pooling": ["cls", "mean", "cls"],
        "head": ["linear"] * 3,
        "token": ["cls", "cls", "mean"],
    }
)


def test_settings_name_what_varies_and_keep_the_order_of_the_rows():
    assert with_setting(RUNS)["setting"].to_list() == [
        "full, head on cls",
        "full, head on mean",
        "freeze first 3, head on cls",
    ]
    assert with_setting(RUNS.filter(pooling="cls"))["setting"].to_list() == [
        "full",
        "freeze first 3",
    ]
    heads = RUNS.with_columns(head=pl.Series(["linear", "transformer", "linear"]))
    assert with_setting(heads)["setting"][1] == "full, transformer head on mean"
    rates = RUNS.with_columns(variant=pl.lit("learning_rate 0.001"))
    assert with_setting(rates)["setting"][2] == "freeze first 3, learning rate 0.001, head on cls"


def test_the_primary_selection_keeps_the_features_that_a_head_reads():
    everything = Data({}, {}, {})
    chosen = Data({}, {}, {}, conditions={"scores": {"repdrift": {"token": ("cls", "mean")}}})
    assert of_own_head(everything, RUNS).height == 3
    assert of_own_head(chosen, RUNS)["pooling"].to_list() == ["cls"]
    assert of_own_head(chosen, RUNS.with_columns(token=pl.lit("spatial"))).height == 3


def test_the_similarity_space_is_that_of_accuracy_where_there_is_one(con):
    for scores, expected in ((("auc",), "auc"), (("accuracy",), "accuracy")):
        insert(con, "results.memberships", rows(*(membership(score=score) for score in scores)))
        frames = {name: read(con, name) for name in ("memberships", "scores", "networks")}
        kept = primary(Data(frames, {}, {})).frames["memberships"]
        assert set(kept["score"]) == {expected}
