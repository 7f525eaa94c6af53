"""Small runs to put into a warehouse."""

from pathlib import Path

import polars as pl

from warehouse.layout import Layout
from warehouse.spool import RunWriter

RUN = {
    "study": "small",
    "origin": "repdrift",
    "status": "complete",
    "backbone": "resnet18",
    "pretraining": "imagenet",
    "adaptation": "full",
    "pooling": "mean",
    "head": "linear",
    "dataset": "knee",
    "task": "binary",
    "fold": 1,
    "n_folds": 5,
    "seed": 0,
    "selected_epoch": 1,
}


def score_rows(
    value: float | None = 0.75, *, epoch: int | None = 1, **dimensions: object
) -> pl.DataFrame:
    """One row for `scores`: AUC of the head on the held-out fold, unless told otherwise."""
    row = {
        "epoch": epoch,
        "split": "test",
        "confidence_source": "head",
        "token": "mean",
        "n_neighbours": 0,
        "score": "auc",
        "value": value,
        "n_samples": 20,
    }
    return pl.DataFrame([row | dimensions])


def similarity_rows(
    value: float = 0.5, *, epoch: int | None = 1, **dimensions: object
) -> pl.DataFrame:
    """One row for `similarities`: CKA of block1 to the run's start, unless told otherwise."""
    row = {
        "epoch": epoch,
        "layer": "block1",
        "token": "mean",
        "reference": "pretrained",
        "reference_layer": dimensions.get("layer", "block1"),
        "probe": "target",
        "measure": "cka_linear",
        "value": value,
    }
    return pl.DataFrame([row | dimensions])


def write_run(
    layout: Layout,
    run_id: str,
    *,
    scores: pl.DataFrame | None = None,
    similarities: pl.DataFrame | None = None,
    score_intervals: pl.DataFrame | None = None,
    predictions: pl.DataFrame | None = None,
    **run: object,
) -> Path:
    """Write one complete run, by default with one score and one similarity."""
    with RunWriter(layout, run_id) as writer:
        writer.append("scores", score_rows() if scores is None else scores)
        writer.append("similarities", similarity_rows() if similarities is None else similarities)
        for name, rows in (("score_intervals", score_intervals), ("predictions", predictions)):
            if rows is not None:
                writer.append(name, rows)
        return writer.finish(RUN | run)
