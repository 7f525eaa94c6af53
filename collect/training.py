"""One phase of training, an epoch at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from collect.losses import Loss
from collect.optimisation import learning_rate_factor, new_optimiser
from collect.sections import PhaseConfig


@dataclass(frozen=True)
class Batches:
    """Training examples by position.

    Parameters
    ----------
    inputs : callable
        ``inputs(positions)`` returns what the model takes for these examples, on its device.
    labels : Tensor of shape (n,) or (n, n_labels)
        On the device of the model.
    batch_size : int
        Largest batch. An epoch is cut into batches of nearly equal size, so that none is tiny.
    """

    inputs: Callable[[Tensor], Tensor]
    labels: Tensor
    batch_size: int

    @property
    def n_batches(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.labels) // self.batch_size)

    def shuffled(self, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Positions of each batch of an epoch, in an order drawn from a generator on the CPU."""
        order = torch.randperm(len(self.labels), generator=generator)
        return torch.tensor_split(order, self.n_batches)


class PhaseTraining:
    """Optimises a model over a phase; its state can be saved after any epoch.

    Parameters
    ----------
    model : nn.Module
        Takes what ``batches.inputs`` returns; parameters without gradient are left alone.
    batches : Batches
        Training examples.
    loss : callable
        Mean loss of a batch from logits and labels.
    settings : PhaseConfig
        Optimiser, rates, schedule.
    generator : torch.Generator
        Draws the order of the examples; on the CPU.
    clip_norm : float, optional
        Largest norm of the gradient.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: Batches,
        loss: Loss,
        settings: PhaseConfig,
        generator: torch.Generator,
        *,
        clip_norm: float | None = None,
    ) -> None:
        self.model = model
        self.batches = batches
        self.loss = loss
        self.settings = settings
        self.generator = generator
        self.clip_norm = clip_norm
        self.optimiser = new_optimiser(model.parameters(), settings)
        self.step = 0
        self.plateau = Plateau(settings.plateau_patience, settings.plateau_factor)

    def run_epoch(self) -> float:
        """Train over every example once.

        Returns
        -------
        float
            Mean loss over the examples as they were seen; not finite when training diverged.
        """
        self.model.train()
        total = 0.0
        for positions in self.batches.shuffled(self.generator):
            total += self._train_batch(positions) * len(positions)
        return total / len(self.batches.labels)

    def validated(self, loss: float) -> None:
        """Take note of the validation loss after an epoch: the rate drops at a plateau."""
        if self.settings.schedule == "plateau":
            self.plateau.update(loss)

    def state_dict(self) -> dict[str, Any]:
        """State of everything but the model, from which training goes on undisturbed."""
        return {
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "generator": self.generator.get_state(),
            "plateau": vars(self.plateau).copy(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self.generator.set_state(state["generator"])
        vars(self.plateau).update(state["plateau"])

    def _train_batch(self, positions: Tensor) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate()
        self.optimiser.zero_grad()
        loss = self.loss(self.model(self.batches.inputs(positions)), self._labels(positions))
        loss.backward()  # type: ignore[no-untyped-call]
        if self.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())

    def _labels(self, positions: Tensor) -> Tensor:
        return self.batches.labels[positions.to(self.batches.labels.device)]

    def _learning_rate(self) -> float:
        factor = learning_rate_factor(
            self.step,
            n_steps=self.settings.epochs * self.batches.n_batches,
            n_warmup_steps=self.settings.warmup_epochs * self.batches.n_batches,
            schedule=self.settings.schedule,
        )
        return self.settings.learning_rate * factor * self.plateau.factor


class Plateau:
    """Drops the learning rate when the validation loss has stopped falling.

    Parameters
    ----------
    patience : int
        Epochs without a new lowest loss before a drop.
    drop : float in (0, 1)
        Each drop multiplies the rate by this.
    """

    def __init__(self, patience: int, drop: float) -> None:
        self.patience = patience
        self.drop = drop
        self.factor = 1.0
        self.best = float("inf")
        self.n_bad = 0

    def update(self, loss: float) -> None:
        """Take note of the loss after an epoch."""
        if loss < self.best:
            self.best, self.n_bad = loss, 0
            return
        self.n_bad += 1
        if self.n_bad >= self.patience:
            self.factor *= self.drop
            self.n_bad = 0
