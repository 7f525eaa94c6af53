"""First-layer filters of a network."""

from torch import Tensor, nn


def first_layer_filters(network: nn.Module) -> tuple[str, Tensor]:
    """Weights of the first convolution, with the name of its submodule.

    Parameters
    ----------
    network : nn.Module
        Any network with a convolution; the patch embedding of a transformer is one.

    Returns
    -------
    tuple of str and Tensor of shape (n_filters, n_channels, height, width)
        The weights as they are, detached, not copied.

    Raises
    ------
    ValueError
        If there is no two-dimensional convolution.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            return name, module.weight.detach()
    raise ValueError(f"{type(network).__name__} has no convolution")
