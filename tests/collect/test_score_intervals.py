"""Scores at the checkpoint that stands for a run say how sure they are on their images."""

import json

import polars as pl
import pytest

from collect.measures.score_bootstrap import score_intervals
from collect.recording.score_intervals import _groups, _labels, _probabilities, interval_rows
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.views import read_view

pytestmark = pytest.mark.train
KEY = ["epoch", "split", "confidence_source", "token", "n_neighbours", "score"]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("intervals")
    config = small_run(root, training={"epochs": 3}, probing={"n_resamples": 40})
    layout = Layout(root / "w")
    return layout, execute(config, layout, lambda _: None)


def test_every_score_of_the_selected_epoch_has_an_interval_or_a_reason(done):
    _, path = done
    selected = json.loads((path / "run.json").read_text())["selected_epoch"]
    scores = pl.read_parquet(path / "scores.parquet").filter(epoch=selected, split=pl.col("split"))
    scored = scores.filter(pl.col("split").is_in(["test", "source"]))
    intervals = pl.read_parquet(path / "score_intervals.parquet")
    assert set(intervals["epoch"]) == {selected}
    assert intervals.select(KEY).is_duplicated().sum() == 0
    assert len(intervals.join(scored, on=KEY, how="anti")) == 0
    log = (path / "run.log").read_text()
    for row in scored.join(intervals, on=KEY, how="anti").iter_rows(named=True):
        reason = f"interval, {row['split']}, {row['confidence_source']}"
        assert any(
            reason in line and f", {row['score']}: " in line and "lack a class" in line
            for line in log.splitlines()
        ), row


def test_intervals_are_over_patients_who_are_named(done):
    intervals = pl.read_parquet(done[1] / "score_intervals.parquet")
    units = intervals.select("split", "unit", "n_units", "level").unique().sort("split")
    assert units.rows() == [("source", "group", 12, 0.95), ("test", "group", 8, 0.95)]


def test_intervals_are_those_of_the_predictions_kept(done):
    _, path = done
    row = pl.read_parquet(path / "score_intervals.parquet").row(
        by_predicate=(pl.col("split") == "test") & (pl.col("score") == "brier"), named=True
    )
    frame = pl.read_parquet(path / "predictions.parquet").filter(
        epoch=row["epoch"], split="test", confidence_source="head"
    )
    found = score_intervals(
        "binary", _probabilities(frame), _labels(frame), groups=_groups(frame), n_resamples=40
    )["brier"]
    assert (row["std_error"], row["ci_low"], row["ci_high"]) == pytest.approx(
        (found.std_error, found.ci_low, found.ci_high), rel=1e-12
    )


def test_the_loss_has_the_interval_of_the_likelihood_unless_it_weighs_classes(done, tmp_path):
    weighted = small_run(tmp_path, training={"class_weights": "balanced"}, with_source=False)
    other = execute(weighted, Layout(tmp_path / "w"), lambda _: None)
    for path, scores in ((done[1], {"loss", "nll"}), (other, {"nll"})):
        found = pl.read_parquet(path / "score_intervals.parquet").filter(
            pl.col("score").is_in(["loss", "nll"]), split="test"
        )
        assert set(found["score"]) == scores
        assert found["ci_low"].n_unique() == 1


def test_the_warehouse_shows_them_beside_the_scores(done):
    layout, _ = done
    assert ingest(layout).problems == ()
    with connect(layout.root) as con:
        shown = read_view(con, "marts.score_intervals", where={"score": "accuracy"})
    assert (shown["ci_low"] <= shown["value"]).all()
    assert (shown["value"] <= shown["ci_high"]).all()
    assert set(shown["split"]) == {"test", "source"}


def test_0_resamples_leave_the_intervals_out(tmp_path):
    config = small_run(tmp_path, probing={"n_resamples": 0}, with_source=False)
    path = execute(config, Layout(tmp_path / "w"), lambda _: None)
    assert not (path / "score_intervals.parquet").exists()


def test_too_few_patients_are_a_reason(done):
    frame = pl.read_parquet(done[1] / "predictions.parquet").filter(epoch=1, split="test")
    same = frame.with_columns(group_id=pl.lit("one"))
    rows, left_out = interval_rows(
        [same], tasks={"test": "binary"}, epoch=1, n_resamples=5, loss_is_nll=True
    )
    assert rows == []
    assert left_out == [
        "interval, test, head: the 16 rows belong to 1 images or patients: at least 4 are needed"
    ]
