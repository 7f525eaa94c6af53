"""Mean CCA on samples of rows and channels, as Juodelyte et al. (2023) take it, and over images."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from collect.measures.cca import WhitenedLayer, mean_correlation, whitened_layer
from collect.measures.representation import paired_representations, representation, units

Sampling = Literal["published", "images"]


@dataclass(frozen=True)
class CcaSampling:
    """How rows and channels are drawn.

    Attributes
    ----------
    sampling : {'published', 'images'}
        'published': whole images, the first ones that fill ``n_rows``, and the same channels of
        both networks, as the authors' code does. 'images': every image gives the same number of
        positions, drawn anew in each repeat, so neighbouring positions of a few images do not
        stand for the whole dataset.
    n_rows, n_channels, n_repeats : int
        10,000 rows, 64 channels and 5 repeats in the paper.
    seed : int
        Of the draws; the same for both networks.
    """

    sampling: Sampling = "published"
    n_rows: int = 10_000
    n_channels: int = 64
    n_repeats: int = 5
    seed: int = 0


PUBLISHED = CcaSampling()
OVER_IMAGES = CcaSampling("images")


def cca_mean_juodelyte(
    x: Tensor, y: Tensor, *, groups: Tensor | None = None, plan: CcaSampling = PUBLISHED
) -> float:
    r"""Mean CCA averaged over samples of rows and channels.

    .. math:: \frac{1}{R} \sum_{r=1}^{R} \mathrm{CCA}(X_r, Y_r)

    with :func:`~collect.measures.cca.cca_mean` of the rows and channels of each of R draws.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Positions as rows, of the *same inputs in the same order*.
    groups : Tensor of shape (n_rows,), optional
        Image of each row; None when each row is an image of its own.
    plan : CcaSampling
        How rows and channels are drawn.

    Returns
    -------
    float
        Unitless, in [0, 1]. When rows and channels all fit it is
        :func:`~collect.measures.cca.cca_mean`.

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, or the
        sample has no more rows than channels.

    Notes
    -----
    Costs ``O(n_channels**2)`` time per sampled row and repeat, in float64.

    Their equation 1 writes a sum of correlations, their code and text take the mean: so does this.
    10,000 rows of a first layer are 1 to 4 images; with ``sampling='images'`` they are as many as
    were probed.

    References
    ----------
    .. [1] Juodelyte et al. (2023), "Revisiting hidden representations in transfer learning for
       medical imaging", TMLR, section 3.1.

    Examples
    --------
    >>> x = torch.arange(24.0).reshape(12, 2).cos()
    >>> round(cca_mean_juodelyte(x, 3 * x.flip(1) + 7), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    layers = [sampled_layers(a, n, groups, plan=plan) for a, n in ((x, "x"), (y, "y"))]
    return repeated_correlation(*layers)


def cca_mean_juodelyte_images(
    x: Tensor, y: Tensor, *, groups: Tensor | None = None, plan: CcaSampling = OVER_IMAGES
) -> float:
    r"""Mean CCA averaged over samples of rows of all images, and of channels.

    .. math:: \frac{1}{R} \sum_{r=1}^{R} \mathrm{CCA}(X_r, Y_r)

    As :func:`cca_mean_juodelyte`, but each draw takes as many positions of every image: 10,000 rows
    of a first layer are otherwise 1 to 4 images, which say nothing of the others.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Positions as rows, of the *same inputs in the same order*.
    groups : Tensor of shape (n_rows,), optional
        Image of each row; None when each row is an image of its own.
    plan : CcaSampling
        How rows and channels are drawn.

    Returns
    -------
    float
        Unitless, in [0, 1]. When rows and channels all fit it is
        :func:`~collect.measures.cca.cca_mean`.

    Raises
    ------
    ValueError
        As :func:`cca_mean_juodelyte`.

    Notes
    -----
    Costs ``O(n_channels**2)`` time per sampled row and repeat, in float64.

    References
    ----------
    .. [1] Juodelyte et al. (2023), "Revisiting hidden representations in transfer learning for
       medical imaging", TMLR, section 3.1; the sampling of images is ours.

    Examples
    --------
    >>> x = torch.arange(24.0).reshape(12, 2).cos()
    >>> round(cca_mean_juodelyte_images(x, 3 * x.flip(1) + 7), 6)
    1.0
    """
    return cca_mean_juodelyte(x, y, groups=groups, plan=plan)


@dataclass(frozen=True)
class SampledLayer:
    """One draw of rows and channels of a layer.

    Attributes
    ----------
    whitened : WhitenedLayer
        Orthonormal basis of what was drawn.
    rows : Tensor of shape (n_sampled,)
        Which rows.
    n_rows : int
        Rows of the layer.
    """

    whitened: WhitenedLayer
    rows: Tensor
    n_rows: int


def sampled_layers(
    x: Tensor, name: str = "x", groups: Tensor | None = None, *, plan: CcaSampling = PUBLISHED
) -> list[SampledLayer]:
    """Whitened samples of one layer, one per repeat; only one where there is nothing to draw."""
    x = representation(x, name)
    unit, n_units = units(len(x), groups)
    is_whole = x.shape[1] <= plan.n_channels and (
        plan.sampling == "published" or len(x) <= plan.n_rows
    )
    samples = []
    for repeat in range(1 if is_whole else plan.n_repeats):
        generator = torch.Generator().manual_seed(plan.seed * plan.n_repeats + repeat)
        rows = sampled_rows(unit.cpu(), n_units, plan, generator).to(x.device)
        channels = sampled_channels(x.shape[1], plan, generator).to(x.device)
        whitened = whitened_layer(x[rows][:, channels], name)
        samples.append(SampledLayer(whitened, rows, len(x)))
    return samples


def rows_of_a_draw(n_rows: int, groups: Tensor | None, *, plan: CcaSampling) -> Tensor:
    """Rows of the first draw; the others have as many."""
    unit, n_units = units(n_rows, groups)
    generator = torch.Generator().manual_seed(plan.seed * plan.n_repeats)
    return sampled_rows(unit.cpu(), n_units, plan, generator)


def sampled_rows(
    unit: Tensor, n_units: int, plan: CcaSampling, generator: torch.Generator
) -> Tensor:
    """Rows of one sample, in ascending order.

    Parameters
    ----------
    unit : Tensor of shape (n_rows,)
        Image of each row, from 0.
    n_units : int
        Images.
    plan : CcaSampling
        How many and which way.
    generator : torch.Generator
        Source of the draws; not touched by 'published'.

    Returns
    -------
    Tensor of shape (n_sampled,)
        At least one whole image ('published') or one position of every image ('images').
    """
    if plan.sampling == "published":
        sizes = unit.bincount(minlength=n_units)
        n_images = max(1, int((sizes.cumsum(dim=0) <= plan.n_rows).sum()))
        return (unit < n_images).nonzero().flatten()
    if len(unit) <= plan.n_rows:
        return torch.arange(len(unit))
    per_image = max(1, plan.n_rows // n_units)
    shuffled = torch.randperm(len(unit), generator=generator)
    by_image = shuffled[unit[shuffled].argsort(stable=True)]
    sizes = unit.bincount(minlength=n_units)
    first = sizes.cumsum(dim=0) - sizes
    place = torch.arange(len(unit)) - first[unit[by_image]]
    return by_image[place < per_image].sort().values


def sampled_channels(n_channels: int, plan: CcaSampling, generator: torch.Generator) -> Tensor:
    """Channels of one sample: the same for two layers of the same width."""
    if n_channels <= plan.n_channels:
        return torch.arange(n_channels)
    return torch.randperm(n_channels, generator=generator)[: plan.n_channels].sort().values


def repeated_correlation(x: list[SampledLayer], y: list[SampledLayer]) -> float:
    """:func:`cca_mean_juodelyte` of prepared samples: mean over repeats."""
    n_repeats = max(len(x), len(y))
    values = [
        mean_correlation(x[i % len(x)].whitened, y[i % len(y)].whitened) for i in range(n_repeats)
    ]
    return sum(values) / n_repeats
