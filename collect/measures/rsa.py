r"""Representational similarity analysis, and what it becomes without each image or patient.

Rows of one image are close to each other in any network. Where ``groups`` says which rows these
are, only pairs of rows of different images (or patients) count.

Leaving out an image leaves out its pairs of rows, and shifts the ranks of all others. To first
order the second is a sum over pairs as well: a pair of dissimilarities ``(d, e)`` with the
standardised ranks ``(u, v)`` adds

.. math:: u v + \frac{\mathbb{E}\,1(D \ge d) V}{\sigma} + \frac{\mathbb{E}\,1(E \ge e) U}{\sigma}

to the correlation, so that all values without one image take two sums along the ranks, not another
ranking each.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from scipy.stats import rankdata
from torch import Tensor

from collect.measures.mantel import MantelTerms, mantel_terms
from collect.measures.representation import paired_representations, representation, units
from collect.measures.unit_products import Statistic
from collect.measures.unit_sums import refuse_few_units


def rsa(x: Tensor, y: Tensor, *, groups: Tensor | None = None) -> float:
    r"""Representational similarity analysis: Spearman correlation of dissimilarity matrices.

    The dissimilarity of two inputs is 1 minus the Pearson correlation of their rows over features.

    .. math:: \rho_S\left(\{1 - r(x_i, x_j)\}_{i<j}, \{1 - r(y_i, y_j)\}_{i<j}\right)

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row; pairs of rows of the same one are left out.

    Returns
    -------
    float
        Unitless, in [-1, 1].

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, a row has
        the same value in all features (its correlation is undefined), all dissimilarities are
        equal, or groups are not one per row or fewer than 4.

    Notes
    -----
    Costs ``O(n_rows**2 * n_features)`` time and ``O(n_rows**2)`` memory, float64. Ranks of ties are
    averaged. Not invariant to rotation: the mean over features is no geometric quantity.

    References
    ----------
    .. [1] Kriegeskorte, Mur and Bandettini (2008), "Representational similarity analysis",
       Frontiers in Systems Neuroscience 2.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 2, 4], [2, 1, 0], [0, 5, 1], [3, 3, 1]])
    >>> round(rsa(x, 2 * x), 6)
    1.0
    """
    x, y = paired_representations(x, y)
    return rank_correlation(*(ranked_pairs(a, name, groups) for a, name in ((x, "x"), (y, "y"))))


@dataclass(frozen=True)
class RankedPairs:
    """Ranks of the dissimilarities of all pairs of rows of different units.

    Attributes
    ----------
    ranks : Tensor of shape (n_pairs,)
        Centred, at unit length, float64; without groups of n_rows * (n_rows - 1) / 2 pairs.
    length : float
        That of the centred ranks before.
    unit : Tensor of shape (n_rows,)
        Unit of each row, from 0.
    n_units : int
        Units.
    """

    ranks: Tensor
    length: float
    unit: Tensor
    n_units: int

    @property
    def rows(self) -> tuple[Tensor, Tensor]:
        """Both rows of each pair, the lower first."""
        return _rows_of_pairs(self.unit)

    @cached_property
    def own(self) -> Tensor:
        """What the pairs of each unit add to the squared length of the ranks, (n_units,)."""
        return self.per_unit(self.ranks.square() + 2 * self.sums_above(self.ranks) / self.length)

    @cached_property
    def pairs_of_units(self) -> Tensor:
        """Pairs of each unit, (n_units,)."""
        return self.per_unit(torch.ones_like(self.ranks))

    def per_unit(self, values: Tensor) -> Tensor:
        """Sum the values of the pairs of each unit, (n_units,)."""
        zeros = values.new_zeros(self.n_units)
        for rows in self.rows:
            zeros.index_add_(0, self.unit[rows], values)
        return zeros

    @cached_property
    def places(self) -> Tensor:
        """Place of each pair among the distinct ranks, from 0, (n_pairs,)."""
        places: Tensor = torch.unique(self.ranks, return_inverse=True)[1]
        return places

    def sums_above(self, values: Tensor) -> Tensor:
        """Sum the values of pairs of larger ranks, and half of those of the same, (n_pairs,)."""
        sums = values.new_zeros(int(self.places.max()) + 1).index_add_(0, self.places, values)
        above: Tensor = sums.sum() - sums.cumsum(dim=0) + sums / 2
        return above[self.places]

    def reordered(self, order: Tensor) -> "RankedPairs":
        """Take the rows in another order, in which each unit takes the place of another."""
        i, j = self.rows
        return replace(self, ranks=self.matrix[order[i], order[j]])

    @property
    def matrix(self) -> Tensor:
        """The ranks as a matrix, 0 for pairs of rows of one unit, (n_rows, n_rows)."""
        i, j = self.rows
        matrix = self.ranks.new_zeros(len(self.unit), len(self.unit))
        matrix[i, j] = matrix[j, i] = self.ranks
        return matrix


def ranked_pairs(x: Tensor, name: str = "x", groups: Tensor | None = None) -> RankedPairs:
    """Rank the dissimilarities of one layer."""
    rows = representation(x, name).double()
    rows = rows - rows.mean(dim=1, keepdim=True)
    lengths = rows.norm(dim=1, keepdim=True)
    tolerance = torch.finfo(torch.float64).eps * x.double().abs().amax(dim=1, keepdim=True)
    if bool((flat := lengths <= 4 * x.shape[1] * tolerance).any()):
        row = int(flat.flatten().nonzero()[0])
        raise ValueError(
            f"row {row} of {name} has the same value in all features: its correlation with other "
            "rows is undefined"
        )
    correlation = (rows / lengths) @ (rows / lengths).T
    unit, n_units = units(len(rows), groups)
    unit = unit.to(rows.device)
    dissimilarities = 1 - correlation[_rows_of_pairs(unit)]
    ranks = torch.from_numpy(rankdata(dissimilarities.cpu().numpy())).to(rows.device)
    ranks = ranks - ranks.mean()
    length = float(torch.linalg.vector_norm(ranks))
    if length == 0:
        raise ValueError(f"all dissimilarities of {name} are equal: their correlation is undefined")
    return RankedPairs(ranks / length, length, unit, n_units)


def _rows_of_pairs(unit: Tensor) -> tuple[Tensor, Tensor]:
    i, j = torch.triu(unit[:, None] != unit, diagonal=1).nonzero(as_tuple=True)
    return i, j


def rank_correlation(x: RankedPairs, y: RankedPairs) -> float:
    """:func:`rsa` of prepared ranks."""
    return float(x.ranks @ y.ranks)


def mantel_terms_of_ranks(pairs: RankedPairs) -> MantelTerms:
    """Take what the exact null needs of one layer, with one row per unit."""
    return mantel_terms(pairs.matrix)


def rsa_without_each_unit(x: RankedPairs, y: RankedPairs) -> Statistic:
    """RSA, and to first order what it is without each unit.

    Parameters
    ----------
    x, y : RankedPairs
        From :func:`ranked_pairs`, with the same groups.

    Returns
    -------
    Statistic
        float64. The value is :func:`rsa`.

    Raises
    ------
    ValueError
        If there are fewer than 5 units, or no pair of rows is left without one of them.

    Notes
    -----
    Costs ``O(n_rows**2)`` time and memory; ranks are sorted once a layer.

    References
    ----------
    .. [1] Efron (1982), "The jackknife, the bootstrap and other resampling plans", chapter 6.
    """
    refuse_few_units(x.n_units)
    value = x.ranks @ y.ranks
    n_pairs = len(x.ranks)
    n_left = n_pairs - x.pairs_of_units
    if bool((n_left == 0).any()):
        raise ValueError("no pair of rows is left without one of the images or patients")
    cross = x.sums_above(y.ranks) / x.length + y.sums_above(x.ranks) / y.length
    added = x.per_unit(x.ranks * y.ranks + cross) - value / 2 * (x.own + y.own)
    mean = added.sum() / 2 / n_pairs  # every pair is of two units
    return Statistic(value, value - n_pairs * (added - mean * x.pairs_of_units) / n_left)
