"""The training loop that the three ways of pre-training share."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import torch

from collect.miniatures.objective import Objective
from collect.miniatures.photographs import Photographs
from warehouse.errors import CollectError


@dataclass(frozen=True)
class Recipe:
    """Hyper-parameters; rates are per step, `warm_up` is a fraction of the training.

    The learning rate follows `progress`: the fraction of the planned epochs or of `max_seconds`
    that is over, whichever is larger. So it anneals fully whatever the speed of the machine.
    """

    epochs: int = 200
    batch_size: int = 512
    learning_rate: float = 1e-3
    last_learning_rate: float = 1e-5
    weight_decay: float = 0.05
    warm_up: float = 0.05
    gradient_clip: float = 3.0
    seed: int = 0
    max_seconds: float = math.inf


@dataclass
class Training:
    """An objective on its way: runs epochs, and can be saved after each and gone on with.

    Each epoch draws its order, views and captions from a generator that is seeded by the recipe's
    seed and the epoch, so that an interrupted training on a CPU ends with the same weights, unless
    time cuts it short.
    """

    objective: Objective
    images: Photographs
    recipe: Recipe
    optimiser: torch.optim.AdamW = field(init=False)
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if len(self.images) < self.recipe.batch_size:
            msg = (
                f"{len(self.images)} images are fewer than a batch of {self.recipe.batch_size}: "
                "give a smaller --batch-size"
            )
            raise CollectError(msg)
        self.optimiser = torch.optim.AdamW(
            _parameter_groups(self.objective, self.recipe.weight_decay),
            fused=self.device.type == "cuda",
        )

    @property
    def device(self) -> torch.device:
        """Where the images and the objective are."""
        return self.images.images.device

    @property
    def steps_per_epoch(self) -> int:
        """Full batches in the images; the rest of an epoch's order is left out."""
        return len(self.images) // self.recipe.batch_size

    def progress(self, seconds: float) -> float:
        """Fraction of the training that is over after so many seconds, in [0, 1]."""
        epochs = self.step / (self.recipe.epochs * self.steps_per_epoch)
        return min(1.0, max(epochs, seconds / self.recipe.max_seconds))

    @property
    def is_finished(self) -> bool:
        """Whether the planned epochs or the time are over."""
        return self.progress(self.seconds) >= 1.0

    def run_epoch(self) -> float:
        """Train for one epoch, or until the time is over.

        Returns
        -------
        float
            Mean loss over the epoch's batches.

        Raises
        ------
        CollectError
            If a loss is not finite.
        """
        started = time.monotonic() - self.seconds
        generator = torch.Generator(self.device)
        generator.manual_seed(1_000_003 * self.recipe.seed + self.epoch)
        order = torch.randperm(len(self.images), device=self.device, generator=generator)
        size = self.recipe.batch_size
        losses = []
        for batch in order[: self.steps_per_epoch * size].view(-1, size):
            progress = self.progress(time.monotonic() - started)
            if progress >= 1.0:
                break
            losses.append(self._step(self.images.take(batch), progress, generator))
        mean = torch.stack(losses).mean().item()
        self.epoch += 1
        self.seconds = time.monotonic() - started
        if not math.isfinite(mean):
            msg = f"the loss is {mean} in epoch {self.epoch}: lower the learning rate"
            raise CollectError(msg)
        return mean

    def _step(
        self, batch: Photographs, progress: float, generator: torch.Generator
    ) -> torch.Tensor:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(progress, self.recipe)
        loss = self.objective.loss(batch, generator=generator)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.objective.parameters(), self.recipe.gradient_clip)
        self.objective.before_step(progress)
        self.optimiser.step()
        self.objective.after_step(progress)
        self.step += 1
        return loss.detach()

    def state(self) -> dict[str, Any]:
        """Everything that going on needs."""
        return {
            "objective": self.objective.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of the same objective, images and recipe."""
        self.objective.load_state_dict(state["objective"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]


def learning_rate(progress: float, recipe: Recipe) -> float:
    """Rate at a fraction of the training: a straight rise, then a cosine to the last rate."""
    if progress < recipe.warm_up:
        return recipe.learning_rate * max(progress / recipe.warm_up, 1e-3)
    through = (progress - recipe.warm_up) / (1 - recipe.warm_up)
    span = recipe.learning_rate - recipe.last_learning_rate
    return recipe.last_learning_rate + span * (1 + math.cos(math.pi * through)) / 2


def _parameter_groups(objective: Objective, weight_decay: float) -> list[dict[str, object]]:
    """Weight decay for matrices; none for biases, norms, tokens and position embeddings."""
    trainable = [(n, p) for n, p in objective.named_parameters() if p.requires_grad]
    free = [p for n, p in trainable if p.ndim < 2 or n.endswith(("cls_token", "pos_embed"))]
    decayed = [p for n, p in trainable if not any(p is other for other in free)]
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
