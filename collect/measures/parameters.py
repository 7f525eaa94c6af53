"""How far the parameters of a network moved, layer by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True)
class ParameterDistance:
    """One measure in parameter space of one layer.

    Attributes
    ----------
    layer : str
        Layer, as the caller names it.
    measure : {'relative_l2', 'update_cosine'}
        Which measure.
    value : float
        Unitless.
    n_parameters : int
        Parameters of the layer.
    """

    layer: str
    measure: str
    value: float
    n_parameters: int


def parameter_distances(
    before: Mapping[str, Tensor],
    after: Mapping[str, Tensor],
    layers: Mapping[str, Sequence[str]],
) -> list[ParameterDistance]:
    """Relative length and direction of the update of each layer.

    Parameters
    ----------
    before, after : mapping of parameter name to Tensor
        State dicts of the same network. Running statistics of normalisation are no parameters and
        are left out.
    layers : mapping of layer to prefixes
        A prefix takes the parameter of that name and all below it; ``""`` takes all.

    Returns
    -------
    list of ParameterDistance
        Two rows per layer; only ``relative_l2`` (0) for a layer that did not move at all, since
        its update has no direction.

    Raises
    ------
    ValueError
        If a layer has no parameter, one is missing in ``after``, or shapes differ.
    """
    found = []
    for layer, prefixes in layers.items():
        start, end = _vectors(before, after, layer, prefixes)
        found.append(ParameterDistance(layer, "relative_l2", relative_l2(start, end), len(start)))
        if not torch.equal(start, end):
            cosine = update_cosine(start, end)
            found.append(ParameterDistance(layer, "update_cosine", cosine, len(start)))
    return found


def relative_l2(before: Tensor, after: Tensor) -> float:
    r"""Length of the update relative to the start.

    .. math:: \lVert \theta' - \theta \rVert / \lVert \theta \rVert

    Parameters
    ----------
    before, after : Tensor of shape (n_parameters,)
        Parameters of one layer.

    Returns
    -------
    float
        Unitless, at least 0; 0 when nothing moved.

    Raises
    ------
    ValueError
        If all parameters were 0 before.

    Notes
    -----
    Costs ``O(n_parameters)`` time.

    Examples
    --------
    >>> relative_l2(torch.tensor([3.0, 4.0]), torch.tensor([3.0, 5.0]))
    0.2
    """
    length = torch.linalg.vector_norm(before.double())
    if length == 0:
        raise ValueError("all parameters are 0 before: a relative distance is undefined")
    return float(torch.linalg.vector_norm(after.double() - before.double()) / length)


def update_cosine(before: Tensor, after: Tensor) -> float:
    r"""Cosine of the angle between the update ``after - before`` and the start ``before``.

    .. math:: \langle \theta' - \theta, \theta \rangle /
        (\lVert \theta' - \theta \rVert \lVert \theta \rVert)

    Near 0 when the update is unrelated to the start, negative when the parameters shrink (as weight
    decay makes them), positive when they grow along themselves.

    Parameters
    ----------
    before, after : Tensor of shape (n_parameters,)
        Parameters of one layer.

    Returns
    -------
    float
        Unitless, in [-1, 1].

    Raises
    ------
    ValueError
        If nothing moved, or all parameters were 0 before.

    Notes
    -----
    Costs ``O(n_parameters)`` time.

    Examples
    --------
    >>> update_cosine(torch.tensor([3.0, 4.0]), torch.tensor([1.5, 2.0]))
    -1.0
    """
    start = before.double()
    update = after.double() - start
    lengths = torch.linalg.vector_norm(start) * torch.linalg.vector_norm(update)
    if lengths == 0:
        raise ValueError("no parameter moved, or all were 0 before: the update has no direction")
    return float((start @ update / lengths).clamp(-1.0, 1.0))


def _vectors(
    before: Mapping[str, Tensor], after: Mapping[str, Tensor], layer: str, prefixes: Sequence[str]
) -> tuple[Tensor, Tensor]:
    names = [name for name in before if _is_parameter(name) and _is_below(name, prefixes)]
    if not names:
        raise ValueError(f"layer {layer} has no parameter below {', '.join(prefixes)}")
    for name in names:
        if name not in after:
            raise ValueError(f"layer {layer}: {name} is missing after")
        if before[name].shape != after[name].shape:
            raise ValueError(
                f"layer {layer}: {name} has shape {tuple(before[name].shape)} before and "
                f"{tuple(after[name].shape)} after"
            )
    start = torch.cat([before[name].detach().flatten() for name in names])
    end = torch.cat([after[name].detach().flatten() for name in names])
    return start, end.to(start.device)


def _is_parameter(name: str) -> bool:
    return not name.endswith(_BUFFERS)


def _is_below(name: str, prefixes: Sequence[str]) -> bool:
    return any(not prefix or name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)
