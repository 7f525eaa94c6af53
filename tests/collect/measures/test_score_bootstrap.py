"""Bootstrap of all scores: the scores themselves, a plain loop over resamples, and coverage."""

import math
from dataclasses import astuple

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.calibration import calibration_scores
from collect.measures.score_bootstrap import score_intervals
from collect.measures.task import task_scores
from collect.measures.weighted_calibration import weighted_calibration_scores
from collect.measures.weighted_ranking import areas_under_roc
from collect.measures.weighted_task import weighted_task_scores

BY_GAPS = {"ece_width_15", "ece_mass_15", "ece_classwise_15", "ece_smooth"}
CASES = {"binary": 2, "multiclass": 4, "ordinal": 4, "multilabel": 3}


def predictions(rng, task, n=150, temperature=2.0):
    """Draw labels from known logits, and overconfident probabilities with ties in them."""
    logits = torch.from_numpy(rng.normal(size=(n, CASES[task])))
    if task == "multilabel":
        labels = (torch.from_numpy(rng.random(logits.shape)) < torch.sigmoid(logits)).long()
        return torch.sigmoid(temperature * logits).round(decimals=2), labels
    chance = torch.softmax(logits, dim=1).numpy()
    labels = (chance.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(max=CASES[task] - 1)
    p = torch.softmax(temperature * logits, dim=1)
    p[: n // 3] = p[0]  # ties
    return p, torch.from_numpy(labels)


def scores_of(task, p, y):
    return {**task_scores(task, p, y), **calibration_scores(p, y)}


@pytest.mark.parametrize("task", CASES)
def test_values_are_the_scores(rng, task):
    p, y = predictions(rng, task)
    found = score_intervals(task, p, y, n_resamples=5)
    expected = scores_of(task, p, y)
    assert set(found) | set(found.undefined) == set(expected)
    for name, interval in found.items():
        assert interval.value == pytest.approx(expected[name], rel=1e-12), name


@pytest.mark.parametrize("task", CASES)
def test_each_resample_is_scored_as_if_its_images_were_all_there_are(rng, task):
    p, y = predictions(rng, task)
    draws = rng.multinomial(len(y), np.full(len(y), 1 / len(y)), size=4)
    weights = torch.from_numpy(draws.T.astype(float))
    found = weighted_task_scores(task, p, y, weights) | weighted_calibration_scores(p, y, weights)
    for number, draw in enumerate(draws):
        rows = torch.arange(len(y)).repeat_interleave(torch.from_numpy(draw))
        expected = scores_of(task, p[rows], y[rows])
        assert expected.keys() - found.keys() == BY_GAPS
        for name, values in found.items():
            assert_allclose(values[number], expected[name], rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
def test_a_resample_without_a_class_has_no_score_that_needs_it(rng, task):
    p, y = predictions(rng, task, n=60)
    is_0 = y[:, 0] == 1 if task == "multilabel" else y == 0
    weights = torch.where(is_0, 0.0, 1.0)[:, None].double()
    found = weighted_task_scores(task, p, y, weights)
    needing = set(found) - {"accuracy"}
    assert {name for name, values in found.items() if values.isnan().all()} == needing


def test_an_area_without_negatives_is_none(rng):
    ranking, weights = torch.from_numpy(rng.random(9)), torch.ones(9, 2).double()
    is_positive = torch.ones(9, dtype=torch.bool)
    area = areas_under_roc(ranking, is_positive, weights, weights.sum(dim=0))
    assert area.isnan().all()


def test_scores_that_all_images_do_not_define_are_absent(rng):
    p, y = predictions(rng, "multiclass", n=60)
    found = score_intervals("multiclass", p[y != 3], y[y != 3], n_resamples=5)
    assert {"auc_ovr_macro", "f1_macro"}.isdisjoint(found)
    p[y == 0] = torch.tensor([0.0, 0.0, 0.5, 0.5]).double()
    assert "nll" not in score_intervals("multiclass", p, y, n_resamples=5)


def test_a_class_that_resamples_often_lack_has_its_intervals_left_out_with_the_reason(rng):
    p, y = predictions(rng, "binary", n=60)
    y[:] = 0
    y[:2] = 1  # a resample lacks both in about e^-2 of the cases
    found = score_intervals("binary", p, y, n_resamples=400)
    assert "accuracy" in found
    assert "auc" not in found
    n_lacking = int(found.undefined["auc"].split()[0])
    assert n_lacking == pytest.approx(400 * math.exp(-2), abs=4 * (400 * 0.135 * 0.865) ** 0.5)
    assert found.undefined["auc"].endswith("of 400 resamples lack a class that it needs")


def test_the_same_images_give_the_same_interval_in_any_blocks(rng, monkeypatch):
    p, y = predictions(rng, "ordinal")
    whole = score_intervals("ordinal", p, y, n_resamples=20)
    monkeypatch.setattr("collect.measures.score_bootstrap.BLOCK", 7 * len(y))
    for name, interval in score_intervals("ordinal", p, y, n_resamples=20).items():
        assert_allclose(astuple(interval), astuple(whole[name]), rtol=1e-9, err_msg=name)


def test_accuracy_has_the_standard_error_of_a_share(rng):
    p, y = predictions(rng, "binary", n=400)
    accuracy = score_intervals("binary", p, y, n_resamples=1000)["accuracy"]
    expected = (accuracy.value * (1 - accuracy.value) / 400) ** 0.5
    assert accuracy.std_error == pytest.approx(expected, rel=4 / 2000**0.5)
    assert accuracy.ci_high - accuracy.ci_low == pytest.approx(2 * 1.96 * expected, rel=0.12)
    assert accuracy.n_resamples == 1000


def test_patients_are_resampled_whole(rng):
    few = predictions(rng, "binary", n=60)
    many = [each.repeat_interleave(10, dim=0) for each in few]
    groups = torch.arange(60).repeat_interleave(10)
    alone, together, wrong = (
        score_intervals("binary", *given, groups=of, n_resamples=800)["auc"].std_error
        for given, of in ((few, None), (many, groups), (many, None))
    )
    assert together == pytest.approx(alone, rel=0.12)
    assert wrong < 0.5 * alone


@pytest.mark.parametrize("n_trials", [30, pytest.param(250, marks=pytest.mark.slow)])
def test_intervals_over_patients_cover(rng, n_trials):
    # 40 patients with 5 images each, which are all right or all wrong together half of the time
    covered = []
    for _ in range(n_trials):
        shared = rng.random(40) < 0.8
        own = rng.random((40, 5)) < 0.8
        right = np.where(rng.random((40, 1)) < 0.5, shared[:, None], own).ravel()
        p = torch.tensor([[0.9, 0.1]], dtype=torch.float64).repeat(200, 1)
        y = torch.from_numpy(np.where(right, 0, 1))
        groups = torch.arange(40).repeat_interleave(5)
        weights = score_intervals("binary", p, y, groups=groups, n_resamples=1000)["accuracy"]
        covered.append(weights.ci_low <= 0.8 <= weights.ci_high)
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / n_trials) ** 0.5)


@pytest.mark.parametrize("n_trials", [30, pytest.param(250, marks=pytest.mark.slow)])
def test_intervals_over_images_cover(rng, n_trials):
    def sample(n):
        logits = rng.normal(size=(n, 2))
        y = rng.random(n) < 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
        return torch.softmax(2 * torch.from_numpy(logits), 1), torch.from_numpy(y.astype(int))

    truth = scores_of("binary", *sample(200_000))
    names = ("accuracy", "auc", "brier", "nll", "ece_debiased_15", "ece_width_15")
    hits = dict.fromkeys(names, 0)
    for _ in range(n_trials):
        found = score_intervals("binary", *sample(300), n_resamples=300)
        for name in names:
            hits[name] += found[name].ci_low <= truth[name] <= found[name].ci_high
    for name, covered in hits.items():
        # the ends of 300 resamples, the same in all trials, are known to 0.01 of the distribution
        tolerance = 0.02 + 4 * (0.95 * 0.05 / n_trials) ** 0.5
        assert covered / n_trials == pytest.approx(0.95, abs=tolerance), name


def test_intervals_of_calibrated_forecasts_begin_at_0(rng):
    is_0 = []
    for _ in range(25):
        p, y = predictions(rng, "binary", temperature=1.0)
        p, y = p[50:], y[50:]  # the tied ones are not calibrated
        found = score_intervals("binary", p, y, n_resamples=40)
        is_0.append(found["ece_width_15"].ci_low == 0)
    assert np.mean(is_0) == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / 25) ** 0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level": 1.5}, "no interval"),
        ({"n_resamples": 1}, "no interval"),
        ({"groups": torch.zeros(150)}, "at least 4 are needed"),
    ],
)
def test_refuses(rng, change, message):
    with pytest.raises(ValueError, match=message):
        score_intervals("binary", *predictions(rng, "binary"), **change)
