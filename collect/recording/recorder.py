"""Collects the rows of one run and hands them to the warehouse's writer."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from collect.configuration.probing_section import ProbingConfig
from collect.data.run_data import Part, RunData
from collect.measures.parameters import ParameterDistance
from collect.probing.probes import PART_OF, Observation, Similarity
from collect.probing.reading import Layers, Reading
from collect.recording.before import Transferability
from collect.recording.records import (
    Rows,
    distance_rows,
    head_scores,
    knn_scores,
    prediction_frame,
    score_rows,
    similarity_rows,
)
from collect.recording.score_intervals import interval_rows
from collect.resume import packed_frame, unpacked_frame
from collect.training.losses import Loss, probabilities
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
    kept : dict of int to dict
        Activations by epoch and probe: those of epoch 0 and of the epoch that stands for the run.
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
        self.kept: dict[int, dict[str, Layers]] = {}

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

    def record_before(self, train: tuple[Part, Reading], observation: Observation) -> None:
        """Record what features say of the target before the first step.

        Parameters
        ----------
        train : tuple of Part and Reading
            Training images, and what the network makes of them.
        observation : Observation
            Of epoch 0.
        """
        known = Transferability(
            self.data.target.task,
            self.data.target.n_classes,
            n_neighbours=self.probing.n_neighbours,
            temperature=self.probing.temperature,
        )
        for token in self.knn_tokens:
            known.record(token, train, (self.data.test, observation.readings["test"]))
        self.rows["scores"] += known.rows
        self.predictions += known.predictions
        self.left_out |= dict.fromkeys(known.left_out)

    def replace_similarities(self, epoch: int, similarities: Iterable[Similarity]) -> None:
        """Record the similarities of an epoch anew, in place of those that it has."""
        others = [row for row in self.rows["similarities"] if row["epoch"] != epoch]
        self.rows["similarities"] = others + similarity_rows(similarities, epoch=epoch)

    def keep(self, epoch: int, observation: Observation | None) -> None:
        """Keep the activations of an epoch beside those of epoch 0, instead of any others.

        Parameters
        ----------
        epoch : int
            0, or the epoch that stands for the run now.
        observation : Observation or None
            With the probes read; None drops what was kept and keeps nothing new.
        """
        self.kept = {number: kept for number, kept in self.kept.items() if number == 0}
        if observation is not None:
            self.kept[epoch] = {
                probe: observation.readings[part].layers
                for probe, part in PART_OF.items()
                if part in observation.readings
            }

    def record_intervals(self, epoch: int, *, loss_is_nll: bool) -> None:
        """Record how sure the scores of the epoch that stands for the run are on their images."""
        if not self.probing.n_resamples:
            return
        source = self.data.source
        tasks: dict[str, str] = {"test": self.data.target.task}
        rows, left_out = interval_rows(
            self.predictions,
            tasks=tasks if source is None else {**tasks, "source": source.task},
            epoch=epoch,
            n_resamples=self.probing.n_resamples,
            loss_is_nll=loss_is_nll,
        )
        self.rows["score_intervals"] = rows
        self.left_out |= dict.fromkeys(left_out)

    def state_dict(self) -> dict[str, Any]:
        """State from which an interrupted run goes on."""
        return {
            "rows": dict(self.rows),
            "predictions": [packed_frame(frame) for frame in self.predictions],
            "left_out": list(self.left_out),
            "kept": self.kept,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.rows = defaultdict(list, state["rows"])
        self.predictions = [unpacked_frame(packed) for packed in state["predictions"]]
        self.left_out = dict.fromkeys(state["left_out"])
        self.kept = state["kept"]

    def write(self, writer: RunWriter) -> None:
        """Hand everything to the writer."""
        for table, rows in self.rows.items():
            if rows:
                writer.append(table, pl.DataFrame(rows, infer_schema_length=None))
        for frame in self.predictions:
            writer.append("predictions", frame)
        if self.probing.keep_activations:
            for epoch, probes in self.kept.items():
                for probe, layers in probes.items():
                    self._write_activations(writer, epoch, probe, layers)

    def _write_activations(self, writer: RunWriter, epoch: int, probe: str, layers: Layers) -> None:
        for (layer, token), rows in layers.items():
            if token == "spatial":  # positions are too many to keep
                continue
            writer.append_activations(
                epoch=epoch,
                layer=layer,
                token=token,
                probe=probe,
                sample_ids=self.data.probe_ids(probe),
                activations=rows.cpu().numpy(),
            )

    def _record_vote(
        self, epoch: int, observation: Observation, token: str, n_neighbours: int
    ) -> None:
        source = self.data.source
        if source is None:
            return
        scores, chances = knn_scores(
            source.task,
            (observation.readings["bank"].pooled[token], source.bank.labels),
            (observation.readings["source"].pooled[token], source.queries.labels),
            n_classes=source.n_classes,
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
            chances = probabilities(self.data.target.task, observation.readings[split].logits)
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
