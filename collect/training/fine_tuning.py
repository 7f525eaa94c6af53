"""The phases of a fine-tuning, one after another, until they end or the loss explodes."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from collect.configuration.study import RunConfig
from collect.data.inputs import network_input
from collect.data.run_data import Part
from collect.networks.adaptation import Phase, freeze, phases
from collect.networks.assembly import derived_seed
from collect.networks.heads import Network
from collect.probing.reading import read
from collect.resume import State
from collect.training.augmentation import RECIPES, augmented
from collect.training.compilation import compiled
from collect.training.epochs import Batches, PhaseTraining
from collect.training.losses import Loss
from collect.training.parallel import averaging, n_processes, process_number
from collect.training.selection import Selection

# Beyond any loss of a network that still learns: a sure error costs about 100 in 32 bit.
EXPLODED = 1e3


class DivergedError(Exception):
    """The loss exploded or is no number."""


@dataclass(frozen=True)
class Epoch:
    """A completed epoch.

    Parameters
    ----------
    number : int
        Completed epochs of the run, over all phases.
    train_loss : float
        Mean over the training images, as they were seen.
    duration_s : float
        Seconds that the training took.
    frozen : bool
        Whether the backbone is still what it was at the beginning.
    monitor : str
        Validation score that is watched.
    """

    number: int
    train_loss: float
    duration_s: float
    frozen: bool
    monitor: str


class Validated(NamedTuple):
    """What the inner validation split says of an epoch.

    Parameters
    ----------
    loss : float
        Its loss.
    cost : float
        What is watched, better when lower.
    """

    loss: float
    cost: float


class FineTuning:
    """Trains a network as a run asks.

    Parameters
    ----------
    network : Network
        Changed in place.
    config : RunConfig
        Adaptation and training.
    train : Part
        Training images.
    loss : callable
        From logits and labels.
    selection : Selection
        Told when a phase starts; says when to stop early.
    """

    def __init__(
        self, network: Network, config: RunConfig, train: Part, loss: Loss, selection: Selection
    ) -> None:
        self.network = network
        self.config = config
        self.train = train
        self.loss = loss
        self.selection = selection
        self.phases = phases(config.adaptation, config.training)
        self.n_trainable = [freeze(network, phase.frozen, config.n_blocks) for phase in self.phases]
        self.generator = torch.Generator().manual_seed(derived_seed(config.seed, "order"))

    @property
    def n_epochs(self) -> int:
        """Epochs when nothing stops early."""
        return sum(phase.settings.epochs for phase in self.phases)

    @property
    def monitors(self) -> tuple[str, ...]:
        """Validation scores that are watched, phase by phase."""
        return tuple(phase.settings.monitor for phase in self.phases)

    def run(
        self,
        on_epoch: Callable[[Epoch], Validated],
        *,
        save: Callable[[State], None],
        resumed: State | None = None,
    ) -> None:
        """Train to the end.

        Parameters
        ----------
        on_epoch : callable
            Called after each epoch; tells the selection and returns what the validation images
            say.
        save : callable
            Called after that with the state from which the training can go on.
        resumed : dict, optional
            Such a state. Network, selection and random state must be back in place already.

        Raises
        ------
        DivergedError
            If a loss is not finite or exploded.
        """
        state = resumed or {"phase": 0, "epoch_of_phase": 0, "number": 0}
        number = state["number"]
        for index in range(state["phase"], len(self.phases)):
            phase = self.phases[index]
            freeze(self.network, phase.frozen, self.config.n_blocks)
            training = self._phase_training(phase)
            completed = 0
            if index == state["phase"] and "training" in state:
                training.load_state_dict(state["training"])
                completed = state["epoch_of_phase"]
            else:
                self.selection.start_phase()
            while completed < phase.settings.epochs and not self._stops_early(phase):
                completed, number = completed + 1, number + 1
                training.validated(on_epoch(self._epoch(number, training, phase)).loss)
                save(
                    {
                        "phase": index,
                        "epoch_of_phase": completed,
                        "number": number,
                        "training": training.state_dict(),
                    }
                )

    def _epoch(self, number: int, training: PhaseTraining, phase: Phase) -> Epoch:
        start = time.perf_counter()
        if n_processes() > 1:  # dropout differs between their images
            purpose = f"process {process_number()} epoch {number}"
            torch.manual_seed(derived_seed(self.config.seed, purpose))
        loss = training.run_epoch()
        if not math.isfinite(loss) or loss > EXPLODED:
            raise DivergedError(f"training loss of epoch {number} is {loss:g}")
        return Epoch(
            number,
            loss,
            time.perf_counter() - start,
            frozen=phase.frozen == "backbone",
            monitor=phase.settings.monitor,
        )

    def _stops_early(self, phase: Phase) -> bool:
        patience = phase.settings.early_stopping_patience
        return patience is not None and self.selection.n_worse >= patience

    def _phase_training(self, phase: Phase) -> PhaseTraining:
        model, inputs = self._cached() if self._is_cached(phase) else self._live()
        model = averaging(model.train())
        if self.config.training.compile:
            model = compiled(model, self.train.labels.device)
        return PhaseTraining(
            model,
            Batches(inputs, self.train.labels, self.config.training.batch_size),
            self.loss,
            phase.settings,
            self.config.training,
            self.generator,
        )

    def _is_cached(self, phase: Phase) -> bool:
        """Whether the head's inputs are the same in every epoch: computed once."""
        is_fixed = self.config.training.augmentation == "none" and not self.network.takes_patches
        return phase.frozen == "backbone" and is_fixed

    def _cached(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
        """Head alone, on features that are computed once: the frozen backbone gives the same."""
        channels_last = self.config.training.channels_last
        reading = read(self.network, self.train.images, channels_last=channels_last)
        features = reading.pooled[self.network.pooling].clone()
        return self.network.head, lambda positions: features[positions.to(features.device)]

    def _live(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
        images = self.train.images
        spec = self.network.description.inputs
        channels_last = self.config.training.channels_last
        view = None
        if self.config.training.augmentation != "none":
            recipe = RECIPES[self.config.training.augmentation]
            view = partial(augmented, recipe=recipe, generator=self.generator)

        def inputs(positions: Tensor) -> Tensor:
            batch = images[positions.to(images.device)]
            return network_input(batch, spec, channels_last=channels_last, view=view)

        return self.network, inputs
