"""Scores of the task itself; the averaging is part of a score's name."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    cohen_kappa_score,
    f1_score,
    recall_score,
    roc_auc_score,
)
from torch import Tensor

from collect.measures.forecasts import Scores, check_probabilities

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]
TASKS = ("binary", "multiclass", "ordinal", "multilabel")


def task_scores(task: str, probabilities: Tensor, labels: Tensor) -> Scores:
    """Every score that belongs to a task.

    Parameters
    ----------
    task : {'binary', 'multiclass', 'ordinal', 'multilabel'}
        What the labels are.
    probabilities : Tensor of shape (n_samples, n_classes)
        Two columns for a binary task, one per label for multi-label.
    labels : Tensor of shape (n_samples,) or (n_samples, n_classes)
        Class of each image, or 0 and 1 per label.

    Returns
    -------
    Scores
        Unrounded, in [0, 1] (``kappa_quadratic`` in [-1, 1]):

        - one class per image: ``accuracy``; ``balanced_accuracy`` (mean recall over the classes
          that occur); ``recall_macro`` and ``f1_macro`` (over all classes, undefined when one does
          not occur);
        - binary: ``auc``; else ``auc_ovr_weighted`` (one against the rest, weighted by prevalence)
          and ``auc_ovr_macro``; ordinal also ``kappa_quadratic``;
        - multi-label: ``map_macro`` (over labels with a positive), ``auc_ovr_macro``,
          ``auc_ovr_weighted`` (over labels with both), ``recall_macro`` and ``f1_macro`` at 0.5
          (over labels with a positive).

    Raises
    ------
    ValueError
        If the task is unknown or shapes, probabilities and labels do not fit it.
    """
    if task not in TASKS:
        raise ValueError(f"unknown task {task!r}: expected one of {', '.join(TASKS)}")
    check_probabilities(probabilities, labels)
    if (labels.ndim == 2) != (task == "multilabel"):
        raise ValueError(f"labels of shape {tuple(labels.shape)} do not fit task {task!r}")
    if task == "binary" and probabilities.shape[1] != 2:
        raise ValueError(f"binary task with {probabilities.shape[1]} columns: expected 2")
    p = probabilities.detach().double().cpu().numpy()
    y = labels.detach().long().cpu().numpy()
    return _label_scores(p, y) if task == "multilabel" else _class_scores(task, p, y)


def _class_scores(task: str, p: Probabilities, y: Labels) -> Scores:
    scores = Scores()
    n_classes = p.shape[1]
    predicted = p.argmax(axis=1)
    occurring = np.unique(y)
    scores["accuracy"] = float(accuracy_score(y, predicted))
    recall = recall_score(y, predicted, labels=occurring, average="macro")
    scores["balanced_accuracy"] = float(recall)
    names = ["auc"] if task == "binary" else ["auc_ovr_weighted", "auc_ovr_macro"]
    if len(occurring) < n_classes:
        missing = sorted(set(range(n_classes)) - set(occurring.tolist()))
        reason = f"no image of class {', '.join(map(str, missing))}"
        scores.undefined |= dict.fromkeys([*names, "recall_macro", "f1_macro"], reason)
    else:
        scores["recall_macro"] = float(recall)
        scores["f1_macro"] = float(f1_score(y, predicted, average="macro"))
        aucs = np.array([roc_auc_score(y == c, p[:, c]) for c in range(n_classes)])
        prevalence = np.bincount(y, minlength=n_classes)
        values = [aucs[1]] if task == "binary" else [aucs @ prevalence / len(y), aucs.mean()]
        scores.update(zip(names, map(float, values), strict=True))
    if task == "ordinal":
        if len(np.union1d(y, predicted)) < 2:
            scores.undefined["kappa_quadratic"] = "one class only, in labels and predictions"
        else:
            kappa = cohen_kappa_score(y, predicted, weights="quadratic")
            scores["kappa_quadratic"] = float(kappa)
    return scores


def _label_scores(p: Probabilities, y: Labels) -> Scores:
    scores = Scores()
    positives = y.sum(axis=0)
    occurring = np.flatnonzero(positives > 0)
    if len(occurring):
        truth, guess = y[:, occurring], (p[:, occurring] >= 0.5).astype(int)
        precisions = [average_precision_score(y[:, c], p[:, c]) for c in occurring]
        scores["map_macro"] = float(np.mean(precisions))
        scores["recall_macro"] = float(recall_score(truth, guess, average="macro"))
        scores["f1_macro"] = float(f1_score(truth, guess, average="macro", zero_division=0))
    else:
        names = ["map_macro", "recall_macro", "f1_macro"]
        scores.undefined |= dict.fromkeys(names, "no label has a positive")
    both = np.flatnonzero((positives > 0) & (positives < len(y)))
    if len(both):
        aucs = np.array([roc_auc_score(y[:, c], p[:, c]) for c in both])
        scores["auc_ovr_macro"] = float(aucs.mean())
        scores["auc_ovr_weighted"] = float(np.average(aucs, weights=positives[both]))
    else:
        names = ["auc_ovr_macro", "auc_ovr_weighted"]
        scores.undefined |= dict.fromkeys(names, "no label has positives and negatives")
    return scores
