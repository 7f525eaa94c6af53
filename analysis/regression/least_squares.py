"""Least squares in many groups at once, by modified Gram-Schmidt on the stacked rows.

A study asks for the same regression per backbone, layer, measure and outcome: thousands of small
fits. Stacked, they cost a few passes over the rows, whatever the sizes of the groups are.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RANK_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Fits:
    """Fits of ``n_groups`` regressions with ``k`` coefficients on ``n`` stacked rows.

    Every sandwich is a few sums over rows of the orthonormal basis: with ``X = QR``, a covariance
    is
    ``R^-1 M R^-T`` where ``M`` is the covariance of ``Q'e``.

    Attributes
    ----------
    starts : int array of shape (n_groups,)
        First row of each group.
    sizes : int array of shape (n_groups,)
        Rows of each group.
    basis : float array of shape (n, k)
        ``Q``: orthonormal within each group.
    inverse_r : float array of shape (n_groups, k, k)
        ``R^-1``, upper triangular; NaN where the columns are linearly dependent.
    coefficients : float array of shape (n_groups, k)
        NaN where the columns are linearly dependent.
    residuals : float array of shape (n,)
        Outcome less fit.
    has_full_rank : bool array of shape (n_groups,)
        Whether the columns are linearly independent and no more than the rows.
    """

    starts: Ints
    sizes: Ints
    basis: Floats
    inverse_r: Floats
    coefficients: Floats
    residuals: Floats
    has_full_rank: npt.NDArray[np.bool_]

    @property
    def groups(self) -> Ints:
        """Group of each row, shape (n,)."""
        return np.asarray(np.repeat(np.arange(len(self.sizes)), self.sizes), dtype=np.int64)

    @property
    def df(self) -> Ints:
        """Residual degrees of freedom, shape (n_groups,)."""
        return np.asarray(self.sizes - self.basis.shape[1], dtype=np.int64)

    @property
    def residual_sum_of_squares(self) -> Floats:
        """Sum of squared residuals, shape (n_groups,)."""
        return group_sums(self.residuals**2, self.starts)

    def covariance(self, meat: Floats) -> Floats:
        """Covariance of the coefficients, shape (n_groups, k, k), from that of ``Q'e``."""
        covariance: Floats = self.inverse_r @ meat @ self.inverse_r.transpose(0, 2, 1)
        return covariance


def group_sums(values: Floats, starts: Ints) -> Floats:
    """Add up consecutive groups of rows, none of them empty; shape (n_groups, ...)."""
    sums: Floats = np.add.reduceat(values, starts, axis=0)
    return sums


def fit_groups(design: Floats, outcome: Floats, sizes: Ints) -> Fits:
    """Least squares of an outcome on the columns of a design, in each group of consecutive rows.

    Parameters
    ----------
    design : float array of shape (n, k)
        One row per observation; a constant column is the caller's to add. Groups are consecutive.
    outcome : float array of shape (n,)
        What is explained.
    sizes : int array of shape (n_groups,)
        Rows of each group, all positive, summing to ``n``.

    Returns
    -------
    Fits
        Coefficients in the order of the columns, with what standard errors need.

    Raises
    ------
    ValueError
        If a number is not finite, a group is empty, or the shapes disagree.

    Notes
    -----
    Modified Gram-Schmidt, each column orthogonalised twice: as accurate as Householder here, O(n
    k^2). A column counts as dependent when less than 1e-10 of its length is left after
    orthogonalising.

    References
    ----------
    .. [1] Bjorck (1967), "Solving linear least squares problems by Gram-Schmidt orthogonalization",
       BIT 7.

    Examples
    --------
    >>> design = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 0.0], [1.0, 2.0]])
    >>> fits = fit_groups(design, np.array([1.0, 3.0, 0.0, -2.0]), np.array([2, 2]))
    >>> (fits.coefficients.round(12) + 0.0).tolist()
    [[1.0, 2.0], [0.0, -1.0]]
    """
    n, k = design.shape
    if outcome.shape != (n,) or sizes.sum() != n or (sizes < 1).any():
        raise ValueError(
            f"design has {n} rows, outcome shape {outcome.shape}, groups {sizes.sum()} rows in all"
        )
    if not (np.isfinite(design).all() and np.isfinite(outcome).all()):
        raise ValueError("design and outcome must be finite")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    basis = np.zeros((n, k))
    r = np.zeros((len(sizes), k, k))
    full_rank = sizes >= k
    for j in range(k):
        column = design[:, j].copy()
        length = np.sqrt(group_sums(column**2, starts))
        _project_out(column, basis[:, :j], r[:, :j, j], starts, groups)
        rest = np.sqrt(group_sums(column**2, starts))
        dependent = rest <= RANK_TOLERANCE * length
        full_rank &= ~dependent
        r[:, j, j] = np.where(dependent, 1.0, rest)
        basis[:, j] = np.where(dependent[groups], 0.0, column / r[groups, j, j])
    residuals = outcome.copy()
    projections = np.zeros((len(sizes), k))
    _project_out(residuals, basis, projections, starts, groups)
    inverse_r = np.asarray(np.linalg.inv(r), dtype=np.float64)
    inverse_r[~full_rank] = np.nan
    coefficients = np.einsum("gij,gj->gi", inverse_r, projections)
    return Fits(starts, sizes, basis, inverse_r, coefficients, residuals, full_rank)


def _project_out(
    column: Floats, basis: Floats, coefficients: Floats, starts: Ints, groups: Ints
) -> None:
    """Take the basis out of a column and add to the coefficients, in place; twice is enough."""
    for _ in range(2):
        for i in range(basis.shape[1]):
            share = group_sums(basis[:, i] * column, starts)
            coefficients[:, i] += share
            column -= share[groups] * basis[:, i]
