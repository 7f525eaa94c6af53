"""Mixed model with a random intercept per dataset and per network, for runs of several networks.

Runs of one dataset share its difficulty, and runs of one network its pre-training; each network is
run on each dataset, so the two cross. What holds for the networks at hand is then about networks,
as far as three or more of them can say it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy import optimize

from analysis.regression.clustered import cr3
from analysis.regression.fits import FALLBACK, ONE_CLUSTER
from analysis.regression.least_squares import Floats
from analysis.regression.satterthwaite import satterthwaite
from analysis.regression.stacking import Model, Stacked, stack
from analysis.regression.term_rows import COLUMNS, t_inference, term_rows

MIN_NETWORKS = 3
ONE_WAY = "the variance between networks is estimated as 0: a random intercept per dataset alone"
FEW = f"fewer than {MIN_NETWORKS} networks: nothing can be said of others"
_NONE = 1e-6  # ratios of variances below it are 0


@dataclass(frozen=True)
class CrossedMoments:
    """Cross products of a least-squares fit with the indicators of datasets and networks.

    Attributes
    ----------
    factor : int array of shape (q,)
        0 for the indicator of a dataset, 1 for that of a network.
    indicators : float array of shape (q, q)
        ``Z'Z``.
    basis : float array of shape (q, k)
        ``Z'Q`` with the orthonormal basis of the fit.
    residuals : float array of shape (q,)
        ``Z'e`` with its residuals.
    square : float
        ``e'e``.
    df : int
        Rows less coefficients.
    """

    factor: np.ndarray
    indicators: Floats
    basis: Floats
    residuals: Floats
    square: float
    df: int

    def solved(self, ratios: Floats) -> tuple[float, Floats, Floats, float]:
        """Weighted square of residuals, shift and precision of coefficients, log determinant.

        ``ratios`` are the variances of datasets and networks over that of runs.
        """
        scale = np.sqrt(ratios)[self.factor]
        inner = np.eye(len(scale)) + scale[:, None] * self.indicators * scale
        right = scale[:, None] * np.column_stack([self.basis, self.residuals])
        weighted = right.T @ np.linalg.solve(inner, right)
        k = self.basis.shape[1]
        precision, cross = np.eye(k) - weighted[:k, :k], -weighted[:k, k]
        shift = np.linalg.solve(precision, cross)
        quadratic = self.square - weighted[k, k] - cross @ shift
        determinant = np.linalg.slogdet(inner)[1] + np.linalg.slogdet(precision)[1]
        return float(quadratic), shift, precision, float(determinant)

    def profiled_deviance(self, ratios: Floats) -> float:
        """Twice the negative restricted log-likelihood at the best variance of runs."""
        quadratic, _, _, determinant = self.solved(ratios)
        return self.df * float(np.log(quadratic)) + determinant


def crossed_rows(
    points: pl.DataFrame,
    model: Model,
    *,
    by: Sequence[str],
    network: str = "pretraining",
    level: float = 0.95,
) -> pl.DataFrame:
    """Fit a line per group with crossed random intercepts of datasets and networks.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group; rows without predictor or outcome are left out.
    model : Model
        Columns; its cluster is the dataset.
    by : sequence of str
        Columns that name a group; not the network.
    network : str, default "pretraining"
        Column that names the network.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Rows as of `analysis.regression.fits.regress` with the method ``crossed``. Groups of fewer
        than three networks are undefined. Where the variance between networks is estimated as 0 it
        is left out, where that between datasets is, least squares with CR3 errors by dataset stands
        in; the reason says so.

    Notes
    -----
    Restricted maximum likelihood, degrees of freedom by Satterthwaite. Costs O((datasets +
    networks)^3) for each evaluation of the likelihood, whatever the number of runs.

    References
    ----------
    .. [1] Bates et al. (2015), J. Stat. Software 67, https://doi.org/10.18637/jss.v067.i01
    """
    points = points.drop_nulls(model.columns)
    if points.is_empty():
        return pl.DataFrame(schema={name: points.schema[name] for name in by} | COLUMNS)
    # Runs are sorted by dataset, and then by this: so they are found again.
    named = points.with_columns(
        pl.concat_str(network, model.run_id, separator="\0").alias(model.run_id)
    )
    stacked = stack(named, model, by)
    fits = [_fitted(stacked, group) for group in range(len(stacked.keys))]
    r_squared = pl.Series("r_squared", stacked.r_squared).fill_nan(None)
    keys = stacked.keys.with_columns(
        r_squared,
        run_ids=pl.col("run_ids").list.eval(pl.element().str.split("\0").list.last()),
    )
    problems = [why or fit.reason for why, fit in zip(stacked.problems, fits, strict=True)]
    rows = []
    for j, term in enumerate(model.terms):
        numbers = np.array([[fit.estimate[j], fit.std_error[j], fit.df[j]] for fit in fits]).T
        found = t_inference(*numbers, level=level)
        notes = pl.Series([fit.note for fit in fits], dtype=pl.String)
        rows.append(
            term_rows(keys, found, problems, ONE_CLUSTER).with_columns(
                term=pl.lit(term), reason=pl.coalesce("reason", notes)
            )
        )
    named_rows = pl.concat(rows).with_columns(method=pl.lit("crossed"), level=pl.lit(level))
    return named_rows.select(*by, *COLUMNS).sort([*by, "term"], nulls_last=True)


@dataclass(frozen=True)
class _Fit:
    estimate: Floats
    std_error: Floats
    df: Floats
    reason: str | None = None
    note: str | None = None


def _fitted(stacked: Stacked, group: int) -> _Fit:
    """Coefficients of one group, or why it has none."""
    nothing = np.full(stacked.fits.coefficients.shape[1], np.nan)
    empty = _Fit(nothing, nothing, nothing)
    networks = [name.split("\0")[0] for name in stacked.keys["run_ids"][group]]
    if stacked.problems[group] is not None:
        return empty
    if stacked.clusters.counts[group] < 2:
        return replace(empty, reason=ONE_CLUSTER)
    if len(set(networks)) < MIN_NETWORKS:
        return replace(empty, reason=FEW)
    moments = crossed_moments(stacked, group, networks)
    ratios = fit_crossed(moments)
    inverse_r = stacked.fits.inverse_r[group]
    if ratios[0] == 0:
        variances = np.diagonal(cr3(stacked.fits, stacked.clusters)[group])
        df = np.full(len(nothing), stacked.clusters.counts[group] - 1.0)
        return _Fit(stacked.fits.coefficients[group], np.sqrt(variances), df, note=FALLBACK)
    quadratic, shift, precision, _ = moments.solved(ratios)
    covariance = inverse_r @ np.linalg.inv(precision) @ inverse_r.T * quadratic / moments.df
    return _Fit(
        stacked.fits.coefficients[group] + inverse_r @ shift,
        np.sqrt(np.diagonal(covariance)),
        _degrees(moments, ratios, inverse_r),
        note=ONE_WAY if ratios[1] == 0 else None,
    )


def crossed_moments(stacked: Stacked, group: int, networks: Sequence[str]) -> CrossedMoments:
    """Add up one group of a stacked fit by dataset and by network."""
    fits, clusters = stacked.fits, stacked.clusters
    rows = slice(fits.starts[group], fits.starts[group] + fits.sizes[group])
    n = int(fits.sizes[group])
    starts = clusters.starts[clusters.groups == group] - fits.starts[group]
    datasets = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, n)))
    _, of_network = np.unique(networks, return_inverse=True)
    members = [
        np.equal.outer(owner, np.arange(owner.max() + 1)) for owner in (datasets, of_network)
    ]
    z = np.hstack(members).astype(np.float64)
    residuals = fits.residuals[rows]
    return CrossedMoments(
        factor=np.repeat([0, 1], [each.shape[1] for each in members]),
        indicators=z.T @ z,
        basis=z.T @ fits.basis[rows],
        residuals=z.T @ residuals,
        square=float(residuals @ residuals),
        df=n - fits.basis.shape[1],
    )


def fit_crossed(moments: CrossedMoments) -> Floats:
    """Ratios of the variances of datasets and networks to that of runs, shape (2,).

    Exactly 0 where the restricted likelihood is highest there.
    """

    def deviance(roots: Floats) -> float:
        return moments.profiled_deviance(np.square(roots))

    found = optimize.minimize(
        deviance,
        np.ones(2),
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 500},
    )
    ratios = np.square(found.x)
    ratios[ratios < _NONE] = 0.0
    return np.asarray(ratios, dtype=np.float64)


def _degrees(moments: CrossedMoments, ratios: Floats, inverse_r: Floats) -> Floats:
    """Satterthwaite's degrees of freedom; a variance of 0 is known, not estimated."""
    is_free = ratios > 0

    def unpacked(log_variances: Floats) -> tuple[Floats, float]:
        of_runs = float(np.exp(log_variances[-1]))
        free = np.zeros(2)
        free[is_free] = np.exp(log_variances[:-1]) / of_runs
        return free, of_runs

    def variances(log_variances: Floats) -> Floats:
        free, of_runs = unpacked(log_variances)
        solved = np.linalg.solve(moments.solved(free)[2], inverse_r.T)
        return np.asarray(of_runs * (inverse_r.T * solved).sum(axis=0), dtype=np.float64)

    def deviance(log_variances: Floats) -> float:
        free, of_runs = unpacked(log_variances)
        quadratic, _, _, determinant = moments.solved(free)
        return moments.df * float(np.log(of_runs)) + determinant + quadratic / of_runs

    of_runs = moments.solved(ratios)[0] / moments.df
    at = np.log(np.append(ratios[is_free] * of_runs, of_runs))
    return satterthwaite(variances, deviance, at)
