r"""What linear CKA is worth when the inputs are paired at random: exact moments, no permutation.

Both estimators are ``<A, B> / (|A| |B|)`` for symmetric n x n matrices with zero row sums: the
double-centred Gram matrices of the biased one, the U-centred Gram matrices of the debiased one.
Kazi-Aoual et al. (1995) derive the first three moments of ``<A, P B P'>`` over all n! permutation
matrices P. Subtracting ``tr A / (n - 1)`` times the centring matrix from A changes ``<A, P B P'>``
by a constant only; with both matrices traceless the mean is 0, the other two moments are central,
and most terms of the published formula vanish. U-centred matrices have zero diagonals: the variance
of debiased CKA is then ``2 / (n (n - 3))`` whatever the layers are.
"""

from dataclasses import dataclass

import torch
from scipy.stats import pearson3

from collect.measures.null_terms import NullTerms

_ROUNDING = 1e-12


@dataclass(frozen=True)
class NullDistribution:
    """Distribution of a value under random pairing.

    Attributes
    ----------
    mean, sd : float
        In units of the value.
    skewness : float
        Unitless; exact, as mean and sd are.
    """

    mean: float
    sd: float
    skewness: float

    def p_value(self, value: float) -> float:
        """Probability of a value at least this large, by the Pearson III curve of these moments.

        It is 1 where every pairing gives the same value.
        """
        if self.sd == 0:
            return 1.0
        return float(pearson3.sf((value - self.mean) / self.sd, self.skewness))


def pairing_null(x: NullTerms, y: NullTerms) -> NullDistribution:
    """Mean, standard deviation and skewness of the alignment over all pairings of the rows.

    Parameters
    ----------
    x, y : NullTerms
        Of both layers, for the same estimator.

    Returns
    -------
    NullDistribution
        Exact; costs nothing beside the terms.

    References
    ----------
    .. [1] Kazi-Aoual, Hitier, Sabatier and Lebreton (1995), "Refined approximations to permutation
       tests for multivariate inference", Computational Statistics & Data Analysis 20.
    .. [2] Josse, Pagès and Husson (2008), "Testing the significance of the RV coefficient",
       Computational Statistics & Data Analysis 53.
    """
    n, scale = x.n_rows, x.norm * y.norm
    mean = x.trace * y.trace / (n - 1) / scale
    if any(a.squares <= _ROUNDING * a.norm**2 for a in (x, y)):  # every pairing gives the mean
        return NullDistribution(mean, sd=0.0, skewness=0.0)
    sd = _variance(x, y) ** 0.5
    return NullDistribution(mean, sd=sd / scale, skewness=_third_moment(x, y) / sd**3)


def _variance(x: NullTerms, y: NullTerms) -> float:
    n = x.n_rows
    excess = [n * (n + 1) * a.diagonal_squares - 2 * (n - 1) * a.squares for a in (x, y)]
    return 2 * x.squares * y.squares / ((n + 1) * (n - 2)) + excess[0] * excess[1] / (
        (n + 1) * n * (n - 1) * (n - 2) * (n - 3)
    )


def _third_moment(x: NullTerms, y: NullTerms) -> float:
    n = x.n_rows
    terms = ("trace_of_cube", "cubes", "diagonal_cubes", "diagonal_form", "diagonal_row_squares")
    t, u, s, b, r = range(5)
    weight = torch.zeros(5, 5, dtype=torch.float64)
    weight[t, t] = 8 * (n**3 - 9 * n**2 + 26 * n - 22)
    weight[u, u] = 4 * (n**4 - 8 * n**3 + 19 * n**2 - 4 * n - 16)
    weight[s, s] = n**2 * (n + 1) * (n**2 + 15 * n - 4)
    weight[b, b] = 6 * (n**4 - 8 * n**3 + 21 * n**2 - 6 * n - 24)
    weight[r, r] = 12 * (n**4 - n**3 - 8 * n**2 + 36 * n - 48)
    weight[t, u] = weight[u, t] = -8 * (3 * n**2 - 15 * n + 16)
    weight[t, s] = weight[s, t] = 16 * n * (n - 1) * (n - 2)
    weight[t, b] = weight[b, t] = -8 * (3 * n**2 - 15 * n + 24)
    weight[t, r] = weight[r, t] = -8 * (n - 2) * (3 * n**2 - 15 * n + 24)
    weight[u, s] = weight[s, u] = -4 * n * (n - 1) * (n**2 - n + 4)
    weight[u, b] = weight[b, u] = 24 * (n**2 - n - 4)
    weight[u, r] = weight[r, u] = 24 * (n**3 - 3 * n**2 - 2 * n + 8)
    weight[s, b] = weight[b, s] = -6 * n * (n - 1) * (n**2 - n + 4)
    weight[s, r] = weight[r, s] = -12 * n * (n - 1) ** 2 * (n + 4)
    weight[b, r] = weight[r, b] = 24 * (n**3 - 2 * n**2 - 3 * n + 12)
    left, right = (
        torch.tensor([getattr(a, term) for term in terms], dtype=torch.float64) for a in (x, y)
    )
    return float(left @ weight @ right) / (n * (n - 1) * (n - 2) * (n - 3) * (n - 4) * (n - 5))
