"""Do datasets have one slope? A test of it, on the fits that are there already."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from analysis.regression.least_squares import Floats, group_sums
from analysis.regression.stacking import Model, Stacked, stack

_NUMBERS: dict[str, pl.DataType] = {"slopes_sd": pl.Float64(), "slopes_p_value": pl.Float64()}


@dataclass(frozen=True)
class EqualSlopes:
    """Test that the slope on the last term is the same in every cluster, by group.

    Attributes
    ----------
    statistic : float array of shape (n_groups,)
        F; NaN where fewer than two clusters have a slope, or no run is left to judge it by.
    df_slopes, df_runs : float array of shape (n_groups,)
        Degrees of freedom of F.
    p_value : float array of shape (n_groups,)
        Of equal slopes.
    sd : float array of shape (n_groups,)
        Standard deviation between the slopes, beyond what their errors make; 0 where they
        differ less than that.
    """

    statistic: Floats
    df_slopes: Floats
    df_runs: Floats
    p_value: Floats
    sd: Floats


def equal_slopes(stacked: Stacked) -> EqualSlopes:
    r"""Test equal slopes by the analysis of covariance.

    Each cluster has an intercept; F compares one slope for all with one for each. With the
    deviations from the cluster's means, :math:`S_g = \sum u_i^2`, and the cluster's slope
    :math:`b_g`,

    .. math:: F = \frac{\sum_g S_g (b_g - b)^2 / (G - 1)}{\mathrm{RSS} / (n - 2 G)},
        \quad b = \sum_g S_g b_g / \sum_g S_g

    and the variance between slopes is the excess of the numerator over the denominator, over
    :math:`(\sum S_g - \sum S_g^2 / \sum S_g) / (G - 1)`.

    Parameters
    ----------
    stacked : Stacked
        Least-squares fits with clusters; the last term is the predictor.

    Returns
    -------
    EqualSlopes
        Controls, where there are some, are taken off with the same coefficients in every cluster.

    Notes
    -----
    Assumes that runs of a dataset vary equally in all datasets. Costs a few sums over the runs.

    References
    ----------
    .. [1] DerSimonian and Laird (1986), Controlled Clinical Trials 7 (the variance by moments).
    """
    fits, clusters = stacked.fits, stacked.clusters
    sizes = np.diff(np.append(clusters.starts, len(fits.residuals)))
    own = np.repeat(np.arange(len(sizes)), sizes)
    u, v = (
        values - (group_sums(values, clusters.starts) / sizes)[own]
        for values in (fits.basis[:, -1], fits.residuals)
    )
    squares, products = (group_sums(each, clusters.starts) for each in (u * u, u * v))
    varies = squares > 1e-12
    slopes = np.divide(products, squares, out=np.zeros(len(sizes)), where=varies)
    first = np.searchsorted(clusters.groups, np.arange(len(stacked.keys)))

    def sums(each: Floats) -> Floats:
        return np.asarray(np.add.reduceat(np.where(varies, each, 0.0), first))

    total, n_slopes = sums(squares), sums(np.ones(len(sizes)))
    with np.errstate(divide="ignore", invalid="ignore"):
        common = sums(squares * slopes) / total
        apart = sums(squares * (slopes - common[clusters.groups]) ** 2)
        rest = np.add.reduceat(group_sums(v * v, clusters.starts) - squares * slopes**2, first)
        df_slopes = n_slopes - 1
        df_runs = fits.sizes - clusters.counts - n_slopes - (fits.basis.shape[1] - 2)
        error = np.where(df_runs > 0, rest / df_runs, np.nan)
        statistic = np.where(df_slopes > 0, apart / df_slopes / error, np.nan)
        scale = (total - sums(squares**2) / total) / df_slopes
        variance = (apart / df_slopes - error) / scale
    of_design = np.abs(fits.inverse_r[:, -1, -1])  # from the orthonormal basis to the predictor
    return EqualSlopes(
        statistic,
        df_slopes,
        df_runs,
        np.asarray(stats.f.sf(statistic, df_slopes, df_runs)),
        of_design * np.sqrt(np.maximum(variance, 0.0)),
    )


def equal_slope_rows(points: pl.DataFrame, model: Model, *, by: Sequence[str]) -> pl.DataFrame:
    """Test equal slopes in every group.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group; rows without predictor or outcome are left out.
    model : Model
        Columns; its cluster is the dataset.
    by : sequence of str
        Columns that name a group.

    Returns
    -------
    DataFrame
        ``by``, ``slopes_sd`` and ``slopes_p_value``, null where they are undefined.
    """
    points = points.drop_nulls(model.columns)
    if points.is_empty():
        return pl.DataFrame(schema={name: points.schema[name] for name in by} | _NUMBERS)
    stacked = stack(points, model, by)
    found = equal_slopes(stacked)
    is_fitted = np.array([problem is None for problem in stacked.problems])
    numbers = [np.where(is_fitted, each, np.nan) for each in (found.sd, found.p_value)]
    return stacked.keys.select(by).with_columns(
        pl.Series("slopes_sd", numbers[0]).fill_nan(None),
        pl.Series("slopes_p_value", numbers[1]).fill_nan(None),
    )
