r"""What the correlation of two dissimilarity matrices is worth when inputs are paired at random.

``T = sum over i < j of a_ij b_ij`` for symmetric n x n matrices without diagonal, whose entries add
up to 0. Its moments over all n! orders of the rows of one of them are sums over the graphs that two
or three edges can form: of each, the sum over all places in A, times that in B, over the number of
places. So the noise floor of RSA takes no permutation.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.null import NullDistribution

_ROUNDING = 1e-12
# In how many ways pairs (i, j) make the graph, and how many rows it takes.
TWO_EDGES = {"one twice": (2, 2), "path": (4, 3), "apart": (1, 4)}
THREE_EDGES = {
    "one three times": (4, 2),
    "one twice, another at its end": (24, 3),
    "triangle": (8, 3),
    "one twice, another apart": (6, 4),
    "star": (8, 4),
    "path": (24, 4),
    "path of two, another apart": (12, 5),
    "apart": (1, 6),
}


@dataclass(frozen=True)
class MantelTerms:
    """Sums over a symmetric matrix without diagonal, with entries of mean 0.

    Attributes
    ----------
    n_rows : int
        Rows that are permuted.
    squares, cubes : float
        Of the entries.
    triangles : float
        Trace of the cube of the matrix.
    row_squares, row_cubes : float
        Of the sums of rows.
    row_sums_by_squares : float
        Over rows, of the sum times the sum of squares.
    row_form : float
        The quadratic form of the sums of rows.
    """

    n_rows: int
    squares: float
    cubes: float
    triangles: float
    row_squares: float
    row_cubes: float
    row_sums_by_squares: float
    row_form: float

    @property
    def two_edges(self) -> Tensor:
        """Sums over places of: one edge twice, a path, two edges apart."""
        path = self.row_squares - self.squares
        return _doubles(self.squares, path, -2 * self.squares - 4 * path)

    @property
    def three_edges(self) -> Tensor:
        """Sums over places of the graphs in :data:`THREE_EDGES`."""
        cubes = self.cubes
        tailed = self.row_sums_by_squares - cubes
        apart = -2 * cubes - 4 * tailed
        star = self.row_cubes - 3 * self.row_sums_by_squares + 2 * cubes
        path = self.row_form - 2 * self.row_sums_by_squares + cubes - self.triangles
        path_apart = -4 * tailed - 2 * self.triangles - 2 * star - 4 * path
        found = [cubes, tailed, self.triangles, apart, star, path, path_apart]
        ways = [times for times, _ in THREE_EDGES.values()]
        all_apart = -sum(a * b for a, b in zip(ways, found, strict=False))
        return _doubles(*found, all_apart)


def mantel_terms(matrix: Tensor) -> MantelTerms:
    """Terms of one layer.

    Parameters
    ----------
    matrix : Tensor of shape (n_rows, n_rows)
        Symmetric, 0 on the diagonal, its entries adding up to 0, float64; of at least 6 rows.

    Returns
    -------
    MantelTerms
        Costs ``O(n_rows**3)`` time, that of one product of the matrix with itself.
    """
    squares, sums = matrix.square(), matrix.sum(dim=1)
    return MantelTerms(
        n_rows=len(matrix),
        squares=float(squares.sum()),
        cubes=float((squares * matrix).sum()),
        triangles=float(((matrix @ matrix) * matrix).sum()),
        row_squares=float(sums @ sums),
        row_cubes=float(sums.pow(3).sum()),
        row_sums_by_squares=float(sums @ squares.sum(dim=1)),
        row_form=float(sums @ matrix @ sums),
    )


def mantel_null(x: MantelTerms, y: MantelTerms) -> NullDistribution:
    """Mean, standard deviation and skewness of the sum of products over all pairings of the rows.

    Parameters
    ----------
    x, y : MantelTerms
        Of both layers, of as many rows.

    Returns
    -------
    NullDistribution
        Exact; costs nothing beside the terms.

    References
    ----------
    .. [1] Mantel (1967), "The detection of disease clustering and a generalized regression
       approach", Cancer Research 27.
    .. [2] Siemiatycki (1978), "Mantel's space-time clustering statistic: computing higher moments
       and a comparison of various data transforms", Journal of Statistical Computation and
       Simulation 7.
    """
    second = _mean_of_products(TWO_EDGES, x.two_edges, y.two_edges, x.n_rows) / 4
    if second <= _ROUNDING * x.squares * y.squares / x.n_rows**2:  # every pairing gives the mean
        return NullDistribution(0.0, sd=0.0, skewness=0.0)
    third = _mean_of_products(THREE_EDGES, x.three_edges, y.three_edges, x.n_rows) / 8
    return NullDistribution(0.0, sd=second**0.5, skewness=third / second**1.5)


def _mean_of_products(
    graphs: dict[str, tuple[int, int]], left: Tensor, right: Tensor, n_rows: int
) -> float:
    weights = _doubles(*(ways / math.perm(n_rows, size) for ways, size in graphs.values()))
    return float((weights * left * right).sum())


def _doubles(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
