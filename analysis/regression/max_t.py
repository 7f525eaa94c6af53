"""Adjusted p-values that know how tests of one family hang together: the joint wild bootstrap."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from analysis.regression.least_squares import Floats
from analysis.regression.stacking import Model, Stacked, stack, testable
from analysis.regression.wild import (
    MAX_ENUMERATED,
    TIES,
    bootstrap_statistics,
    cluster_sums,
    sign_vectors,
)
from analysis.testing.multiplicity import step_down_max_t


def max_t_p_values(
    points: pl.DataFrame, model: Model, *, by: Sequence[str], family: Sequence[str]
) -> pl.DataFrame:
    """Adjust the slopes of a family by the largest t statistic of a joint bootstrap.

    The sign of a dataset's residuals is drawn once for all slopes of a family, so slopes that rest
    on the same runs (the layers of a network) stay as dependent as they are. Less is lost than with
    Holm. Slopes are tested step by step, the largest t first, each together with those that are
    left (step-down): one steep slope takes no power from the others.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns.
    by : sequence of str
        Columns that name a slope.
    family : sequence of str
        Columns among them whose values name a family.

    Returns
    -------
    DataFrame
        One row per slope that has a bootstrap: ``p_wild`` and ``p_max_t`` (share of sign vectors
        whose largest t, over this slope and those of the family with a smaller t, is at least as
        large as the slope's; at least that of every slope with a larger t), ``n_tests``.

    Notes
    -----
    The null is imposed slope by slope, so the draws of one do not depend on whether the others are
    0: a step needs no new draws.

    References
    ----------
    .. [1] Westfall and Young (1993), Resampling-Based Multiple Testing, Wiley.
    .. [2] Romano and Wolf (2005), J. Am. Stat. Assoc. 100,
       https://doi.org/10.1198/016214504000000539
    """
    points = points.drop_nulls(model.columns)
    schema = {name: points.schema[name] for name in by} | _COLUMNS
    if points.is_empty():
        return pl.DataFrame(schema=schema)
    stacked = stack(points, model, by)
    tested = set(testable(stacked))
    numbered = stacked.keys.select(*by).with_row_index("group")
    frames = []
    for _, members in numbered.group_by(family, maintain_order=True):
        groups = [group for group in members["group"] if group in tested]
        if groups:
            p_wild, p_max_t = _family(stacked, groups)
            frames.append(
                members.filter(pl.col("group").is_in(groups))
                .drop("group")
                .with_columns(
                    pl.Series("p_wild", p_wild),
                    pl.Series("p_max_t", p_max_t),
                    n_tests=pl.lit(len(groups), dtype=pl.Int64),
                )
            )
    return pl.concat([pl.DataFrame(schema=schema), *frames])


_COLUMNS: dict[str, pl.DataType] = {
    "p_wild": pl.Float64(),
    "p_max_t": pl.Float64(),
    "n_tests": pl.Int64(),
}


def _family(stacked: Stacked, groups: Sequence[int]) -> tuple[Floats, Floats]:
    """P-values of the slopes of one family, alone and adjusted."""
    slopes = [(stacked, group) for group in groups]
    statistics = joint_statistics(slopes, _wild_statistics)
    observed = statistics[0] * (1 - TIES)
    return (statistics >= observed).mean(axis=0), step_down_max_t(statistics, observed)


def _wild_statistics(stacked: Stacked, group: int, signs: Floats) -> Floats:
    return bootstrap_statistics(cluster_sums(stacked.fits, stacked.clusters, group), signs)


def joint_statistics(
    slopes: Sequence[tuple[Stacked, int]],
    statistics_of: Callable[[Stacked, int, Floats], Floats],
) -> Floats:
    """Absolute t statistics of several slopes under the same signs, (n_draws, n_slopes).

    Parameters
    ----------
    slopes : sequence of (Stacked, int)
        Least-squares fits and which of them; each has a fit and at least two clusters.
    statistics_of : callable
        From a slope and the signs of its clusters, shape (n_draws, n_clusters), to its absolute t
        statistics, shape (n_draws,).

    Returns
    -------
    float array of shape (n_draws, n_slopes)
        The first row is the one observed. The sign of a dataset is the same in every column.
    """
    own = [
        np.array(stacked.cluster_names)[stacked.clusters.groups == group]
        for stacked, group in slopes
    ]
    every = np.unique(np.concatenate(own))
    signs = sign_vectors(len(every))
    mirrored = len(every) <= MAX_ENUMERATED  # turning every sign leaves the absolute t as it is
    signs = signs[: len(signs) // 2] if mirrored else signs
    statistics = np.column_stack(
        [
            statistics_of(stacked, group, signs[:, np.searchsorted(every, clusters)])
            for (stacked, group), clusters in zip(slopes, own, strict=True)
        ]
    )
    return np.vstack([statistics, statistics]) if mirrored else statistics
