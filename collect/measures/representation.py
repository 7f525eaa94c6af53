"""Representations: matrices with one row per input, checked before anything is computed."""

import math

import numpy as np
import torch
from torch import Tensor

MINIMUM_ROWS = 4
_KEPT_DTYPES = (torch.float32, torch.float64)
_SAFE_EXPONENT = 40
_SUMMED_ROWS = 64
_SMALLEST_NORM = 1e-15
_ROUNDINGS_OF_A_MEAN = 16
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
    if not bool(x.sum().isfinite()):  # one sum tells, unless it overflows
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

    What the precision of ``x`` cannot hold of a mean is subtracted in a second step where it
    matters, so features far from the origin keep the precision that they came with. Scaling by a
    power of two rounds nothing.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        A checked representation.

    Returns
    -------
    Tensor of shape (n_rows, n_features)
        In the dtype of ``x``.
    """
    return centred_with_norms(x)[0]


def centred_with_norms(x: Tensor) -> tuple[Tensor, Tensor]:
    """Centre as :func:`centred` does, and take the squared row norms on the way.

    Returns
    -------
    tuple of Tensor of shape (n_rows, n_features) and (n_rows,)
        Features in the dtype of ``x``, and their squared norms in float64.
    """
    x = x.detach()
    means = column_means(x)
    features = torch.sub(x, means.to(x.dtype), out=_memory_like(x))
    norms = squared_row_norms(features)
    mean_square = float(norms.sum()) / x.numel()
    precision = _ROUNDINGS_OF_A_MEAN * torch.finfo(x.dtype).eps
    if float(means.abs().amax()) * precision > _NEGLIGIBLE_SHIFT * math.sqrt(mean_square):
        features -= column_means(features).to(x.dtype)
        norms = squared_row_norms(features)
        mean_square = float(norms.sum()) / x.numel()
    exponent = math.log2(mean_square)
    if abs(exponent) <= _SAFE_EXPONENT:
        return features, norms
    half = round(-exponent / 4)  # in two steps: the whole power itself may be out of range
    return features * 2.0**half * 2.0**half, norms * 2.0 ** (4 * half)


def _memory_like(x: Tensor) -> Tensor:
    """Memory for a copy; that of numpy has large pages, which halves the time of its writing."""
    if x.device.type != "cpu":
        return torch.empty_like(x)
    return torch.from_numpy(np.empty(x.shape, dtype=x.new_empty(0).numpy().dtype))


def column_means(x: Tensor) -> Tensor:
    """Mean of each feature in float64, from sums of 64 rows in the dtype of ``x``."""
    n_whole = len(x) - len(x) % _SUMMED_ROWS
    blocks = x[:n_whole].reshape(-1, _SUMMED_ROWS, x.shape[1]).sum(dim=1)
    total = blocks.sum(dim=0, dtype=torch.float64) + x[n_whole:].sum(dim=0, dtype=torch.float64)
    if not bool(total.sum().isfinite()):  # sums of the largest float32 overflow, their mean not
        total = x.sum(dim=0, dtype=torch.float64)
    means: Tensor = total / len(x)
    return means


def squared_row_norms(features: Tensor) -> Tensor:
    """Sum of squares of each row, in float64."""
    norms: Tensor = torch.linalg.vector_norm(features, dim=1).double()
    total = float(norms.sum())
    if not _SMALLEST_NORM < total < math.inf:  # squares left the range of float32
        norms = torch.linalg.vector_norm(features, dim=1, dtype=torch.float64)
    return norms.square()


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
