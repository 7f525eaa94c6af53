"""Optimisers and learning rates of a phase of training."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from collect.configuration.sections import PhaseConfig


def new_optimiser(
    parameters: Iterable[nn.Parameter], settings: PhaseConfig
) -> torch.optim.Optimizer:
    """Optimiser of a phase, as its settings say.

    Weight decay holds for every parameter, biases and norms included, as PyTorch's optimisers do
    it by default.

    Parameters
    ----------
    parameters : iterable of Parameter
        Those without gradient are left out.
    settings : PhaseConfig
        ``optimiser``, ``learning_rate``, ``weight_decay``, and ``momentum`` for SGD.

    Returns
    -------
    torch.optim.Optimizer
        Fresh, without state.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimiser == "sgd":
        return torch.optim.SGD(trained, lr=rate, momentum=settings.momentum, weight_decay=decay)
    kind = torch.optim.AdamW if settings.optimiser == "adamw" else torch.optim.Adam
    return kind(trained, lr=rate, weight_decay=decay)


def learning_rate_factor(
    step: int, *, n_steps: int, n_warmup_steps: int = 0, schedule: str = "constant"
) -> float:
    """Share of the full learning rate that a step uses.

    Parameters
    ----------
    step : int
        From 0 to ``n_steps - 1``.
    n_steps : int
        Steps of the whole phase.
    n_warmup_steps : int, default 0
        First steps, over which the rate grows linearly; the full rate is reached at their end.
    schedule : {"constant", "cosine", "plateau"}, default "constant"
        ``cosine`` falls from 1 at the end of the warm-up towards 0 at the end of the phase. Drops
        at plateaus are not a function of the step and come on top.

    Returns
    -------
    float
        In (0, 1].

    Examples
    --------
    >>> [learning_rate_factor(i, n_steps=4, n_warmup_steps=2) for i in range(4)]
    [0.5, 1.0, 1.0, 1.0]
    >>> [round(learning_rate_factor(i, n_steps=4, schedule="cosine"), 3) for i in range(4)]
    [1.0, 0.854, 0.5, 0.146]
    """
    if step < n_warmup_steps:
        return (step + 1) / n_warmup_steps
    if schedule != "cosine":
        return 1.0
    progress = (step - n_warmup_steps) / (n_steps - n_warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * progress))
