"""The training step compiled; whatever is read goes through the network as it is."""

from functools import cache
from typing import cast

import torch
from torch import nn

from warehouse.errors import CollectError


def compiled(model: nn.Module, device: torch.device) -> nn.Module:
    """Compile what is trained, anew for every phase and every size of a batch.

    Nothing is left of what the process compiled before, so that its bits do not depend on the runs
    that came before, and an interrupted run goes on with the kernels that it had.

    Parameters
    ----------
    model : nn.Module
        What a phase trains. It stays as it is: hooks on it are not called by what is returned.
    device : torch.device
        Where it trains.

    Returns
    -------
    nn.Module
        Same parameters and buffers, outputs that are rounded otherwise; compiled when it first
        sees a batch of a size.

    Raises
    ------
    CollectError
        If there is no compiler that torch can use.
    """
    require_compiler(device.type)
    torch.compiler.reset()
    return cast("nn.Module", torch.compile(model, dynamic=False))


@cache
def require_compiler(device: str) -> None:
    """Refuse to go on where torch cannot compile; tried with one line, once per process.

    Raises
    ------
    CollectError
        With torch's reason.
    """
    try:
        torch.compile(torch.relu)(torch.ones(8, device=device))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise CollectError(
            f"training.compile: torch cannot compile for {device}: {reason}; install a C++ "
            "compiler, or leave compile out"
        ) from error
