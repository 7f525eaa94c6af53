"""Task scores in many resamples of the images at once."""

import torch
from torch import Tensor

from collect.measures.weighted_ranking import areas_under_roc, average_precisions
from collect.measures.weighted_sums import means, sums_by

Values = dict[str, Tensor]


def weighted_task_scores(
    task: str, probabilities: Tensor, labels: Tensor, weights: Tensor
) -> Values:
    """Scores of :func:`~collect.measures.task.task_scores` in every resample.

    Parameters
    ----------
    task, probabilities, labels
        As in :func:`~collect.measures.task.task_scores`, on the CPU.
    weights : Tensor of shape (n_samples, n_resamples)
        How often each image occurs in each resample, float64.

    Returns
    -------
    dict of str to Tensor of shape (n_resamples,)
        Those scores that are defined on all images, float64. NaN in a resample that lacks a class
        (or a label's positives, or negatives) that all images have: it scores something else.

    Notes
    -----
    Costs ``O(n_samples * n_resamples * n_classes)`` time.
    """
    if task == "multilabel":
        return _label_scores(probabilities, labels.bool(), weights)
    scores = _class_scores(probabilities, labels, weights)
    if len(torch.unique(labels)) == probabilities.shape[1]:
        scores |= _class_rankings(task, probabilities, labels, weights)
    if task == "ordinal":
        scores["kappa_quadratic"] = _quadratic_kappa(probabilities, labels, weights)
    return scores


def _class_scores(p: Tensor, y: Tensor, weights: Tensor) -> Values:
    n_classes = p.shape[1]
    guess = p.argmax(dim=1)
    truth, guessed = (sums_by(index, weights, n_classes) for index in (y, guess))
    hits = sums_by(y, weights, n_classes, values=guess == y)
    occurring = torch.unique(y)
    recall = (hits / truth)[occurring].mean(dim=0)  # 0 / 0 is NaN
    scores = {"accuracy": means(guess == y, weights), "balanced_accuracy": recall}
    if len(occurring) == n_classes:
        f1 = torch.where(truth > 0, 2 * hits / (truth + guessed), torch.nan)
        scores |= {"recall_macro": recall, "f1_macro": f1.mean(dim=0)}
    return scores


def _class_rankings(task: str, p: Tensor, y: Tensor, weights: Tensor) -> Values:
    totals = weights.sum(dim=0)
    if task == "binary":
        return {"auc": areas_under_roc(p[:, 1], y == 1, weights, totals)}
    n_classes = p.shape[1]
    columns = p.T.contiguous()
    areas = torch.stack(
        [areas_under_roc(columns[c], y == c, weights, totals) for c in range(n_classes)]
    )
    prevalence = sums_by(y, weights, n_classes) / totals
    return {
        "auc_ovr_weighted": (areas * prevalence).sum(dim=0),
        "auc_ovr_macro": areas.mean(dim=0),
    }


def _quadratic_kappa(p: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    n_classes = p.shape[1]
    cells = sums_by(y * n_classes + p.argmax(dim=1), weights, n_classes**2)
    seen = cells.reshape(n_classes, n_classes, -1)
    grade = torch.arange(n_classes, dtype=torch.float64)
    penalty = (grade[:, None] - grade).square()[:, :, None]
    by_chance = seen.sum(dim=1)[:, None] * seen.sum(dim=0)[None] / weights.sum(dim=0)
    return 1 - (penalty * seen).sum(dim=(0, 1)) / (penalty * by_chance).sum(dim=(0, 1))


def _label_scores(p: Tensor, y: Tensor, weights: Tensor) -> Values:
    scores: Values = {}
    positives = y.sum(dim=0)
    occurring = (positives > 0).nonzero().flatten().tolist()
    if occurring:
        guess, truth = (p >= 0.5)[:, occurring], y[:, occurring]
        hits, n_true, n_guessed = (
            kind.double().T @ weights for kind in (guess & truth, truth, guess)
        )
        f1 = torch.where(n_true > 0, 2 * hits / (n_true + n_guessed), torch.nan)
        precisions = [average_precisions(p[:, c], y[:, c], weights) for c in occurring]
        scores["map_macro"] = torch.stack(precisions).mean(dim=0)
        scores["recall_macro"] = (hits / n_true).mean(dim=0)
        scores["f1_macro"] = f1.mean(dim=0)
    both = ((positives > 0) & (positives < len(y))).nonzero().flatten().tolist()
    if both:
        totals = weights.sum(dim=0)
        areas = torch.stack([areas_under_roc(p[:, c], y[:, c], weights, totals) for c in both])
        share = y[:, both].double().T @ weights
        scores["auc_ovr_macro"] = areas.mean(dim=0)
        scores["auc_ovr_weighted"] = (areas * share).sum(dim=0) / share.sum(dim=0)
    return scores
