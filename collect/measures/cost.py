"""What a network costs: parameters, operations, seconds, and iterations until it is best."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Latency:
    """Seconds per image over repeated calls, after warm-up.

    Attributes
    ----------
    median_s, percentile_95_s : float
        Seconds per image.
    n_calls, batch_size : int
        Timed calls, and images in each.
    """

    median_s: float
    percentile_95_s: float
    n_calls: int
    batch_size: int


def latency(
    call: Callable[[], object],
    *,
    batch_size: int,
    n_calls: int = 30,
    n_warm_up: int = 5,
    synchronise: Callable[[], object] | None = None,
) -> Latency:
    """Time a call.

    Parameters
    ----------
    call : callable
        Processes one batch.
    batch_size : int
        Images in a batch.
    n_calls, n_warm_up : int
        Timed calls, and calls before them that are not timed.
    synchronise : callable, optional
        Waits until the device is done (``torch.cuda.synchronize`` on a GPU).

    Returns
    -------
    Latency
        Quantiles over calls.

    Raises
    ------
    ValueError
        If a number is not positive (warm-up may be 0).
    """
    if batch_size < 1 or n_calls < 1 or n_warm_up < 0:
        raise ValueError(f"batch_size = {batch_size}, n_calls = {n_calls}: expected at least 1")
    wait = synchronise or (lambda: None)
    for _ in range(n_warm_up):
        call()
    durations = []
    for _ in range(n_calls):
        wait()
        started = time.perf_counter()
        call()
        wait()
        durations.append((time.perf_counter() - started) / batch_size)
    median, high = np.percentile(durations, [50, 95])
    return Latency(float(median), float(high), n_calls, batch_size)


def n_parameters(network: nn.Module, *, trainable: bool = False) -> int:
    """Count parameters, all or those that are trained; shared ones count once."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad or not trainable)


def n_flops(network: nn.Module, image: Tensor) -> int:
    """Floating-point operations of one forward pass.

    Parameters
    ----------
    network : nn.Module
        Left in the mode it is in.
    image : Tensor of shape (1, n_channels, height, width)
        Input; its values do not matter.

    Returns
    -------
    int
        Multiplications and additions of convolutions and matrix products, 2 per multiply-add;
        element-wise operations are not counted. Attention is counted as its two matrix products,
        whichever kernel does it otherwise: not all of those are known to the counter.
    """
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), counter:
        network(image)
    return int(counter.get_total_flops())


def iterations_to_best(scores: Sequence[float], iterations_per_epoch: int) -> int:
    """Optimiser steps until the best validation score, the first one if it is reached again.

    Parameters
    ----------
    scores : sequence of float
        Validation score after each epoch, larger is better.
    iterations_per_epoch : int
        Optimiser steps of one epoch.

    Returns
    -------
    int
        Steps.

    Raises
    ------
    ValueError
        If there is no score or one is NaN.

    Examples
    --------
    >>> iterations_to_best([0.5, 0.9, 0.8, 0.9], 100)
    200
    """
    if not scores or any(math.isnan(score) for score in scores):
        raise ValueError("no best epoch: scores are missing or NaN")
    return (1 + scores.index(max(scores))) * iterations_per_epoch
