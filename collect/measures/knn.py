"""k-nearest-neighbour classification on features, in the protocol of DINO."""

from collections.abc import Sequence

import torch
from torch import Tensor

from collect.measures.forecasts import check_probabilities
from collect.measures.neighbour_search import nearest_neighbours

GRID = (10, 20, 100, 200)


def knn_probabilities(  # noqa: PLR0913 -- the protocol has this many settings
    bank: Tensor,
    bank_labels: Tensor,
    queries: Tensor,
    *,
    n_neighbours: int,
    n_classes: int,
    temperature: float = 0.07,
    leave_one_out: bool = False,
) -> Tensor:
    r"""Probabilities of the classes by a weighted vote of the nearest neighbours.

    Cosine similarity s, weights ``exp(s / temperature)``, votes divided by the sum of weights.

    Parameters
    ----------
    bank : Tensor of shape (n_bank, n_features)
        Features with known labels.
    bank_labels : Tensor of shape (n_bank,) or (n_bank, n_classes)
        Class of each, or 0 and 1 per label.
    queries : Tensor of shape (n_queries, n_features)
        Features to classify.
    n_neighbours : int
        k.
    n_classes : int
        Classes or labels.
    temperature : float, default 0.07
        Of the weights; DINO's value.
    leave_one_out : bool, default False
        Query i is row i of the bank, and does not vote for itself.

    Returns
    -------
    Tensor of shape (n_queries, n_classes)
        float64. Rows sum to 1 for one class per image; for labels each entry is the weighted share
        of neighbours that have the label.

    Raises
    ------
    ValueError
        If shapes do not fit, there are fewer candidates than neighbours, a feature is not finite or
        a row is 0 (its cosine is undefined), or a label is outside the classes.

    References
    ----------
    .. [1] Caron et al. (2021), "Emerging properties in self-supervised vision transformers".
       https://arxiv.org/abs/2104.14294

    Examples
    --------
    >>> bank = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> query = torch.tensor([[2.0, 2.0]])
    >>> knn_probabilities(bank, torch.tensor([0, 1]), query, n_neighbours=2, n_classes=2)
    tensor([[0.5000, 0.5000]], dtype=torch.float64)
    """
    votes = knn_grid(
        bank,
        bank_labels,
        queries,
        n_neighbours=(n_neighbours,),
        n_classes=n_classes,
        temperature=temperature,
        leave_one_out=leave_one_out,
    )
    return votes[n_neighbours]


def knn_grid(  # noqa: PLR0913 -- the protocol has this many settings
    bank: Tensor,
    bank_labels: Tensor,
    queries: Tensor,
    *,
    n_classes: int,
    n_neighbours: Sequence[int] = GRID,
    temperature: float = 0.07,
    leave_one_out: bool = False,
) -> dict[int, Tensor]:
    """Votes for several numbers of neighbours from one search.

    Parameters
    ----------
    bank, bank_labels, queries, n_classes, temperature, leave_one_out
        As in :func:`knn_probabilities`.
    n_neighbours : sequence of int
        k; 10, 20, 100 and 200 in DINO's protocol.

    Returns
    -------
    dict of int to Tensor of shape (n_queries, n_classes)
        Probabilities per query for each k.

    Raises
    ------
    ValueError
        As :func:`knn_probabilities`, and if no k is given.
    """
    n_candidates = len(bank) - leave_one_out
    if not n_neighbours:
        raise ValueError("n_neighbours is empty: no k to vote with")
    for k in n_neighbours:
        if not 1 <= k <= n_candidates:
            raise ValueError(f"n_neighbours = {k}: the bank has {n_candidates} candidates")
    if temperature <= 0:
        raise ValueError(f"temperature = {temperature}: expected a positive number")
    labels = _checked_labels(bank_labels, len(bank), n_classes).to(bank.device)
    similarity, index = nearest_neighbours(
        bank, queries, n_neighbours=max(n_neighbours), leave_one_out=leave_one_out
    )
    return {
        k: _votes(similarity[:, :k].double() / temperature, labels[index[:, :k]], n_classes)
        for k in n_neighbours
    }


def _votes(logits: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    weights = torch.softmax(logits, dim=1)
    if labels.ndim == 3:
        votes: Tensor = torch.einsum("qk,qkc->qc", weights, labels.double())
    else:
        votes = weights.new_zeros(len(weights), n_classes).scatter_add_(1, labels.long(), weights)
    # Weights add up to 1 but for rounding: a unanimous vote must not exceed it.
    return votes.clamp(max=1.0)


def knn_accuracy(probabilities: Tensor, labels: Tensor) -> float:
    """Share of queries whose class of largest vote is right.

    Parameters
    ----------
    probabilities : Tensor of shape (n_queries, n_classes)
        From :func:`knn_probabilities`.
    labels : Tensor of shape (n_queries,)
        True classes.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If shapes do not fit or a label is outside the classes.
    """
    if labels.ndim != 1:
        raise ValueError("accuracy of k-NN takes one class per image; score labels by mAP")
    check_probabilities(probabilities, labels)
    return float((probabilities.argmax(dim=1) == labels).double().mean())


def _checked_labels(labels: Tensor, n_bank: int, n_classes: int) -> Tensor:
    if tuple(labels.shape) not in ((n_bank,), (n_bank, n_classes)):
        raise ValueError(f"bank_labels have shape {tuple(labels.shape)}, the bank {n_bank} rows")
    top = n_classes if labels.ndim == 1 else 2
    if not bool(((labels >= 0) & (labels < top)).all()):
        raise ValueError(f"bank_labels are not all in 0 .. {top - 1}")
    return labels
