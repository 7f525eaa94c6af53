"""One phase of training, an epoch at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from collect.configuration.sections import PhaseConfig, TrainingConfig
from collect.training.losses import Loss
from collect.training.optimisation import learning_rate_factor, new_optimiser
from collect.training.parallel import n_processes, own_part, summed
from warehouse.errors import CollectError


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
    training : TrainingConfig
        ``clip_norm``, ``precision``, ``out_of_memory``.
    generator : torch.Generator
        Draws the order of the examples; on the CPU.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: Batches,
        loss: Loss,
        settings: PhaseConfig,
        training: TrainingConfig,
        generator: torch.Generator,
    ) -> None:
        self.model = model
        self.batches = batches
        self.loss = loss
        self.settings = settings
        self.training = training
        self.generator = generator
        self.optimiser = new_optimiser(model.parameters(), settings)
        self.step = 0
        self.plateau = Plateau(settings.plateau_patience, settings.plateau_factor)
        self.device = batches.labels.device.type
        self.scaler = torch.amp.GradScaler(self.device, enabled=training.precision == "fp16")
        self.micro_batch_size = batches.batch_size

    def run_epoch(self) -> float:
        """Train over every example once.

        Returns
        -------
        float
            Mean loss over the examples as they were seen; not finite when training diverged.

        Raises
        ------
        CollectError
            If the device runs out of memory and the study does not allow smaller batches, or a
            single image is too much.
        """
        self.model.train()
        total = 0.0
        for positions in self.batches.shuffled(self.generator):
            total += self._train_batch(positions) * len(positions)
        return summed(total) / len(self.batches.labels)

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
            "scaler": self.scaler.state_dict(),
            "micro_batch_size": self.micro_batch_size,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self.generator.set_state(state["generator"])
        vars(self.plateau).update(state["plateau"])
        self.scaler.load_state_dict(state["scaler"])
        self.micro_batch_size = state["micro_batch_size"]

    def _train_batch(self, positions: Tensor) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate()
        loss = self._accumulated(positions)
        if self.training.clip_norm is not None:
            self.scaler.unscale_(self.optimiser)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.training.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.step += 1
        return loss

    def _accumulated(self, positions: Tensor) -> float:
        """Gradient of a batch, in parts that fit into memory; the mean loss."""
        while True:
            self.optimiser.zero_grad()
            try:
                parts = torch.split(positions, self.micro_batch_size)
                return sum(self._backward(part, len(part) / len(positions)) for part in parts)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                self._make_smaller(error)

    def _backward(self, positions: Tensor, share: float) -> float:
        own = own_part(len(positions))
        inputs = self.batches.inputs(positions)[own]  # augmentation draws for all of them
        with autocast(self.device, self.training.precision):
            logits = self.model(inputs)
        labels = self.batches.labels[positions.to(self.batches.labels.device)][own]
        loss = self.loss(logits, labels) * (share * len(labels) / len(positions))
        self.scaler.scale(loss * n_processes()).backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _make_smaller(self, error: RuntimeError) -> None:
        """Halve the part of a batch that is computed at a time, if the study allows it."""
        if self.training.out_of_memory == "stop" or self.micro_batch_size == 1:
            raise CollectError(
                f"out of memory with {self.micro_batch_size} images at a time: choose a smaller "
                "training.batch_size or network.image_size, or training.out_of_memory = "
                "'halve_batch'"
            ) from error
        self.micro_batch_size = -(-self.micro_batch_size // 2)
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def _learning_rate(self) -> float:
        factor = learning_rate_factor(
            self.step,
            n_steps=self.settings.epochs * self.batches.n_batches,
            n_warmup_steps=self.settings.warmup_epochs * self.batches.n_batches,
            schedule=self.settings.schedule,
        )
        return self.settings.learning_rate * factor * self.plateau.factor


def autocast(device: str, precision: str) -> torch.autocast:
    """Context in which the forward pass of training runs in ``bf16`` or ``fp16``, if asked for."""
    dtype = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device, dtype=dtype, enabled=precision != "float32")


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that the device, or the CPU's allocator, has no memory left."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


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
