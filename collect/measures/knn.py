"""k-nearest-neighbour classification on features, in the protocol of DINO."""

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from collect.measures.calibration import check_probabilities

_CHUNK_ELEMENTS = 1 << 25


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
    n_candidates = len(bank) - leave_one_out
    if not 1 <= n_neighbours <= n_candidates:
        raise ValueError(f"n_neighbours = {n_neighbours}: the bank has {n_candidates} candidates")
    if temperature <= 0:
        raise ValueError(f"temperature = {temperature}: expected a positive number")
    if leave_one_out and bank.shape != queries.shape:
        raise ValueError("leave_one_out: the queries are not the bank")
    similarity, index = nearest_neighbours(
        bank, queries, n_neighbours=n_neighbours, leave_one_out=leave_one_out
    )
    votes = _label_matrix(bank_labels, len(bank), n_classes).to(bank.device)
    weights = torch.softmax(similarity.double() / temperature, dim=1)
    # Weights add up to 1 but for rounding: a unanimous vote must not exceed it.
    return torch.einsum("qk,qkc->qc", weights, votes[index]).clamp(max=1.0)


def nearest_neighbours(
    bank: Tensor, queries: Tensor, *, n_neighbours: int, leave_one_out: bool = False
) -> tuple[Tensor, Tensor]:
    """Nearest rows of the bank by cosine, nearest first, a chunk of queries at a time.

    Parameters
    ----------
    bank, queries : Tensor of shape (n_bank, n_features) and (n_queries, n_features)
        Features.
    n_neighbours : int
        How many.
    leave_one_out : bool, default False
        Query i is row i of the bank, and is not its own neighbour.

    Returns
    -------
    tuple of Tensor of shape (n_queries, n_neighbours)
        Cosines, and rows of the bank.

    Raises
    ------
    ValueError
        If widths differ, a feature is not finite or a row is 0.
    """
    if bank.ndim != 2 or queries.ndim != 2 or bank.shape[1] != queries.shape[1]:
        raise ValueError(
            f"bank has shape {tuple(bank.shape)} and queries {tuple(queries.shape)}: "
            "expected two matrices of the same width"
        )
    directions, query_directions = _directions(bank, "bank"), _directions(queries, "queries")
    chunk = max(1, _CHUNK_ELEMENTS // len(bank))
    found = []
    for start in range(0, len(queries), chunk):
        cosine = query_directions[start : start + chunk] @ directions.T
        if leave_one_out:
            rows = torch.arange(len(cosine), device=cosine.device)
            cosine[rows, rows + start] = -torch.inf
        found.append(cosine.topk(n_neighbours, dim=1))
    return torch.cat([each.values for each in found]), torch.cat([each.indices for each in found])


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


def _directions(features: Tensor, name: str) -> Tensor:
    features = features.float() if features.dtype != torch.float64 else features
    lengths = features.norm(dim=1)
    if not bool(torch.isfinite(lengths).all()):
        raise ValueError(f"{name} has features that are not finite")
    if not bool((lengths > 0).all()):
        row = int((lengths == 0).nonzero()[0])
        raise ValueError(f"row {row} of {name} is 0: its cosine is undefined")
    return normalize(features, dim=1, eps=0.0)


def _label_matrix(labels: Tensor, n_bank: int, n_classes: int) -> Tensor:
    if tuple(labels.shape) not in ((n_bank,), (n_bank, n_classes)):
        raise ValueError(f"bank_labels have shape {tuple(labels.shape)}, the bank {n_bank} rows")
    top = n_classes if labels.ndim == 1 else 2
    if not bool(((labels >= 0) & (labels < top)).all()):
        raise ValueError(f"bank_labels are not all in 0 .. {top - 1}")
    return (one_hot(labels.long(), n_classes) if labels.ndim == 1 else labels).double()
