"""Interquartile means and probabilities of improvement cover what they are about, folds too."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special, stats

from analysis.means.drawn_runs import DrawnRuns
from analysis.means.improvement import improvement, redrawn
from analysis.means.interquartile import interquartile_interval, interquartile_mean

TRIALS = 300
ERROR = np.sqrt(0.05 * 0.95 / TRIALS)
POPULATION = 50_000
N_RESAMPLES = 300
DOCUMENTED = {  # per cent, of normal and of skewed scores, as in docs/analysis.md
    "iqm_coverage": {
        "7 x 5 folds": (95.4, 95.2),
        "4 x 10 folds": (94.8, 94.7),
        "2 x 3 folds": (97.0, 96.2),
        "1 x 5 folds": (96.4, 94.2),
        "7 x 5 seeds": (95.3, 95.0),
        "2 x 3 seeds": (97.6, 97.2),
    },
    "improvement_coverage": {
        "7 x 5 folds": (97.2, 97.2),
        "4 x 10 folds": (95.9, 96.4),
        "2 x 3 folds": (100.0, 100.0),
        "1 x 5 folds": (94.6, 95.9),
        "7 x 5 seeds": (96.2, 96.2),
        "2 x 3 seeds": (97.1, 96.8),
    },
}


def drawn(rng, shape, correlation, is_skewed):
    """Draw runs of mean 0 and variance 1 that are correlated along the last axis."""
    shared = rng.normal(size=(*shape[:-1], 1))
    values = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * rng.normal(size=shape)
    if not is_skewed:
        return values
    # An accuracy near its upper end: most runs are close to it, some far below.
    return (2 - stats.gamma.ppf(special.ndtr(values), 2)) / np.sqrt(2)


def runs_of(values, over_folds):
    """Return runs of a network on each dataset, from values of shape (n_datasets, n_runs)."""
    kind, ratio = ("fold", 1 / (values.shape[1] - 1)) if over_folds else ("seed", 0.0)
    return [DrawnRuns(kind, of_dataset[:, None], ratio) for of_dataset in values]


DESIGNS = {  # datasets, runs on each, whether these are folds
    "7 x 5 folds": (7, 5, True),
    "4 x 10 folds": (4, 10, True),
    "2 x 3 folds": (2, 3, True),
    "1 x 5 folds": (1, 5, True),
    "7 x 5 seeds": (7, 5, False),
    "2 x 3 seeds": (2, 3, False),
}
SKEW = {"normal": False, "skewed": True}


def correlation_of(n_runs, over_folds):
    """Correlation of folds as Nadeau and Bengio have it: n_test / (n_train + n_test)."""
    return 1 / n_runs if over_folds else 0.0


def covered(ends, true):
    """Share of the intervals that there are which hold the true value."""
    low, high = np.array([pair for pair in ends if pair is not None]).T
    return np.mean((low <= true) & (true <= high))


def iqm_coverage(rng, design, skew, trials=TRIALS):
    n_datasets, n_runs, over_folds = DESIGNS[design]
    levels = rng.normal(size=(n_datasets, 1))
    many = levels + drawn(rng, (n_datasets, POPULATION), 0.0, SKEW[skew])
    true = interquartile_mean(many.reshape(1, -1)).item()
    shape = (trials, n_datasets, n_runs)
    values = levels + drawn(rng, shape, correlation_of(n_runs, over_folds), SKEW[skew])
    ends = [
        interquartile_interval(
            runs_of(trial, over_folds), level=0.95, n_resamples=N_RESAMPLES, rng=rng
        )
        for trial in values
    ]
    return covered(ends, true)


def improvement_coverage(rng, design, skew, trials=TRIALS):
    n_datasets, n_runs, over_folds = DESIGNS[design]
    difference = 0.5
    many = drawn(rng, (2, POPULATION), 0.0, SKEW[skew])
    true = (many[0] < many[1] + difference).mean()
    shape = (trials, 2, n_datasets, n_runs)
    values = drawn(rng, shape, correlation_of(n_runs, over_folds), SKEW[skew])
    values += difference * np.arange(2)[:, None, None]
    ends = [improvement_interval(rng, first, second, over_folds) for first, second in values]
    return covered(ends, true)


def improvement_interval(rng, first, second, over_folds):
    runs = {
        (network, dataset): one
        for network, own in (("a", first), ("b", second))
        for dataset, one in enumerate(runs_of(own, over_folds))
    }
    networks = redrawn(runs, n_resamples=N_RESAMPLES, seed=int(rng.integers(2**31)))
    found = improvement(networks["a",], networks["b",], level=0.95)
    return None if found.low is None else (found.low, found.high)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("skew", SKEW)
def test_the_interquartile_mean_is_covered(rng, design, skew):
    assert iqm_coverage(rng, design, skew) > 0.95 - 4 * ERROR


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("skew", SKEW)
def test_the_improvement_is_covered(rng, design, skew):
    assert improvement_coverage(rng, design, skew) > 0.95 - 4 * ERROR


@pytest.mark.slow
@pytest.mark.parametrize("coverage", [iqm_coverage, improvement_coverage])
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("skew", SKEW)
def test_coverages_are_the_documented_ones(coverage, design, skew):
    found = coverage(np.random.default_rng(0), design, skew, trials=2000)
    documented = DOCUMENTED[coverage.__name__][design][list(SKEW).index(skew)]
    # The same draws: other versions of numpy may move a few trials across.
    assert 100 * found == pytest.approx(documented, abs=0.3)


def seeds_of(*values):
    return DrawnRuns("seed", np.array(values)[:, None], 0.0)


def test_duels_are_counted_by_run_where_folds_have_other_numbers_of_seeds():
    first = DrawnRuns("fold", np.array([[1.0, 3.0], [2.0, np.nan]]), 1.0)
    second = DrawnRuns("fold", np.array([[2.0], [4.0]]), 1.0)
    networks = redrawn({("a", "d"): first, ("b", "d"): second}, n_resamples=50, seed=0)
    found = improvement(networks["a",], networks["b",], level=0.95)
    assert found.estimate == (1 + 0 + 0.5 + 3) / 6
    assert found.uncertainty == "fold"


def test_folds_that_are_correlated_are_known_less_well(rng):
    values = rng.normal(size=(4, 5))
    widths = [
        np.ptp(
            interquartile_interval(
                runs_of(values, over_folds),
                level=0.95,
                n_resamples=4000,
                rng=np.random.default_rng(3),
            )
            or (0.0, 0.0)
        )
        for over_folds in (True, False)
    ]
    # sqrt(1 + 5 / 4) of a mean; the interquartile mean follows means roughly.
    assert widths[0] / widths[1] == pytest.approx(1.5, rel=0.1)


@pytest.mark.parametrize(
    "of_second",
    [
        [seeds_of(9.0, 8.0), seeds_of(7.0, 9.0)],
        [seeds_of(1.0, 8.0), seeds_of(2.0)],
        [seeds_of(1.0, 8.0), DrawnRuns("fold", np.array([[1.0], [2.0]]), 0.5)],
        [seeds_of(9.0, 8.0), seeds_of(-9.0, -8.0)],
    ],
    ids=["all duels won", "a single run", "folds and seeds", "all won and all lost"],
)
def test_nothing_is_said_where_runs_show_no_variation_of_one_kind(of_second):
    runs = {("a", name): seeds_of(1.0, 2.0) for name in "xy"}
    runs |= {("b", name): one for name, one in zip("xy", of_second, strict=True)}
    networks = redrawn(runs, n_resamples=50, seed=0)
    found = improvement(networks["a",], networks["b",], level=0.95)
    assert (found.low, found.high, found.uncertainty) == (None, None, None)


@pytest.mark.parametrize(
    "runs",
    [
        [seeds_of(1.0, 1.0), seeds_of(2.0, 2.0)],
        [seeds_of(1.0, 2.0), seeds_of(2.0)],
        [seeds_of(1.0, 2.0), DrawnRuns("fold", np.array([[1.0], [2.0]]), 0.5)],
    ],
    ids=["no spread", "a single run", "folds and seeds"],
)
def test_no_interquartile_interval_without_variation_of_one_kind(rng, runs):
    assert interquartile_interval(runs, level=0.95, n_resamples=50, rng=rng) is None


def test_the_middle_half_is_that_of_scipy(rng):
    values = rng.normal(size=(5, 23))
    assert_allclose(interquartile_mean(values), stats.trim_mean(values, 0.25, axis=1), rtol=1e-12)
