"""Loss and probabilities of a task."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def task_loss(task: str, *, class_weights: Tensor | None = None) -> Loss:
    """Mean loss over a batch: cross-entropy, or binary cross-entropy per label.

    Parameters
    ----------
    task : {"binary", "multiclass", "ordinal", "multilabel"}
        A binary task has two logits; an ordinal one is trained as classes.
    class_weights : Tensor of shape (n_classes,), optional
        Weights of the classes, or of the positives of each label.

    Returns
    -------
    callable
        ``loss(logits, labels)``, a scalar tensor.
    """
    if task == "multilabel":
        return lambda logits, labels: functional.binary_cross_entropy_with_logits(
            logits.float(), labels.float(), pos_weight=class_weights
        )
    return lambda logits, labels: functional.cross_entropy(
        logits.float(), labels, weight=class_weights
    )


def probabilities(task: str, logits: Tensor) -> Tensor:
    """Probabilities in float64: softmax over classes, or a sigmoid per label.

    Parameters
    ----------
    task : str
        As for :func:`task_loss`.
    logits : Tensor of shape (n, n_classes)
        Raw outputs of the head.

    Returns
    -------
    Tensor of shape (n, n_classes)
        float64; rows sum to 1 unless the task is multi-label.
    """
    if task == "multilabel":
        return torch.sigmoid(logits.double())
    return torch.softmax(logits.double(), dim=1)


def balanced_class_weights(task: str, labels: Tensor, n_classes: int) -> Tensor:
    """Weights that make every class count the same in total.

    Parameters
    ----------
    task : str
        As for :func:`task_loss`.
    labels : Tensor of shape (n,) or (n, n_labels)
        Labels of the training images.
    n_classes : int
        Classes, or labels.

    Returns
    -------
    Tensor of shape (n_classes,)
        float32. Classes: ``n / (n_classes * count)``. Labels: negatives per positive. A class
        without images has weight 0, a label without positives weight 1.

    Examples
    --------
    >>> balanced_class_weights("binary", torch.tensor([0, 1, 1, 1]), 2)
    tensor([2.0000, 0.6667])
    """
    n = len(labels)
    if task == "multilabel":
        positives = labels.sum(dim=0).float()
        return torch.where(positives > 0, (n - positives) / positives.clamp(min=1), 1.0)
    counts = torch.bincount(labels, minlength=n_classes).float()
    return torch.where(counts > 0, n / (n_classes * counts.clamp(min=1)), 0.0)
