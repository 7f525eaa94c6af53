"""Collects the rows of one run and hands them to the warehouse's writer."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import polars as pl

from collect.losses import Loss
from collect.measures.parameters import ParameterDistance
from collect.probes import PART_OF, Observation
from collect.records import (
    Rows,
    distance_rows,
    head_scores,
    knn_scores,
    prediction_frame,
    score_rows,
    similarity_rows,
)
from collect.run_data import RunData
from collect.sections import ProbingConfig
from warehouse.spool import RunWriter


class Recorder:
    """Rows of one run, epoch by epoch, until the run is finished.

    Parameters
    ----------
    data : RunData
        The images.
    probing : ProbingConfig
        Neighbours and temperature of the vote.
    loss : callable
        The loss that training lowers.
    pooling : str
        Features that the head takes.
    knn_tokens : tuple of str
        Poolings whose features are judged by their neighbours.

    Attributes
    ----------
    left_out : dict of str to None
        One line per value that is undefined, with the reason.
    """

    def __init__(
        self,
        data: RunData,
        probing: ProbingConfig,
        loss: Loss,
        *,
        pooling: str,
        knn_tokens: tuple[str, ...],
    ) -> None:
        self.data = data
        self.probing = probing
        self.loss = loss
        self.pooling = pooling
        self.knn_tokens = knn_tokens
        self.rows: dict[str, Rows] = defaultdict(list)
        self.predictions: list[pl.DataFrame] = []
        self.left_out: dict[str, None] = {}

    @contextmanager
    def timed(self, epoch: int, stage: str, n_images: int) -> Iterator[None]:
        """Record how long the block takes."""
        start = time.perf_counter()
        yield
        self.add_timing(epoch, stage, time.perf_counter() - start, n_images)

    def add_timing(self, epoch: int, stage: str, duration_s: float, n_images: int) -> None:
        """Record how long a stage of an epoch took."""
        self.rows["timings"].append(
            {"epoch": epoch, "stage": stage, "duration_s": duration_s, "n_images": n_images}
        )

    def record_scores(
        self, epoch: int, observation: Observation, train_loss: float | None = None
    ) -> dict[str, dict[str, float]]:
        """Record the head's scores; return them by split."""
        scores = {}
        for split, part in (("validation", self.data.validation), ("test", self.data.test)):
            reading = observation.readings[split]
            scores[split], _ = head_scores(self.data.target.task, reading, part.labels, self.loss)
            self._add_scores(scores[split], epoch, split, self.pooling, len(part))
        if train_loss is not None:
            scores["train"] = {"loss": train_loss}
            self._add_scores(scores["train"], epoch, "train", self.pooling, len(self.data.train))
        return scores

    def record_probe(
        self, epoch: int, observation: Observation, distances: Iterable[ParameterDistance]
    ) -> None:
        """Record similarities, parameter distances, neighbours' votes and predictions.

        Parameters
        ----------
        epoch : int
            Completed epochs.
        observation : Observation
            With the probes read.
        distances : iterable of ParameterDistance
            Of the backbone to its start.
        """
        self.rows["similarities"] += similarity_rows(observation.similarities, epoch=epoch)
        self.rows["parameter_distances"] += distance_rows(distances, epoch=epoch)
        self._record_predictions(epoch, observation)
        for token in self.knn_tokens if self.data.source is not None else ():
            for n_neighbours in self.probing.n_neighbours:
                try:
                    self._record_vote(epoch, observation, token, n_neighbours)
                except ValueError as error:
                    reason = f"{n_neighbours} neighbours, {token}, epoch {epoch}: {error}"
                    self.left_out[reason] = None

    def write(self, writer: RunWriter, activations: Mapping[int, Observation]) -> None:
        """Hand everything to the writer, with the activations of these epochs."""
        for table, rows in self.rows.items():
            if rows:
                writer.append(table, pl.DataFrame(rows, infer_schema_length=None))
        for frame in self.predictions:
            writer.append("predictions", frame)
        if self.probing.keep_activations:
            for epoch, observation in activations.items():
                self._write_activations(writer, epoch, observation)

    def _write_activations(self, writer: RunWriter, epoch: int, observation: Observation) -> None:
        sample_ids = {"target": self.data.test.sample_ids[: self.data.n_target]}
        if self.data.source is not None:
            sample_ids["source"] = self.data.source.queries.sample_ids
        for probe, ids in sample_ids.items():
            for (layer, token), rows in observation.readings[PART_OF[probe]].layers.items():
                if token == "spatial":  # positions are too many to keep
                    continue
                writer.append_activations(
                    epoch=epoch,
                    layer=layer,
                    token=token,
                    probe=probe,
                    sample_ids=ids,
                    activations=rows.cpu().numpy(),
                )

    def _record_vote(
        self, epoch: int, observation: Observation, token: str, n_neighbours: int
    ) -> None:
        source = self.data.source
        if source is None:
            return
        scores, chances = knn_scores(
            source,
            observation.readings["bank"],
            observation.readings["source"],
            token,
            n_neighbours=n_neighbours,
            temperature=self.probing.temperature,
        )
        queries = source.queries
        self._add_scores(scores, epoch, "source", token, len(queries), n_neighbours)
        self.predictions.append(
            prediction_frame(
                queries,
                chances,
                epoch=epoch,
                split="source",
                token=token,
                n_neighbours=n_neighbours,
            )
        )

    def _record_predictions(self, epoch: int, observation: Observation) -> None:
        for split, part in (("validation", self.data.validation), ("test", self.data.test)):
            reading = observation.readings[split]
            _, chances = head_scores(self.data.target.task, reading, part.labels, self.loss)
            self.predictions.append(
                prediction_frame(part, chances, epoch=epoch, split=split, token=self.pooling)
            )

    def _add_scores(
        self,
        scores: dict[str, float],
        epoch: int,
        split: str,
        token: str,
        n_samples: int,
        n_neighbours: int = 0,
    ) -> None:
        self.rows["scores"] += score_rows(
            scores,
            epoch=epoch,
            split=split,
            token=token,
            n_samples=n_samples,
            n_neighbours=n_neighbours,
        )
