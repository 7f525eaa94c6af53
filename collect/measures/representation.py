"""Representations: matrices with one row per input, checked before anything is computed."""

import math

import torch
from torch import Tensor

MINIMUM_ROWS = 4
_KEPT_DTYPES = (torch.float32, torch.float64)
_SAFE_EXPONENT = 40
_NEGLIGIBLE_SHIFT = 1e-5  # alignments change by its square
_REDUCED_DTYPES = (torch.float16, torch.bfloat16)


def representation(x: Tensor, name: str = "x") -> Tensor:
    """Check one representation and give it a floating dtype that measures can work in.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        Activations of one layer, one row per input (or per position of an input).
    name : str
        How error messages call it, usually the layer.

    Returns
    -------
    Tensor of shape (n_rows, n_features)
        The same tensor in float32 or float64 on the same device: half precision becomes float32,
        integers become float64.

    Raises
    ------
    ValueError
        If ``x`` is not 2-D, has fewer than 4 rows or no feature, is complex, has a value that is
        not finite, or has the same row everywhere: no similarity is defined for it.
    """
    if x.ndim != 2:
        raise ValueError(f"{name} has shape {tuple(x.shape)}: expected (n_rows, n_features)")
    n_rows, n_features = x.shape
    if n_rows < MINIMUM_ROWS:
        raise ValueError(f"{name} has {n_rows} rows: a similarity needs at least {MINIMUM_ROWS}")
    if n_features == 0:
        raise ValueError(f"{name} has no features")
    if x.is_complex():
        raise ValueError(f"{name} is complex: expected real activations")
    x = in_working_dtype(x)
    if not bool(
        x.sum(dtype=torch.float64).isfinite()
    ):  # one sum is NaN or infinite if any entry is
        n_bad = int((~torch.isfinite(x)).sum())
        if n_bad:
            raise ValueError(f"{name} has {n_bad} values that are not finite (NaN or infinity)")
    if bool((x[1] == x[0]).all()) and bool((x == x[0]).all()):
        raise ValueError(f"{name} is constant: all {n_rows} rows are the same")
    return x


def in_working_dtype(x: Tensor) -> Tensor:
    """Turn half precision into float32 and integers into float64; keep float32 and float64."""
    if x.dtype in _REDUCED_DTYPES:
        return x.float()
    return x if x.dtype in _KEPT_DTYPES else x.double()


def paired_representations(
    x: Tensor, y: Tensor, names: tuple[str, str] = ("x", "y")
) -> tuple[Tensor, Tensor]:
    """Check two representations of the same inputs.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.
    names : tuple of str
        How error messages call them.

    Returns
    -------
    tuple of Tensor
        Both through :func:`representation`.

    Raises
    ------
    ValueError
        As :func:`representation`, and if the numbers of rows or the devices differ.
    """
    x, y = representation(x, names[0]), representation(y, names[1])
    if len(x) != len(y):
        raise ValueError(
            f"{names[0]} has {len(x)} rows and {names[1]} has {len(y)}: not the same inputs"
        )
    if x.device != y.device:
        raise ValueError(f"{names[0]} is on {x.device} and {names[1]} on {y.device}")
    return x, y


def centred(x: Tensor) -> Tensor:
    """Features minus their means, scaled by a power of two where squares could overflow.

    The mean is taken in float64. What float32 cannot hold of it is subtracted in a second step
    where it matters, so features far from the origin keep the precision that they came with.
    Scaling by a power of two rounds nothing.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        A checked representation.

    Returns
    -------
    Tensor of shape (n_rows, n_features)
        In the dtype of ``x``.
    """
    mean = x.mean(dim=0, dtype=torch.float64)
    coarse = mean.to(x.dtype)
    features = x - coarse
    rest = mean - coarse.double()
    mean_square = float(torch.linalg.vector_norm(features, dtype=torch.float64)) ** 2 / x.numel()
    if float(rest.abs().amax()) > _NEGLIGIBLE_SHIFT * mean_square**0.5:
        features -= rest.to(x.dtype)
    exponent = math.log2(mean_square)
    if abs(exponent) <= _SAFE_EXPONENT:
        return features
    half = round(-exponent / 4)  # in two steps: the whole power itself may be out of range
    return features * 2.0**half * 2.0**half


def units(n_rows: int, groups: Tensor | None) -> tuple[Tensor, int]:
    """Find the image or patient of each row, numbered from 0, and count them.

    Parameters
    ----------
    n_rows : int
        Rows of the representation.
    groups : Tensor of shape (n_rows,) or None
        Image or patient that each row belongs to, any integers; None when each row is a unit.

    Returns
    -------
    tuple of (Tensor of shape (n_rows,), int)
        Unit of each row in 0 .. n_units - 1, and n_units.

    Raises
    ------
    ValueError
        If there is not one group per row, or fewer than 4 units.
    """
    if groups is None:
        return torch.arange(n_rows), n_rows
    if groups.shape != (n_rows,):
        raise ValueError(f"groups has shape {tuple(groups.shape)}: expected ({n_rows},)")
    values, index = torch.unique(groups, return_inverse=True)
    if len(values) < MINIMUM_ROWS:
        raise ValueError(
            f"the {n_rows} rows belong to {len(values)} images or patients: "
            f"at least {MINIMUM_ROWS} are needed"
        )
    return index, len(values)


def positions_as_rows(activations: Tensor) -> tuple[Tensor, Tensor]:
    """Turn feature maps into rows, one per position, and say which image each row is of.

    Parameters
    ----------
    activations : Tensor of shape (n_images, n_channels, height, width) or \
            (n_images, n_tokens, n_channels)
        Maps of a convolutional layer, or tokens of a transformer layer.

    Returns
    -------
    tuple of Tensor of shape (n_images * n_positions, n_channels) and (n_images * n_positions,)
        Rows in the order image, position; and the image of each row, as ``groups`` of the measures.

    Raises
    ------
    ValueError
        If ``activations`` has neither three nor four dimensions.

    Examples
    --------
    >>> rows, images = positions_as_rows(torch.zeros(2, 8, 3, 5))
    >>> rows.shape, images.bincount()
    (torch.Size([30, 8]), tensor([15, 15]))
    """
    if activations.ndim == 4:
        activations = activations.flatten(2).transpose(1, 2)
    if activations.ndim != 3:
        raise ValueError(
            f"activations have shape {tuple(activations.shape)}: expected "
            "(n_images, n_channels, height, width) or (n_images, n_tokens, n_channels)"
        )
    n_images, n_positions, _ = activations.shape
    images = torch.arange(n_images, device=activations.device).repeat_interleave(n_positions)
    return activations.flatten(0, 1), images
