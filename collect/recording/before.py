"""What can be known of a network before it is fine-tuned: how well its features suit the target."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from collect.data.run_data import Part
from collect.measures.linear_probe import linear_probe_probabilities
from collect.measures.logme import logme
from collect.measures.task import task_scores
from collect.probing.reading import Reading
from collect.recording.records import Rows, knn_scores, prediction_frame, score_rows

if TYPE_CHECKING:
    import polars as pl


class Transferability:
    """Scores at epoch 0 from features alone: LogME, a linear probe, neighbours' votes.

    Parameters
    ----------
    task : str
        What the labels of the target mean.
    n_classes : int
        Classes or labels.
    n_neighbours : sequence of int
        k of the votes.
    temperature : float
        Of the neighbours' weights.

    Attributes
    ----------
    rows : list of dict
        Of ``raw.scores``.
    predictions : list of polars.DataFrame
        The votes, one row per test image.
    left_out : list of str
        One line per score that is undefined, with the reason.
    """

    def __init__(
        self, task: str, n_classes: int, *, n_neighbours: Sequence[int], temperature: float
    ) -> None:
        self.task = task
        self.n_classes = n_classes
        self.n_neighbours = n_neighbours
        self.temperature = temperature
        self.rows: Rows = []
        self.predictions: list[pl.DataFrame] = []
        self.left_out: list[str] = []

    def record(self, token: str, train: tuple[Part, Reading], test: tuple[Part, Reading]) -> None:
        """Record the scores of one pooling of the features.

        Parameters
        ----------
        token : str
            Pooling.
        train : tuple of Part and Reading
            Training images, and what the network at epoch 0 makes of them.
        test : tuple of Part and Reading
            Likewise of the held-out images, which are classified by the neighbours among the
            training images.
        """
        part, reading = train
        try:
            value = logme(reading.pooled[token].cpu(), part.labels.cpu())
        except ValueError as error:
            self.left_out.append(f"logme, {token}: {error}")
        else:
            self.rows += score_rows(
                {"logme": value}, epoch=0, split="train", token=token, n_samples=len(part)
            )
        self._probe(token, train, test)
        for n_neighbours in self.n_neighbours:
            try:
                scores, chances = self._vote(token, train, test, n_neighbours)
            except ValueError as error:
                self.left_out.append(f"{n_neighbours} neighbours on the target, {token}: {error}")
            else:
                self._add_vote(scores, chances, test[0], token, n_neighbours)

    def _probe(self, token: str, train: tuple[Part, Reading], test: tuple[Part, Reading]) -> None:
        score = "map_macro" if self.task == "multilabel" else "accuracy"
        labels = test[0].labels.cpu()
        try:
            chances = linear_probe_probabilities(
                train[1].pooled[token],
                train[0].labels,
                test[1].pooled[token],
                n_classes=self.n_classes,
            )
            value = task_scores(self.task, chances, labels)[score]
        except (ValueError, KeyError) as error:
            self.left_out.append(f"linear probe, {token}: {error}")
            return
        self.rows += score_rows(
            {f"linear_probe_{score}": value},
            epoch=0,
            split="test",
            token=token,
            n_samples=len(labels),
        )

    def _vote(
        self,
        token: str,
        train: tuple[Part, Reading],
        test: tuple[Part, Reading],
        n_neighbours: int,
    ) -> tuple[dict[str, float], Tensor]:
        return knn_scores(
            self.task,
            (train[1].pooled[token], train[0].labels),
            (test[1].pooled[token], test[0].labels),
            n_classes=self.n_classes,
            n_neighbours=n_neighbours,
            temperature=self.temperature,
        )

    def _add_vote(
        self, scores: dict[str, float], chances: Tensor, part: Part, token: str, n_neighbours: int
    ) -> None:
        self.rows += score_rows(
            scores,
            epoch=0,
            split="test",
            token=token,
            n_samples=len(part),
            n_neighbours=n_neighbours,
        )
        self.predictions.append(
            prediction_frame(
                part, chances, epoch=0, split="test", token=token, n_neighbours=n_neighbours
            )
        )
