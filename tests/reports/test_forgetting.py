"""What is left of the source: every run before and after, and both means."""

import numpy as np
import pytest

from reports.exhibits import forgetting
from reports.figures.dumbbells import dumbbells
from reports.store import read
from reports.style import appearances
from tests.reports.building import (
    add_runs,
    assert_nothing_overlaps,
    built,
    drawn,
    figure_of,
    rows,
    segments,
)
from tests.reports.conftest import insert

VOTE = {
    "split": "source",
    "confidence_source": "knn",
    "token": "cls",
    "n_neighbours": 10,
    "score": "accuracy",
}


def add_votes(con, run_id: str, *values: float) -> None:
    """Insert the accuracies of a run, epoch by epoch."""
    each = (VOTE | {"run_id": run_id, "epoch": e, "value": v} for e, v in enumerate(values))
    insert(con, "raw.scores", rows(*each))


def add_forgetting(con) -> None:
    """Insert two runs that forget and one that cannot."""
    add_runs(
        con,
        {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"},
        {"run_id": "v2", "pretraining": "imagenet", "adaptation": "full", "seed": 1},
        {"run_id": "v3", "pretraining": "imagenet", "adaptation": "linear"},
    )
    add_votes(con, "v1", 0.8, 0.7, 0.5)
    add_votes(con, "v2", 0.8, 0.7, 0.6)
    add_votes(con, "v3", 0.8, 0.8, 0.8)


def test_forgetting_shows_each_run_before_and_after(con):
    add_forgetting(con)
    (artefact,) = built(con, forgetting.EXHIBIT)
    (axis,) = figure_of(artefact).axes
    lines = {str(line.get_label()): drawn(line)[:, 0].tolist() for line in axis.lines}
    assert lines["run"] == [0.5, 0.6]
    assert lines["before"] == [0.8]
    assert lines["after"] == pytest.approx([0.55])
    assert [text.get_text() for text in axis.texts if text.get_text()] == ["0.80 → 0.55, n 2"]
    assert axis.get_title(loc="left") == "full"
    assert "Frozen backbones stay where they were" in artefact.caption


def test_intervals_over_images_are_drawn_where_they_were_taken(con):
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    add_votes(con, "v1", 0.8, 0.7, 0.5)
    interval = VOTE | {"run_id": "v1", "level": 0.95, "unit": "image", "n_units": 100}
    ends = ((0, 0.7, 0.9), (2, 0.4, 0.6))
    each = (interval | {"epoch": e, "ci_low": low, "ci_high": high} for e, low, high in ends)
    insert(con, "raw.score_intervals", rows(*each))
    (artefact,) = built(con, forgetting.EXHIBIT)
    (axis,) = figure_of(artefact).axes
    drawn_ends = {str(one.get_label()): segments(one)[0][:, 0].tolist() for one in axis.collections}
    assert drawn_ends == {"before": [0.7, 0.9], "after": [0.4, 0.6]}


def test_a_run_without_a_vote_before_the_first_step_is_left_out(con):
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    insert(con, "raw.scores", rows(VOTE | {"run_id": "v1", "epoch": 2, "value": 0.5}))
    assert read(con, "source_knn").is_empty()


def test_series_of_one_dataset_stand_apart_in_rows_of_their_own():
    ends = {f"{end}_{stage}": None for end in ("low", "high") for stage in ("before", "after")}
    values = {"before": 0.8, "after": 0.5, "mean_before": 0.8, "mean_after": 0.5}
    frame = rows(
        *({"row": r, "series": s} | values | ends for r in ("chest", "knee") for s in ("a", "b"))
    )
    figure = dumbbells([("full", frame)] * 3, appearances(["a", "b"]), x_label="accuracy")
    assert_nothing_overlaps(figure)
    heights = [drawn(line)[0, 1] for line in figure.axes[0].lines if line.get_label() == "after"]
    assert np.all(np.diff(heights) > 0.2)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["chest", "knee"]
