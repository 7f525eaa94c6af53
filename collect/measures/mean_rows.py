r"""Cosine of mean representations, and how far it would vary over other images.

The mean of n images is off by about ``trace(S) / n`` in its squared length, and where layers have
many features for their images that is as much as the mean itself: a cosine is then that of two
errors. Its spread is that of means with errors of the covariance seen, around the means that are
left when the errors' share of the lengths and of the inner product is taken away, on the scale of
Fisher's z, where a cosine varies alike everywhere.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from collect.measures.intervals import FisherInterval
from collect.measures.representation import paired_representations, representation, units

N_DRAWS = 1000
_CHUNK_ELEMENTS = 1 << 24


def mean_representation(x: Tensor, y: Tensor) -> float:
    r"""Cosine of the mean representations: Zu et al. (2025), eq. 3, taken literally.

    .. math:: \cos\left(\mathbb{E}\,\phi(\theta^*, x), \mathbb{E}\,\phi(\theta, x)\right)

    Blind to which row belongs to which input, and to everything about the cloud but its centre: it
    is here to be compared with measures that see the pairing.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features)
        Activations, of the same width since their means are compared feature by feature.

    Returns
    -------
    float
        Unitless, in [-1, 1].

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts or widths differ,
        or a mean is 0.

    Notes
    -----
    Costs ``O(n_rows * n_features)`` time.

    References
    ----------
    .. [1] Zu et al. (2025), eq. 3: the similarity of the expected representations.

    Examples
    --------
    >>> x = torch.tensor([[3.0, 0.0], [1.0, 0.0], [2.0, 1.0], [2.0, -1.0]])
    >>> mean_representation(x, x + torch.tensor([0.0, 2.0]))
    0.7071067811865475
    """
    x, y = paired_representations(x, y)
    return mean_cosine(mean_row(x, "x"), mean_row(y, "y"))


def mean_row(x: Tensor, name: str = "x") -> Tensor:
    """Direction of the mean representation in float64, at unit length."""
    mean = representation(x, name).mean(dim=0, dtype=torch.float64)
    mean = mean / max(float(mean.abs().amax()), torch.finfo(torch.float64).tiny)
    length = torch.linalg.vector_norm(mean)
    if length == 0:
        raise ValueError(f"the mean of {name} is 0: it has no direction")
    direction: Tensor = mean / length
    return direction


def mean_cosine(x: Tensor, y: Tensor) -> float:
    """:func:`mean_representation` of prepared directions."""
    if x.shape != y.shape:
        raise ValueError(
            f"{len(x)} and {len(y)} features: means of different widths cannot be compared"
        )
    return float((x @ y).clamp(-1.0, 1.0))


@dataclass(frozen=True)
class UncertainMean:
    """The mean of one layer with what each unit adds to its error.

    Attributes
    ----------
    mean : Tensor of shape (n_features,)
        Of all rows, float64.
    deviations : Tensor of shape (n_units, n_features)
        ``deviations.T @ deviations`` is the covariance of the mean, float64.
    """

    mean: Tensor
    deviations: Tensor


def uncertain_mean(x: Tensor, name: str = "x", groups: Tensor | None = None) -> UncertainMean:
    """Take the mean of one layer, and by how much each unit pulls at it."""
    rows = representation(x, name).double()
    rows = rows / rows.abs().amax()
    unit, n_units = units(len(rows), groups)
    mean = rows.mean(dim=0)
    pulls = rows.new_zeros(n_units, rows.shape[1]).index_add_(0, unit.to(rows.device), rows - mean)
    return UncertainMean(mean, pulls * (math.sqrt(n_units / (n_units - 1)) / len(rows)))


def mean_cosine_interval(x: UncertainMean, y: UncertainMean, seed: int = 0) -> FisherInterval:
    """Say how far :func:`mean_representation` would vary over other images.

    Parameters
    ----------
    x, y : UncertainMean
        From :func:`uncertain_mean`, with the same groups.
    seed : int
        Of 1,000 draws.

    Returns
    -------
    FisherInterval
        About the expected value at this number of images.

    Notes
    -----
    Costs ``O(1000 * n_units * n_features)`` time.

    References
    ----------
    .. [1] Chernozhukov, Chetverikov and Kato (2013), "Gaussian approximations and multiplier
       bootstrap for maxima of sums of high-dimensional random vectors", Annals of Statistics 41.
    """
    n_units, n_features = x.deviations.shape
    mean_x, mean_y = _without_error(x, y)
    weights = torch.randn(
        N_DRAWS, n_units, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    ).to(x.mean.device)
    drawn = [
        cosine_similarity(mean_x + some @ x.deviations, mean_y + some @ y.deviations)
        for some in torch.split(weights, max(1, _CHUNK_ELEMENTS // n_features))
    ]
    value = cosine_similarity(x.mean, y.mean, dim=0)
    return FisherInterval.of_draws(float(value), torch.cat(drawn), n_units - 1)


def _without_error(x: UncertainMean, y: UncertainMean) -> tuple[Tensor, Tensor]:
    """Give means in the plane of both, with the lengths and angle expected behind the errors."""
    long_x, long_y = (
        (a.mean.square().sum() - a.deviations.square().sum()).clamp(min=0).sqrt() for a in (x, y)
    )
    inner = x.mean @ y.mean - (x.deviations * y.deviations).sum()
    cosine = (inner / (long_x * long_y)).nan_to_num(0.0).clamp(-1, 1)
    along = x.mean / torch.linalg.vector_norm(x.mean)
    across = y.mean - (y.mean @ along) * along
    across = across / torch.linalg.vector_norm(across).clamp(min=torch.finfo(torch.float64).tiny)
    return long_x * along, long_y * (cosine * along + (1 - cosine.square()).sqrt() * across)
