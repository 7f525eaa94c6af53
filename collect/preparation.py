"""What a run needs before its first step: images, network, loss, and how to train it."""

import math
from dataclasses import dataclass

import torch

from collect.configuration.study import RunConfig
from collect.data.run_data import RunData, run_data
from collect.networks.assembly import run_backbone, run_network
from collect.networks.heads import Network
from collect.recording.provenance import run_device
from collect.training.fine_tuning import FineTuning
from collect.training.learning_rate_search import search_learning_rate, with_learning_rate
from collect.training.losses import Loss, balanced_class_weights, task_loss
from collect.training.parallel import with_shared_batch_norms
from collect.training.selection import Selection


@dataclass(frozen=True)
class Preparation:
    """A run that is ready to start.

    Parameters
    ----------
    device : torch.device
        Where it trains.
    data : RunData
        Its images.
    network : Network
        At its start.
    loss : callable
        From logits and labels.
    selection : Selection
        Which checkpoint stands for the run.
    fine_tuning : FineTuning
        Trains the network.
    learning_rate : float
        Of the last phase.
    searched : dict of float to float or None
        Lowest validation loss by learning rate, None where training diverged; empty without a
        search.
    """

    device: torch.device
    data: RunData
    network: Network
    loss: Loss
    selection: Selection
    fine_tuning: FineTuning
    learning_rate: float
    searched: dict[float, float | None]


def prepared(config: RunConfig) -> Preparation:
    """Read the images, build the network, and search the learning rate if the study says so.

    Raises
    ------
    RepdriftError
        If data or weights are not at hand, or the configuration asks for something impossible.
    """
    device = run_device()
    backbone = run_backbone(config)
    data = run_data(config, backbone.inputs, device)
    network = run_network(backbone, config, n_classes=data.target.n_classes, device=device)
    with_shared_batch_norms(network)
    loss = _loss(config, data)
    searched: dict[float, float] = {}
    if config.training.search_learning_rates:
        searched = search_learning_rate(network, config, data, loss)
        config = with_learning_rate(config, min(searched, key=searched.__getitem__))
    selection = Selection(config.training.select)
    return Preparation(
        device=device,
        data=data,
        network=network,
        loss=loss,
        selection=selection,
        fine_tuning=FineTuning(network, config, data.train, loss, selection),
        learning_rate=config.training.learning_rate,
        searched={
            rate: value if math.isfinite(value) else None for rate, value in searched.items()
        },
    )


def _loss(config: RunConfig, data: RunData) -> Loss:
    task = data.target.task
    if config.training.class_weights == "none":
        return task_loss(task)
    weights = balanced_class_weights(task, data.train.labels, data.target.n_classes)
    return task_loss(task, class_weights=weights)
