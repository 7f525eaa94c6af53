"""What a run costs: time of a forward pass, operations of it, and iterations until it is best."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from collect.data.inputs import network_input
from collect.measures.cost import Latency, iterations_to_best, latency, n_flops
from collect.networks.heads import Network
from collect.recording.records import Rows

BATCH_SIZE = 16
N_CALLS, N_WARM_UP = 20, 3


@dataclass(frozen=True)
class Cost:
    """Of one network on one device.

    Parameters
    ----------
    latency : Latency
        Of a forward pass of up to 16 images in 32 bit.
    n_flops : int
        Operations for one image, 2 per multiply-add.
    """

    latency: Latency
    n_flops: int

    def timings(self, epoch: int) -> Rows:
        """Rows of ``raw.timings``: seconds of one forward pass, after warm-up."""
        found = self.latency
        quantiles = {
            "forward_median": found.median_s,
            "forward_percentile_95": found.percentile_95_s,
        }
        return [
            {
                "epoch": epoch,
                "stage": stage,
                "duration_s": value * found.batch_size,
                "n_images": found.batch_size,
            }
            for stage, value in quantiles.items()
        ]


def network_cost(network: Network, images: Tensor, *, channels_last: bool = True) -> Cost:
    """Time forward passes of a network and count their operations.

    Parameters
    ----------
    network : Network
        Left in evaluation mode.
    images : Tensor of shape (n, 1 or 3, height, width)
        uint8, on the network's device; the first 16 are used.
    channels_last : bool, default True
        Memory layout of the inputs.
    """
    network.eval()
    inputs = network_input(
        images[:BATCH_SIZE], network.description.inputs, channels_last=channels_last
    )
    on_gpu = inputs.device.type == "cuda"
    with torch.inference_mode():
        found = latency(
            lambda: network(inputs),
            batch_size=len(inputs),
            n_calls=N_CALLS,
            n_warm_up=N_WARM_UP,
            synchronise=torch.cuda.synchronize if on_gpu else None,
        )
    return Cost(found, n_flops(network, inputs[:1]))


def iterations_until_best(scores: Rows, *, n_train: int, batch_size: int) -> int | None:
    """Optimiser steps until the lowest loss on the validation images.

    Parameters
    ----------
    scores : list of dict
        Rows of ``raw.scores``.
    n_train, batch_size : int
        Training images, and those of a step.

    Returns
    -------
    int or None
        None without training.
    """
    losses = {
        row["epoch"]: row["value"]
        for row in scores
        if (row["split"], row["score"]) == ("validation", "loss") and row["epoch"] > 0
    }
    values = [-losses[epoch] for epoch in sorted(losses)]
    if not values or any(math.isnan(value) for value in values):
        return None
    return iterations_to_best(values, -(-n_train // batch_size))
