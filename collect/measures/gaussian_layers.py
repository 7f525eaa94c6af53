"""Gaussian layers like two given ones, coupled as strongly as one likes."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import isotonic_regression
from torch import Tensor

from collect.measures.cca import WhitenedLayer
from collect.measures.effective_rows import intraclass_correlation, rows_worth
from collect.measures.measured_layer import MeasuredLayer
from collect.measures.representation import units

N_FOLDS = 10
BELOW_1 = 1 - 1e-9


@dataclass(frozen=True)
class GaussianLayers:
    """Gaussian layers with the means and covariances of two given ones, and independent rows.

    Of a layer that has more features than half of the rows to draw, the covariances of the largest
    components.

    Attributes
    ----------
    x, y : MeasuredLayer
        The given layers.
    x_means, y_means : Tensor of shape (n_features,)
        Of the features.
    x_root, y_root : Tensor of shape (rank, n_features)
        What turns canonical variates into features; ``root.T @ root`` is the covariance.
    correlations : Tensor of shape (n_pairs,)
        Canonical correlations, of the first variates of both, see :func:`held_out_correlations`.
    n_rows : int
        Rows to draw: as many independent ones as those of the given layers are worth.

    References
    ----------
    .. [1] Bartlett (1933), "On the theory of statistical regression", Proceedings of the Royal
       Society of Edinburgh 53.
    """

    x: MeasuredLayer
    y: MeasuredLayer
    x_means: Tensor
    y_means: Tensor
    x_root: Tensor
    y_root: Tensor
    correlations: Tensor
    n_rows: int

    def draw(
        self, strength: float, rng: np.random.Generator
    ) -> tuple[MeasuredLayer, MeasuredLayer]:
        """Draw both layers anew.

        Parameters
        ----------
        strength : float
            What the inverse hyperbolic tangents of the canonical correlations are multiplied by: 0
            for independent layers, 1 for the correlations as they are.
        rng : numpy.random.Generator
            Source of the draw.
        """
        x, y = (
            torch.from_numpy(rng.standard_normal((self.n_rows, len(root)))).to(root)
            for root in (self.x_root, self.y_root)
        )
        y = self._coupled(x, y, strength)
        return (
            MeasuredLayer(x @ self.x_root + self.x_means, self.x.name, self.x.measure, None),
            MeasuredLayer(y @ self.y_root + self.y_means, self.y.name, self.y.measure, None),
        )

    def draw_whitened(
        self, strength: float, rng: np.random.Generator
    ) -> tuple[WhitenedLayer, WhitenedLayer]:
        """Draw both layers anew, whitened: all that a measure blind to linear maps looks at.

        Centred Gaussian rows are an orthonormal basis times a triangle of independent normal and
        chi variables (Bartlett 1933). The basis is common to both layers, so the triangle stands
        for the rows: of no more rows than both layers have dimensions, however many there are.
        """
        n_x, n_y, n_free = len(self.x_root), len(self.y_root), self.n_rows - 1
        n_kept = min(n_free, n_x + n_y)
        triangle = np.triu(rng.standard_normal((n_kept, n_x + n_y)), 1)
        place = np.arange(n_kept)
        triangle[place, place] = np.sqrt(rng.chisquare(n_free - place))
        rows = torch.from_numpy(triangle).to(self.x_root.device)
        y = self._coupled(rows[:, :n_x], rows[:, n_x:], strength)
        axes = torch.eye(n_kept, n_x, dtype=rows.dtype, device=rows.device)
        return WhitenedLayer(axes), WhitenedLayer(torch.linalg.qr(y).Q)

    def _coupled(self, x: Tensor, y: Tensor, strength: float) -> Tensor:
        """Add to canonical variates of y what they have in common with those of x."""
        correlations = torch.tanh(strength * torch.atanh(self.correlations)).to(y.dtype)
        n_pairs = len(correlations)
        paired = correlations * x[:, :n_pairs]
        paired = paired + (1 - correlations.square()).sqrt() * y[:, :n_pairs]
        return torch.cat([paired, y[:, n_pairs:]], dim=1)


def gaussian_layers(x: MeasuredLayer, y: MeasuredLayer) -> GaussianLayers:
    """Take the means, covariances and canonical correlations of two layers.

    Rows of one image or patient are alike, and as many as their cross-products are worth are drawn:
    the correlation of these within a unit is the product of those of both layers.

    Raises
    ------
    ValueError
        If features are too many for the units, or one varies in a tenth of them alone.
    """
    unit, n_units = units(len(x.x), x.groups)
    alike = [intraclass_correlation(layer.x, layer.groups, layer.name) for layer in (x, y)]
    n_rows = round(rows_worth(unit.bincount(), alike[0] * alike[1]))
    ours, theirs = (
        layer.x.to(torch.promote_types(layer.x.dtype, torch.float32)) for layer in (x, y)
    )
    (x_scores, x_axes), (y_scores, y_axes) = (_principal(a, n_rows // 2) for a in (ours, theirs))
    shuffled = torch.randperm(n_units, generator=torch.Generator().manual_seed(0))
    fold = (shuffled % N_FOLDS)[unit.cpu()].to(x_scores.device)
    correlations = held_out_correlations(x_scores, y_scores, fold)
    pair = _canonical(x_scores, y_scores)
    scale = math.sqrt(len(ours) - 1)
    return GaussianLayers(
        x=x,
        y=y,
        x_means=ours.mean(dim=0),
        y_means=theirs.mean(dim=0),
        x_root=pair.x_turn.T @ pair.x_root @ x_axes / scale,
        y_root=pair.y_turn.T @ pair.y_root @ y_axes / scale,
        correlations=correlations,
        n_rows=n_rows,
    )


def held_out_correlations(x: Tensor, y: Tensor, fold: Tensor) -> Tensor:
    """Correlations of canonical variates on rows that did not choose them.

    Where features are many, canonical correlations of a sample are spread from nearly 1 to nearly
    0, however equal those of the population are. Directions found on nine tenths of the rows
    correlate on the last tenth by about what they do in the population, up to a factor.

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_columns_x) and (n_rows, n_columns_y)
        The same rows.
    fold : Tensor of shape (n_rows,)
        Which tenth each row is held out with, from 0.

    Returns
    -------
    Tensor of shape (min(n_columns_x, n_columns_y),)
        float64 in [0, 1), falling: neighbours that rise are averaged.

    Raises
    ------
    ValueError
        If the rows without a tenth are no more than the columns, or a direction varies in that
        tenth alone.
    """
    if len(x) - int(fold.bincount().max()) <= max(x.shape[1], y.shape[1]) + 1:
        raise ValueError("too many features for these images")
    sums = x.new_zeros(3, min(x.shape[1], y.shape[1]))
    for left_out in range(N_FOLDS):
        held = fold == left_out
        centred = [a - a[~held].mean(dim=0) for a in (x, y)]
        pair = _canonical(*(a[~held] for a in centred))
        if any(_is_singular(root) for root in (pair.x_root, pair.y_root)):
            raise ValueError("a component is constant without a tenth of the rows")
        a, b = (
            torch.linalg.solve_triangular(root, rows[held], upper=True, left=False) @ turn
            for rows, root, turn in (
                (centred[0], pair.x_root, pair.x_turn),
                (centred[1], pair.y_root, pair.y_turn),
            )
        )
        a, b = a[:, : sums.shape[1]], b[:, : sums.shape[1]]
        sums += torch.stack([(a * b).sum(dim=0), (a * a).sum(dim=0), (b * b).sum(dim=0)])
    found = (sums[0] / (sums[1] * sums[2]).sqrt()).double().cpu().numpy()
    falling = torch.from_numpy(isotonic_regression(found, increasing=False).x.copy())
    return falling.clamp(0, BELOW_1).to(x.device)


def _is_singular(root: Tensor) -> bool:
    sizes = root.diagonal().abs()
    return bool(sizes.min() <= len(root) * torch.finfo(root.dtype).eps * sizes.max())


def _principal(x: Tensor, at_most: int) -> tuple[Tensor, Tensor]:
    """Scores on the principal components that vary, and the components as rows."""
    found = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)
    floor = max(x.shape) * torch.finfo(x.dtype).eps * float(found.S[0])
    n_kept = min(at_most, int((floor < found.S).sum()))
    return found.U[:, :n_kept] * found.S[:n_kept], found.Vh[:n_kept]


@dataclass(frozen=True)
class _Canonical:
    x_root: Tensor
    y_root: Tensor
    x_turn: Tensor
    y_turn: Tensor


def _canonical(x: Tensor, y: Tensor) -> _Canonical:
    """Triangular roots of the sums of squares, and what turns whitened rows into variates."""
    ours, theirs = torch.linalg.qr(x), torch.linalg.qr(y)
    turns = torch.linalg.svd(ours.Q.T @ theirs.Q)
    return _Canonical(ours.R, theirs.R, turns.U, turns.Vh.T)
