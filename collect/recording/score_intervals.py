"""Intervals of the scores at the checkpoint that stands for a run, from its predictions."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

import polars as pl
import torch
from torch import Tensor

from collect.measures.score_bootstrap import score_intervals
from collect.recording.records import Rows

SPLITS = ("test", "source")
LEVEL = 0.95
KEY = ("epoch", "split", "confidence_source", "token", "n_neighbours")


def interval_rows(
    predictions: Iterable[pl.DataFrame],
    *,
    tasks: dict[str, str],
    epoch: int,
    n_resamples: int,
    loss_is_nll: bool,
) -> tuple[Rows, list[str]]:
    """Rows of ``raw.score_intervals``.

    Parameters
    ----------
    predictions : iterable of polars.DataFrame
        Rows of ``shards.predictions``, each frame of one epoch, split and confidence source.
    tasks : dict of str to str
        Task by split.
    epoch : int
        Epoch that stands for the run.
    n_resamples : int
        Resamples of the images, or of their groups where the data name them.
    loss_is_nll : bool
        Whether the loss is the negative log-likelihood, and so has its interval. A loss that
        weighs classes has none.

    Returns
    -------
    tuple of list of dict and list of str
        Rows for the test images and the source's queries, with level 0.95; and one line for each
        score without an interval, with the reason.
    """
    rows: Rows = []
    left_out: list[str] = []
    for frame in _of_epoch(predictions, epoch):
        key = dict(zip(KEY, frame.select(KEY).row(0), strict=True))
        words = f"interval, {key['split']}, {key['confidence_source']}"
        if key["n_neighbours"]:
            words += f" {key['n_neighbours']}, {key['token']}"
        groups = _groups(frame)
        try:
            found = score_intervals(
                tasks[key["split"]],
                _probabilities(frame),
                _labels(frame),
                groups=groups,
                n_resamples=n_resamples,
                level=LEVEL,
            )
        except ValueError as error:
            left_out.append(f"{words}: {error}")
            continue
        if loss_is_nll and key["confidence_source"] == "head" and "nll" in found:
            found["loss"] = found["nll"]
        unit = "image" if groups is None else "group"
        for score, interval in found.items():
            values = asdict(interval)
            del values["value"]
            rows.append(
                {**key, "score": score, **values, "level": LEVEL}
                | {"unit": unit, "n_units": found.n_units}
            )
        left_out += [f"{words}, {score}: {reason}" for score, reason in found.undefined.items()]
    return rows, left_out


def _of_epoch(predictions: Iterable[pl.DataFrame], epoch: int) -> Iterator[pl.DataFrame]:
    for frame in predictions:
        if len(frame) and frame["epoch"][0] == epoch and frame["split"][0] in SPLITS:
            yield frame


def _probabilities(frame: pl.DataFrame) -> Tensor:
    n_classes = len(frame["probabilities"][0])
    rows = frame["probabilities"].list.to_array(n_classes).to_numpy()
    return torch.from_numpy(rows.copy()).double()


def _labels(frame: pl.DataFrame) -> Tensor:
    if frame["labels"].null_count():
        return torch.from_numpy(frame["label"].to_numpy().copy()).long()
    n_labels = len(frame["labels"][0])
    return torch.from_numpy(frame["labels"].list.to_array(n_labels).to_numpy().copy()).long()


def _groups(frame: pl.DataFrame) -> Tensor | None:
    if frame["group_id"].null_count():
        return None
    return torch.from_numpy(frame["group_id"].rank("dense").to_numpy().copy()).long()
