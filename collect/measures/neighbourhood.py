"""Measures of who is close to whom: shared neighbours.

Rows of one image are close to each other in any network. Where ``groups`` says which rows these
are, only rows of different images (or patients) are compared.
"""

import torch
from torch import Tensor

from collect.measures.representation import paired_representations, representation, units

NEIGHBOURS = 10


def mutual_knn(
    x: Tensor, y: Tensor, *, n_neighbours: int = NEIGHBOURS, groups: Tensor | None = None
) -> float:
    r"""Mean share of common nearest neighbours by cosine.

    .. math:: \frac{1}{n k} \sum_i \left| N_k(x_i) \cap N_k(y_i) \right|

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.
    n_neighbours : int, default 10
        k.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row; neighbours are rows of other ones.

    Returns
    -------
    float
        Unitless, in [0, 1]; unrelated layers score k / (n_rows - 1) on average, and with groups of
        m rows each k / (n_rows - m).

    Raises
    ------
    ValueError
        If an input is not 2-D, not finite, constant or under 4 rows, row counts differ, a row has
        fewer others to choose from than neighbours, a row is 0, or groups are not one per row or
        fewer than 4.

    Notes
    -----
    Costs ``O(n_rows**2 * n_features)`` time.

    References
    ----------
    .. [1] Huh et al. (2024), "The platonic representation hypothesis", ICML.
       https://arxiv.org/abs/2405.07987

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.1], [1.0, 0.2], [0.1, 1.0], [0.2, 1.0]])
    >>> mutual_knn(x, 3 * x, n_neighbours=1)
    1.0
    """
    x, y = paired_representations(x, y)
    named = ((x, "x"), (y, "y"))
    return overlap(*(neighbour_sets(a, n, groups, n_neighbours=n_neighbours) for a, n in named))


def neighbour_sets(
    x: Tensor, name: str = "x", groups: Tensor | None = None, *, n_neighbours: int = NEIGHBOURS
) -> Tensor:
    """Nearest neighbours of each row as a 0/1 matrix.

    Returns
    -------
    Tensor of shape (n_rows, n_rows)
        bool; row i marks the n_neighbours rows of largest cosine with row i, itself and others of
        its group left out.
    """
    rows = representation(x, name).double()
    unit, n_units = units(len(rows), groups)
    n_others = len(rows) - int(unit.bincount(minlength=n_units).max())
    if not 1 <= n_neighbours <= n_others:
        who = f"{len(rows)} rows" if groups is None else f"a row with {n_others} of other groups"
        raise ValueError(f"{name} has {who}: too few for {n_neighbours} neighbours")
    rows = rows / rows.abs().amax()
    lengths = rows.norm(dim=1, keepdim=True)
    if bool((lengths == 0).any()):
        row = int((lengths == 0).flatten().nonzero()[0])
        raise ValueError(f"row {row} of {name} is 0: its cosine is undefined")
    cosine = (rows / lengths) @ (rows / lengths).T
    unit = unit.to(rows.device)
    cosine.masked_fill_(unit[:, None] == unit, -torch.inf)
    nearest = cosine.topk(n_neighbours, dim=1).indices
    return torch.zeros_like(cosine, dtype=torch.bool).scatter_(1, nearest, value=True)


def half_the_neighbours(
    x: Tensor, name: str = "x", groups: Tensor | None = None, *, n_neighbours: int = NEIGHBOURS
) -> Tensor:
    """:func:`neighbour_sets` of half of the inputs: half as many neighbours reach as far."""
    return neighbour_sets(x, name, groups, n_neighbours=n_neighbours // 2)


def reordered_rows_and_columns(sets: Tensor, order: Tensor) -> Tensor:
    """Take the rows of the layer behind prepared neighbours in another order."""
    return sets[order][:, order]


def overlap(x: Tensor, y: Tensor) -> float:
    """:func:`mutual_knn` of prepared neighbours."""
    return int((x & y).sum()) / int(x.sum())


def knn_jaccard(
    x: Tensor, y: Tensor, *, n_neighbours: int = NEIGHBOURS, groups: Tensor | None = None
) -> float:
    r"""Mean Jaccard similarity of nearest neighbours by cosine.

    .. math:: \frac{1}{n} \sum_i
        \frac{\left| N_k(x_i) \cap N_k(y_i) \right|}{\left| N_k(x_i) \cup N_k(y_i) \right|}

    Parameters
    ----------
    x, y : Tensor of shape (n_rows, n_features_x) and (n_rows, n_features_y)
        Activations on the *same inputs in the same order*.
    n_neighbours : int, default 10
        k.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row; neighbours are rows of other ones.

    Returns
    -------
    float
        Unitless, in [0, 1]; never above :func:`mutual_knn` of the same layers.

    Raises
    ------
    ValueError
        As :func:`mutual_knn`.

    Notes
    -----
    Costs ``O(n_rows**2 * n_features)`` time.

    References
    ----------
    .. [1] Klabunde et al. (2025), "Similarity of neural network models: a survey of functional and
       representational measures", ACM Computing Surveys 57. https://arxiv.org/abs/2305.06329

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.1], [1.0, 0.2], [0.1, 1.0], [0.2, 1.0]])
    >>> knn_jaccard(x, 3 * x, n_neighbours=1)
    1.0
    """
    x, y = paired_representations(x, y)
    named = ((x, "x"), (y, "y"))
    return jaccard(*(neighbour_sets(a, n, groups, n_neighbours=n_neighbours) for a, n in named))


def jaccard(x: Tensor, y: Tensor) -> float:
    """:func:`knn_jaccard` of prepared neighbours."""
    shared, either = (x & y).sum(dim=1), (x | y).sum(dim=1)
    return float((shared.double() / either).mean())
