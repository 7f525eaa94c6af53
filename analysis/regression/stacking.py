"""Points of a regression, stacked by group and cluster and fitted: where inference starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.regression.clustered import Clusters
from analysis.regression.least_squares import Fits, Floats, fit_groups, group_sums
from analysis.testing.constancy import is_constant

_Flags = npt.NDArray[np.bool_]
EXACT = 1e-24


@dataclass(frozen=True)
class Model:
    """Columns of a regression, ``outcome ~ 1 + controls + predictor``, and its clusters.

    Attributes
    ----------
    predictor : str or None
        Numeric column; None for a mean instead of a slope.
    outcome : str
        Numeric column.
    controls : tuple of str
        Further numeric columns, entered before the predictor.
    cluster : str
        Column that names the cluster; in the analyses here the dataset.
    run_id : str
        Column that names the run.
    """

    predictor: str | None = "similarity"
    outcome: str = "outcome_value"
    controls: tuple[str, ...] = ()
    cluster: str = "dataset"
    run_id: str = "run_id"

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients, in the order of the design."""
        slope = () if self.predictor is None else ("similarity",)
        return ("intercept", *self.controls, *slope)

    @property
    def columns(self) -> list[str]:
        """Numeric columns: controls, predictor if there is one, outcome."""
        predictor = [] if self.predictor is None else [self.predictor]
        return [*self.controls, *predictor, self.outcome]


@dataclass(frozen=True)
class Stacked:
    """Fits of a model in every group, with what names them.

    Attributes
    ----------
    keys : DataFrame
        One row per group: the grouping columns, n_runs, n_clusters, run_ids.
    fits : Fits
        Least-squares fits in the order of ``keys``.
    design : float array of shape (n, k)
        Columns of the model, the constant first, rows in the order of the fits.
    outcome : float array of shape (n,)
        What is explained.
    clusters : Clusters
        Clusters of the rows, in the order of the fits.
    cluster_names : list of str
        Name of each cluster.
    r_squared : float array of shape (n_groups,)
        Share of variance explained; NaN when the outcome is constant.
    problems : list of (str or None)
        Why a group has no fit.
    """

    keys: pl.DataFrame
    fits: Fits
    design: Floats
    outcome: Floats
    clusters: Clusters
    cluster_names: list[str]
    r_squared: Floats
    problems: list[str | None]


def stack(points: pl.DataFrame, model: Model, by: Sequence[str]) -> Stacked:
    """Sort points by group and cluster and fit every group.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group, at least one; predictor, controls and outcome without nulls.
    model : Model
        Columns.
    by : sequence of str
        Columns that name a group.

    Returns
    -------
    Stacked
        Fits in the sorted order of the groups.
    """
    numbers = model.columns
    points = points.select(*by, model.cluster, model.run_id, pl.col(numbers).cast(pl.Float64)).sort(
        [*by, model.cluster, model.run_id], nulls_last=True
    )
    keys = points.group_by(by, maintain_order=True).agg(
        n_runs=pl.len().cast(pl.Int64),
        n_clusters=pl.col(model.cluster).n_unique().cast(pl.Int64),
        run_ids=pl.col(model.run_id).cast(pl.String),
    )
    clusters = points.group_by([*by, model.cluster], maintain_order=True).agg(rows=pl.len())
    cluster_sizes = clusters["rows"].to_numpy().astype(np.int64)
    columns = [points[name].to_numpy() for name in numbers[:-1]]
    design = np.column_stack([np.ones(len(points)), *columns])
    outcome = points[model.outcome].to_numpy()
    fits = fit_groups(design, outcome, keys["n_runs"].to_numpy().astype(np.int64))
    constant = _is_constant(outcome, fits)
    centred = outcome - (group_sums(outcome, fits.starts) / fits.sizes)[fits.groups]
    total = group_sums(centred**2, fits.starts)
    exact = fits.residual_sum_of_squares <= EXACT * total
    flat = _is_constant(design[:, -1], fits) & (design.shape[1] > 1)
    problems = [_problem(fits, group, flat, constant, exact) for group in range(len(keys))]
    return Stacked(
        keys=keys,
        fits=fits,
        design=design,
        outcome=outcome,
        clusters=Clusters(
            np.concatenate([[0], np.cumsum(cluster_sizes)[:-1]]).astype(np.int64),
            np.repeat(np.arange(len(keys)), keys["n_clusters"].to_numpy()),
        ),
        cluster_names=clusters[model.cluster].cast(pl.String).to_list(),
        r_squared=1.0 - fits.residual_sum_of_squares / np.where(constant, np.nan, total),
        problems=problems,
    )


def testable(stacked: Stacked) -> list[int]:
    """List the groups with a fit and at least two clusters."""
    counts = stacked.clusters.counts
    return [g for g, problem in enumerate(stacked.problems) if problem is None and counts[g] > 1]


def _is_constant(values: Floats, fits: Fits) -> _Flags:
    """Whether values within each group are constant."""
    low = np.minimum.reduceat(values, fits.starts)
    high = np.maximum.reduceat(values, fits.starts)
    return is_constant(low, high)


def _problem(fits: Fits, group: int, flat: _Flags, constant: _Flags, exact: _Flags) -> str | None:
    """Why a group has no fit; None where it has one."""
    n, k = fits.sizes[group], fits.basis.shape[1]
    if n <= k:
        return f"{n} runs are too few for {k} coefficients"
    if flat[group]:
        return "the predictor is constant"
    if not fits.has_full_rank[group]:
        return "the predictors are linearly dependent"
    if constant[group]:
        return "the outcome is constant"
    return "the fit is exact: no error to learn from" if exact[group] else None
