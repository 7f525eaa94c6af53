"""One training in several processes: each has its part of every batch, gradients are averaged.

Every function does nothing, or gives back what it got, where the training has one process.
"""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from warehouse.errors import CollectError

Value = TypeVar("Value")
Told = TypeVar("Told")


def n_processes() -> int:
    """Count the processes that train together."""
    return distributed.get_world_size() if _is_shared() else 1


def process_number() -> int:
    """Tell the number of this process, from 0; the first one records."""
    return distributed.get_rank() if _is_shared() else 0


def own_part(n_examples: int) -> slice:
    """Tell which examples of a batch are this process's."""
    number, n = process_number(), n_processes()
    return slice(n_examples * number // n, n_examples * (number + 1) // n)


def summed(value: float) -> float:
    """Sum a number over the processes."""
    if not _is_shared():
        return value
    total = torch.tensor([value], dtype=torch.float64, device=_device())
    distributed.all_reduce(total)
    return float(total)


def of_first(value: Value) -> Value:
    """Give every process what the first one has: numbers, strings, tensors, containers of them."""
    if not _is_shared():
        return value
    box = [value]
    distributed.broadcast_object_list(box, src=0)
    return box[0]


def averaging(model: nn.Module) -> nn.Module:
    """Wrap a model so that the gradients of a step are averaged over the processes.

    Parameters
    ----------
    model : nn.Module
        In training mode; the weights of the first process become those of all.

    Returns
    -------
    nn.Module
        Same parameters, same outputs.

    Raises
    ------
    CollectError
        If batch norms would see the part of one process only, as they do on the CPU.
    """
    if not _is_shared():
        return model
    for module in model.modules():
        is_own = isinstance(module, _BatchNorm) and not isinstance(module, nn.SyncBatchNorm)
        if is_own and module.training:
            raise CollectError(
                "--executor torchrun: batch norms share their statistics on GPUs only; train this "
                "network in one process, or one without batch norms"
            )
    return DistributedDataParallel(model, static_graph=True)  # finds what a network leaves unused


def with_shared_batch_norms(network: nn.Module) -> None:
    """Let batch norms of a network on a GPU take their statistics over all processes."""
    if _is_shared() and next(network.parameters()).is_cuda:
        from timm.layers.norm_act import convert_sync_batchnorm

        convert_sync_batchnorm(network)  # type: ignore[no-untyped-call] # timm's own


def announced(on_epoch: Callable[[Told], Value]) -> Callable[[Told], Value]:
    """Tell the other processes what the first one makes of an epoch; None when it gives up."""

    def told(epoch: Told) -> Value:
        try:
            found = on_epoch(epoch)
        except Exception:
            of_first(None)
            raise
        return of_first(found)

    return told


def _is_shared() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def _device() -> torch.device:
    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")
