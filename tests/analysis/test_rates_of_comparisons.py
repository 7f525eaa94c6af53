"""How often tests of networks across datasets, and of printed summaries, reject true nulls."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from analysis.means.across_datasets import compare_across_datasets
from analysis.means.comparisons import Comparison, compare_within_datasets
from analysis.means.friedman import friedman
from analysis.printed.summaries import Summary, welch

TRIALS = 1500
ERROR = math.sqrt(0.05 * 0.95 / TRIALS)


def scores(values):
    """Rows of values of shape (n_trials, n_datasets, n_networks, n_folds)."""
    trial, dataset, network, fold = (index.ravel() for index in np.indices(values.shape))
    return pl.DataFrame(
        {
            "trial": trial,
            "dataset": dataset.astype(str),
            "network": network.astype(str),
            "fold": fold + 1,
            "n_folds": values.shape[3],
            "seed": 0,
            "n_train": 400,
            "n_test": 100,
            "run_id": np.arange(values.size).astype(str),
            "value": values.ravel(),
        }
    )


def test_across_datasets_t_keeps_five_percent_and_wilcoxon_no_more(rng):
    # Datasets differ, networks do not; folds of a network on a dataset are correlated.
    values = 3 * rng.normal(size=(TRIALS, 8, 1, 1)) + rng.normal(size=(TRIALS, 8, 2, 1))
    values = values + rng.normal(size=(TRIALS, 8, 2, 2))
    rows = compare_across_datasets(
        scores(values), Comparison(n_draws=2, n_resamples=2), by=["trial"]
    )
    rejected = {name: (rows[name] < 0.05).to_numpy().mean() for name in ("p_value", "p_wilcoxon")}
    assert rejected["p_value"] == pytest.approx(0.05, abs=4 * ERROR)
    # Of the 256 signs of eight datasets, 2 x 5 have sums as extreme as p < 0.05 asks for.
    assert rejected["p_wilcoxon"] == pytest.approx(10 / 256, abs=4 * ERROR)


def test_folds_of_a_dataset_keep_five_percent_where_a_plain_t_does_not(rng):
    shared = math.sqrt(0.2) * rng.normal(size=(TRIALS, 1, 2, 1))
    values = shared + math.sqrt(0.8) * rng.normal(size=(TRIALS, 1, 2, 5))
    rows = compare_within_datasets(scores(values), Comparison(), by=["trial"])
    assert (rows["p_value"] < 0.05).to_numpy().mean() == pytest.approx(0.05, abs=4 * ERROR)
    plain = stats.ttest_rel(values[:, 0, 0], values[:, 0, 1], axis=1).pvalue
    assert np.mean(plain < 0.05) > 0.12


@pytest.mark.parametrize(("n_datasets", "n_networks"), [(7, 3), (12, 5), (30, 4)])
def test_friedman_and_nemenyi_reject_true_nulls_in_no_more_than_five_percent(
    rng, n_datasets, n_networks
):
    values = rng.normal(size=(TRIALS, n_datasets, n_networks))
    ranks = stats.rankdata(values, axis=2).mean(axis=1)
    found = [friedman(trial) for trial in values]
    rejected = np.mean([test.p_value < 0.05 for test in found])
    apart = np.ptp(ranks, axis=1) > np.array([test.critical_difference for test in found])
    for rate in (rejected, apart.mean()):
        assert 0.02 < rate < 0.05 + 4 * ERROR


@pytest.mark.parametrize(("sizes", "sds"), [((5, 5), (1, 1)), ((5, 8), (3, 1)), ((4, 20), (1, 4))])
def test_welch_keeps_its_level_for_unequal_spreads(rng, sizes, sds):
    samples = [sd * rng.normal(size=(TRIALS, n)) for n, sd in zip(sizes, sds, strict=True)]
    cells = [zip(s.mean(axis=1), s.std(axis=1, ddof=1), strict=True) for s in samples]
    tests = [
        welch(*(Summary(float(m), float(sd), n) for (m, sd), n in zip(pair, sizes, strict=True)))
        for pair in zip(*cells, strict=True)
    ]
    rejected = np.mean([test.p_value < 0.05 for test in tests])
    # Welch's t is approximate: a point beside four standard errors.
    assert rejected == pytest.approx(0.05, abs=4 * ERROR + 0.01)
