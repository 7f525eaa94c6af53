"""Scores of the task: definitions written slowly, and what stays undefined."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.task import task_scores


def auc_by_pairs(score, positive):
    """Probability that a positive scores above a negative, ties half."""
    above = score[positive][:, None] - score[~positive][None, :]
    return ((above > 0) + 0.5 * (above == 0)).mean()


def average_precision(score, positive):
    """Mean precision at the positives, best score first (no ties)."""
    order = np.argsort(-score)
    hits = positive[order]
    return (np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()


def kappa_by_definition(y, z, c):
    """1 - sum(w O) / sum(w E), w the squared distance (Cohen 1968)."""
    observed = np.zeros((c, c))
    np.add.at(observed, (y, z), 1)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / len(y)
    weight = np.subtract.outer(np.arange(c), np.arange(c)) ** 2
    return 1 - (weight * observed).sum() / (weight * expected).sum()


def classes(rng, n, c):
    p = rng.dirichlet(np.ones(c), size=n)
    y = np.concatenate([np.arange(c), rng.integers(c, size=n - c)])
    return p, y


def scores_of(task, p, y):
    return task_scores(task, torch.from_numpy(p), torch.from_numpy(y))


def test_binary_scores_are_their_definitions(rng):
    p, y = classes(rng, 60, 2)
    z = p.argmax(axis=1)
    scores = scores_of("binary", p, y)
    recalls = [(z[y == c] == c).mean() for c in range(2)]
    f1 = [2 * ((z == c) & (y == c)).sum() / ((z == c).sum() + (y == c).sum()) for c in range(2)]
    assert_allclose(scores["accuracy"], (z == y).mean(), rtol=1e-12)
    assert_allclose(scores["balanced_accuracy"], np.mean(recalls), rtol=1e-12)
    assert_allclose(scores["recall_macro"], np.mean(recalls), rtol=1e-12)
    assert_allclose(scores["f1_macro"], np.mean(f1), rtol=1e-12)
    assert_allclose(scores["auc"], auc_by_pairs(p[:, 1], y == 1), rtol=1e-12)


def test_auc_of_classes_is_one_against_the_rest(rng):
    p, y = classes(rng, 60, 4)
    scores = scores_of("multiclass", p, y)
    aucs = np.array([auc_by_pairs(p[:, c], y == c) for c in range(4)])
    assert_allclose(scores["auc_ovr_macro"], aucs.mean(), rtol=1e-12)
    weighted = sum(auc * (y == c).mean() for c, auc in enumerate(aucs))
    assert_allclose(scores["auc_ovr_weighted"], weighted, rtol=1e-12)


def test_kappa_is_quadratic(rng):
    p, y = classes(rng, 60, 5)
    expected = kappa_by_definition(y, p.argmax(axis=1), 5)
    assert_allclose(scores_of("ordinal", p, y)["kappa_quadratic"], expected, rtol=1e-10)


def test_labels_are_averaged_over_those_with_a_positive(rng):
    p, y = rng.uniform(size=(50, 4)), rng.integers(2, size=(50, 4))
    y[:, 2] = 0
    scores = scores_of("multilabel", p, y)
    kept = [0, 1, 3]
    precision = np.mean([average_precision(p[:, c], y[:, c] == 1) for c in kept])
    auc = np.mean([auc_by_pairs(p[:, c], y[:, c] == 1) for c in kept])
    assert_allclose(scores["map_macro"], precision, rtol=1e-10)
    assert_allclose(scores["auc_ovr_macro"], auc, rtol=1e-10)


def test_a_class_without_image_leaves_its_scores_undefined(rng):
    p, y = classes(rng, 30, 3)
    y[y == 1] = 0
    scores = scores_of("multiclass", p, y)
    assert set(scores) == {"accuracy", "balanced_accuracy"}
    assert scores.undefined["auc_ovr_weighted"] == "no image of class 1"


def test_no_positive_at_all_leaves_every_score_undefined():
    scores = task_scores("multilabel", torch.full((4, 2), 0.5), torch.zeros(4, 2))
    assert scores == {}
    assert scores.undefined["map_macro"] == "no label has a positive"


@pytest.mark.parametrize(
    ("task", "p", "y", "message"),
    [
        ("regression", torch.ones(2, 1), torch.zeros(2), "unknown task 'regression'"),
        ("binary", torch.ones(2, 3) / 3, torch.zeros(2), "binary task with 3 columns"),
        ("multilabel", torch.ones(2, 1), torch.zeros(2), "do not fit task 'multilabel'"),
    ],
)
def test_refuses(task, p, y, message):
    with pytest.raises(ValueError, match=message):
        task_scores(task, p, y)
