r"""What each row adds to canonical correlations, to first order.

With canonical variates u and v of unit variance, row r adds

.. math:: \frac{1}{n} \left( u_r v_r - \frac{\rho}{2} (u_r^2 + v_r^2) \right)

to the correlation :math:`\rho` between them (Romanazzi 1992). Squares of these miss the variance
where features are many for the rows: of correlations near 1 they are a fifth too small, of many
near 0, whose order in the sample keeps each from moving alone, up to 1.7 times too large.

References
----------
.. [1] Romanazzi (1992), "Influence in canonical correlation analysis", Psychometrika 57.
"""

import torch
from torch import Tensor

from collect.measures.cca import WhitenedLayer
from collect.measures.cca_sampling import SampledLayer
from collect.measures.influences import RowInfluences
from collect.measures.svcca import ProjectedLayer


def mean_correlation_influences(x: WhitenedLayer, y: WhitenedLayer) -> RowInfluences:
    """Influences on :func:`~collect.measures.cca.cca_mean`."""
    _, correlations, of_rows = _canonical(x, y)
    return RowInfluences(float(correlations.mean().clamp(max=1.0)), of_rows.mean(dim=1))


def shared_dimensions_influences(x: WhitenedLayer, y: WhitenedLayer) -> RowInfluences:
    """Influences on :func:`~collect.measures.cca.cca_yanai`."""
    cross = x.basis.T @ y.basis
    scale = (x.basis.shape[1] * y.basis.shape[1]) ** 0.5
    of_x, of_y = x.basis @ cross, y.basis @ cross.T
    both = 2 * (of_x * y.basis).sum(dim=1)
    alone = of_x.square().sum(dim=1) + of_y.square().sum(dim=1)
    value = float((cross.square().sum() / scale).clamp(max=1.0))
    return RowInfluences(value, (both - alone) / scale)


def weighted_correlation_influences(x: ProjectedLayer, y: ProjectedLayer) -> RowInfluences:
    """Influences on :func:`~collect.measures.svcca.pwcca`, with the weights kept as they are."""
    axes, correlations, of_rows = _canonical(x.whitened, y.whitened)
    weights = (axes.T @ x.coordinates).abs().sum(dim=1)
    weights = weights / weights.sum()
    return RowInfluences(float((weights @ correlations).clamp(max=1.0)), of_rows @ weights)


def repeated_correlation_influences(x: list[SampledLayer], y: list[SampledLayer]) -> RowInfluences:
    """Influences on :func:`~collect.measures.cca_sampling.cca_mean_juodelyte`: 0 of rows not drawn.

    Those on the draws at hand, as if other images came to the same positions and channels.
    """
    n_repeats = max(len(x), len(y))
    total = x[0].whitened.basis.new_zeros(x[0].n_rows)
    value = 0.0
    for repeat in range(n_repeats):
        ours, theirs = x[repeat % len(x)], y[repeat % len(y)]
        found = mean_correlation_influences(ours.whitened, theirs.whitened)
        total.index_add_(0, ours.rows, found.of_rows / n_repeats)
        value += found.value / n_repeats
    return RowInfluences(value, total)


def _canonical(x: WhitenedLayer, y: WhitenedLayer) -> tuple[Tensor, Tensor, Tensor]:
    """Axes of x, correlations, and what each row adds to each of them, (n_rows, n_pairs)."""
    axes, correlations, turned = torch.linalg.svd(x.basis.T @ y.basis, full_matrices=False)
    u, v = x.basis @ axes, y.basis @ turned.T
    return axes, correlations, u * v - correlations / 2 * (u.square() + v.square())
