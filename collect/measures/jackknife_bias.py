"""By how much a jackknife misses the variance of a value, from Gaussian layers like the given ones.

The jackknife sees the part of a variance that hangs on single images rightly, and the part that
hangs on pairs of them twice or more. Where layers have many features for their images, the second
is as large as the first. Intervals of CKA, which leave out an image or a block at a time, hold as
often as they say nonetheless; those that leave out halves or thirds hold too often.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, median, variance

import torch
from torch import Tensor

from collect.measures.intervals import BalancedJackknife, Jackknife
from collect.measures.measured_layer import MeasuredLayer, value_of
from collect.measures.representation import units

N_STEPS, N_PER_STEP = 8, 12  # a 256th of the way from independent to alike, from 12 draws
RESAMPLED_SHARE, N_RESAMPLED = 0.05, 12  # resampling takes as long as 30 values and varies less

Resampling = Callable[[MeasuredLayer, MeasuredLayer], BalancedJackknife | Jackknife | None]


@dataclass(frozen=True)
class GaussianLayers:
    """Gaussian layers with the means and covariances of two given ones.

    Attributes
    ----------
    means, root : Tensor of shape (n_columns,), (rank, n_columns)
        Of units as rows; columns are the features of ``x`` at each row of a unit, then those of
        ``y``. The covariance is ``root.T @ root``.
    x, y : MeasuredLayer
        The given layers.
    n_units, n_positions : int
        Images or patients, and rows of each.
    """

    means: Tensor
    root: Tensor
    x: MeasuredLayer
    y: MeasuredLayer
    n_units: int
    n_positions: int

    def draw(
        self, coupling: float, generator: torch.Generator
    ) -> tuple[MeasuredLayer, MeasuredLayer]:
        """Draw both layers anew; all covariances between them are weakened by a factor.

        Parameters
        ----------
        coupling : float
            The factor, 0 for independent layers, 1 for the covariances of the given ones.
        generator : torch.Generator
            On the CPU.
        """
        n_columns = self.n_positions * self.x.x.shape[1]
        shared, own = (
            torch.randn(self.n_units, len(self.root), generator=generator).to(self.root)
            for _ in range(2)
        )
        mixed = coupling * shared + math.sqrt(1 - coupling**2) * own
        x = shared @ self.root[:, :n_columns] + self.means[:n_columns]
        y = mixed @ self.root[:, n_columns:] + self.means[n_columns:]
        return self._layer(x, self.x), self._layer(y, self.y)

    def _layer(self, rows: Tensor, like: MeasuredLayer) -> MeasuredLayer:
        groups = None
        if like.groups is not None:
            groups = torch.arange(self.n_units).repeat_interleave(self.n_positions)
        x = rows.reshape(self.n_units * self.n_positions, -1)
        return MeasuredLayer(x, like.name, like.measure, groups)


def gaussian_layers(x: MeasuredLayer, y: MeasuredLayer) -> GaussianLayers:
    """Take the means and covariances of two layers.

    Raises
    ------
    ValueError
        If units have different numbers of rows.
    """
    unit, n_units = units(len(x.x), x.groups)
    n_positions = len(x.x) // n_units
    if bool((unit.bincount() != n_positions).any()):
        raise ValueError("units have different numbers of rows")
    order = unit.argsort(stable=True).to(x.x.device)
    joint = torch.cat([layer.x[order].reshape(n_units, -1) for layer in (x, y)], dim=1)
    joint = joint.to(torch.promote_types(joint.dtype, torch.float32))
    means = joint.mean(dim=0)
    root = torch.linalg.qr((joint - means) / math.sqrt(n_units - 1), mode="r").R
    return GaussianLayers(means, root, x, y, n_units, n_positions)


def variance_ratio(
    x: MeasuredLayer,
    y: MeasuredLayer,
    resampled: Resampling,
    *,
    n_simulations: int,
    seed: int = 0,
) -> float | None:
    """Give the usual square of a standard error over the variance, of Gaussian layers.

    The layers that are drawn have as many rows and features as the given ones, their means and
    covariances; those between the layers are weakened until the value is that of the given ones on
    average, for a value of few images overstates how alike layers are. The square is the median of
    all draws: now and then a third has a component more or less, and its error is enormous. As
    images become more, the ratio goes to 1 whatever the distribution is; at few images it is right
    for Gaussian layers.

    Parameters
    ----------
    x, y : MeasuredLayer
        Two layers with a value that depends on which rows belong together.
    resampled : callable
        What gives the standard error; blocks, or None, where halves or thirds say nothing.
    n_simulations : int
        Draws for the variance; resampling takes a twentieth of them, at least 12.
    seed : int
        Of the draws.

    Returns
    -------
    float or None
        None where units have different numbers of rows, where too many draws have no value or no
        standard error from halves or thirds, and where no draw is as alike as the given layers.

    References
    ----------
    .. [1] Efron and Stein (1981), "The jackknife estimate of variance", Annals of Statistics 9.
    .. [2] Loh (1987), "Calibrating confidence coefficients", Journal of the American Statistical
       Association 82.
    """
    try:
        layers = gaussian_layers(x, y)
        value = value_of(x, y)
        coupling = _coupling(layers, value, seed)
        generator = torch.Generator().manual_seed(seed + 1)
        values = [value_of(*layers.draw(coupling, generator)) for _ in range(n_simulations)]
        n_resampled = max(N_RESAMPLED, round(RESAMPLED_SHARE * n_simulations))
        draws = [resampled(*layers.draw(coupling, generator)) for _ in range(n_resampled)]
    except ValueError:  # the value exists, but not for layers like these
        return None
    squares = [drawn.std_error**2 for drawn in draws if isinstance(drawn, BalancedJackknife)]
    if len(squares) < N_RESAMPLED or not min(values) < value < max(values):
        return None
    return median(squares) / variance(values)


def _coupling(layers: GaussianLayers, value: float, seed: int) -> float:
    """Coupling at which drawn layers are as alike as the given ones, by halving the interval."""
    is_distance = layers.x.measure.kind == "distance"
    low, high = 0.0, 1.0
    for _ in range(N_STEPS):
        middle = (low + high) / 2
        generator = torch.Generator().manual_seed(seed)
        coupling = _finer_near_1(middle)
        drawn = fmean(value_of(*layers.draw(coupling, generator)) for _ in range(N_PER_STEP))
        if (drawn > value) != is_distance:
            high = middle
        else:
            low = middle
    return _finer_near_1((low + high) / 2)


def _finer_near_1(way: float) -> float:
    """Coupling of a share of the way; of layers that are nearly the same the last digits count."""
    return 1 - (1 - way) ** 3
