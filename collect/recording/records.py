"""Rows of the warehouse's tables from what an epoch showed."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from torch import Tensor

from collect.data.run_data import Part
from collect.measures.calibration import calibration_scores
from collect.measures.knn import knn_probabilities
from collect.measures.parameters import ParameterDistance
from collect.measures.task import task_scores
from collect.probing.probes import Similarity
from collect.probing.reading import Reading
from collect.training.losses import Loss, probabilities

Rows = list[dict[str, Any]]


def head_scores(
    task: str, reading: Reading, labels: Tensor, loss: Loss
) -> tuple[dict[str, float], Tensor]:
    """Scores of the head's predictions.

    Parameters
    ----------
    task : str
        What the labels mean.
    reading : Reading
        Logits of n images.
    labels : Tensor of shape (n,) or (n, n_labels)
        True labels.
    loss : callable
        The loss that training lowers.

    Returns
    -------
    tuple of dict and Tensor
        Scores by name with ``loss``; and the probabilities, (n, n_classes), on the CPU: scores
        sort and count, in many steps that a GPU would wait for.
    """
    chances = probabilities(task, reading.logits).cpu()
    return {
        "loss": float(loss(reading.logits, labels)),
        **task_scores(task, chances, labels.cpu()),
        **calibration_scores(chances, labels.cpu()),
    }, chances


def knn_scores(
    task: str,
    bank: tuple[Tensor, Tensor],
    queries: tuple[Tensor, Tensor],
    *,
    n_classes: int,
    n_neighbours: int,
    temperature: float = 0.07,
) -> tuple[dict[str, float], Tensor]:
    """Scores of the neighbours' vote, from features alone.

    Parameters
    ----------
    task : str
        What the labels mean.
    bank, queries : tuple of Tensor
        Pooled features, (n, n_features), and labels, (n,) or (n, n_classes), of both.
    n_classes : int
        Classes or labels.
    n_neighbours : int
        k.
    temperature : float, default 0.07
        Of the neighbours' weights.

    Returns
    -------
    tuple of dict and Tensor
        Scores by name; and the probabilities, (n_queries, n_classes), on the CPU.
    """
    chances = knn_probabilities(
        *bank,
        queries[0],
        n_neighbours=n_neighbours,
        n_classes=n_classes,
        temperature=temperature,
    ).cpu()
    labels = queries[1].cpu()
    return {
        **task_scores(task, chances, labels),
        **calibration_scores(chances, labels),
    }, chances


def score_rows(
    scores: dict[str, float],
    *,
    epoch: int,
    split: str,
    token: str,
    n_samples: int,
    n_neighbours: int = 0,
) -> Rows:
    """Rows of ``raw.scores``; ``n_neighbours`` 0 means the head's probabilities."""
    return [
        {
            "epoch": epoch,
            "split": split,
            "confidence_source": "knn" if n_neighbours else "head",
            "token": token,
            "n_neighbours": n_neighbours,
            "score": name,
            "value": value,
            "n_samples": n_samples,
        }
        for name, value in scores.items()
    ]


def similarity_rows(similarities: Iterable[Similarity], *, epoch: int) -> Rows:
    """Rows of ``raw.similarities``."""
    return [
        {
            "epoch": epoch,
            "token": similarity.token,
            "reference": similarity.reference,
            "probe": similarity.probe,
            "unit": similarity.unit,
            "is_remeasured": False,
            **vars(similarity.comparison),
        }
        for similarity in similarities
    ]


def distance_rows(distances: Iterable[ParameterDistance], *, epoch: int) -> Rows:
    """Rows of ``raw.parameter_distances``."""
    return [{"epoch": epoch, **vars(distance)} for distance in distances]


def prediction_frame(
    part: Part, chances: Tensor, *, epoch: int, split: str, token: str, n_neighbours: int = 0
) -> pl.DataFrame:
    """Rows of ``shards.predictions``, one per image.

    Parameters
    ----------
    part : Part
        The images.
    chances : Tensor of shape (n, n_classes)
        Probabilities, in the order of the images; kept in 32 bit.
    epoch, split, token, n_neighbours
        As the table declares them.

    Returns
    -------
    polars.DataFrame
        Without ``run_id``.
    """
    labels = part.labels.cpu()
    is_multilabel = labels.ndim == 2
    frame = pl.DataFrame(
        {
            "sample_id": part.sample_ids,
            "group_id": part.groups or [None] * len(part),
            "label": None if is_multilabel else labels.tolist(),
            "labels": labels.tolist() if is_multilabel else None,
            "probabilities": chances.float().cpu().tolist(),
        },
        schema_overrides={
            "group_id": pl.String,
            "label": pl.Int32,
            "labels": pl.List(pl.UInt8),
            "probabilities": pl.List(pl.Float32),
        },
        strict=False,
    )
    return frame.with_columns(
        epoch=pl.lit(epoch, pl.Int32),
        split=pl.lit(split),
        confidence_source=pl.lit("knn" if n_neighbours else "head"),
        token=pl.lit(token),
        n_neighbours=pl.lit(n_neighbours, pl.Int32),
    )


def layer_prefixes(layers: Sequence[str], names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Prefixes of the parameters of each layer that has some, and of ``all``."""
    parameters = list(names)
    found = {
        layer: (layer,)
        for layer in layers
        if any(name.startswith(f"{layer}.") for name in parameters)
    }
    return {**found, "all": ("",)}
