"""What may change: which parameters of a network an adaptation trains, phase by phase."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from torch import nn

from collect.backbones.architecture import Backbone
from collect.configuration.sections import PhaseConfig, TrainingConfig
from collect.measures.cost import n_parameters
from collect.networks.heads import Network
from warehouse.errors import CollectError

Frozen = Literal["nothing", "first_blocks", "backbone"]


@dataclass(frozen=True)
class Phase:
    """A stretch of training with one optimiser, and what it leaves as it is."""

    settings: PhaseConfig
    frozen: Frozen


def phases(adaptation: str, training: TrainingConfig) -> tuple[Phase, ...]:
    """Phases of an adaptation.

    Parameters
    ----------
    adaptation : str
        ``linear`` trains the head on a frozen backbone; ``head_then_full`` does so first, then
        everything; ``freeze_first_k`` everything after the k-th layer; ``keep_first_k_frozen`` the
        head on what is left of the backbone; ``none`` nothing; ``full``, ``scratch`` and
        ``keep_first_k`` everything.
    training : TrainingConfig
        Its ``head_phase`` holds for the first phase of ``head_then_full``; the settings of the
        second one where it is absent.

    Returns
    -------
    tuple of Phase
        In order; empty for ``none``.
    """
    if adaptation == "none":
        return ()
    if adaptation in ("linear", "keep_first_k_frozen"):
        return (Phase(training, "backbone"),)
    if adaptation == "head_then_full":
        return (Phase(training.head_phase or training, "backbone"), Phase(training, "nothing"))
    return (Phase(training, "first_blocks" if adaptation == "freeze_first_k" else "nothing"),)


def freeze(network: Network, frozen: Frozen, n_blocks: int | None) -> int:
    """Fix what a phase leaves as it is, and count what it trains.

    Frozen modules get no gradient and stay in evaluation mode, so that their batch statistics stay
    too. ``first_blocks`` freezes everything from the input to the end of the layer ``n_blocks``,
    the embedding included; the final norm trains.

    Parameters
    ----------
    network : Network
        Changed in place.
    frozen : {"nothing", "first_blocks", "backbone"}
        What stays.
    n_blocks : int or None
        k of ``first_blocks``.

    Returns
    -------
    int
        Number of trainable parameters.
    """
    network.requires_grad_(True)
    network.frozen = ()
    if frozen == "backbone":
        network.frozen = (network.backbone,)
        network.backbone.requires_grad_(False)
    elif frozen == "first_blocks":
        layer = _layer_name(network.description, n_blocks)
        network.frozen = tuple(_modules_until(network.backbone, layer))
        for parameter in network.backbone.parameters(recurse=False):  # embeddings of tokens
            parameter.requires_grad_(False)
        for module in network.frozen:
            module.requires_grad_(False)
    return n_parameters(network, trainable=True)


def _layer_name(backbone: Backbone, n_blocks: int | None) -> str:
    n_layers = len(backbone.layers)
    if n_blocks is None or not 1 <= n_blocks <= n_layers:
        raise CollectError(f"n_blocks = {n_blocks}: the network has {n_layers} layers")
    return backbone.layers[n_blocks - 1].name


def _modules_until(root: nn.Module, layer: str) -> Iterator[nn.Module]:
    """Modules from the input to the end of a layer, but for those that go on behind it."""
    reached = False
    for name, module in root.named_modules():
        inside = f"{name}.".startswith(f"{layer}.")
        if reached and not inside:
            return
        reached = reached or inside
        goes_on = name == "" or (f"{layer}.".startswith(f"{name}.") and name != layer)
        if not goes_on:
            yield module
