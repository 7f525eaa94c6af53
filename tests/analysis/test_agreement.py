"""Agreement of predictions: what its numbers are, and how often its intervals hold the truth."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import special, stats
from sklearn.metrics import cohen_kappa_score

from analysis.drift.agreement import agreement
from analysis.drift.agreement_intervals import (
    agreement_intervals,
    effective_size,
    table_intervals,
)
from analysis.settings import Settings
from analysis.steps.agreement import agreement_rows
from analysis.steps.logged_agreement import over_runs

NAMES = ("observed", "excess", "kappa")


def test_error_consistency_is_cohens_kappa_of_being_right(rng):
    a, b = rng.uniform(size=(2, 200)) < [[0.8], [0.7]]
    found = agreement_intervals(a, b, n_draws=50)
    assert_allclose(found.estimate.kappa, cohen_kappa_score(a, b), rtol=1e-10)
    assert found.estimate.observed == np.mean(a == b)


def test_one_accuracy_twice_is_not_the_independence_baseline():
    found = agreement(0.95, 0.65, 0.64)
    assert_allclose(found.independent, 0.95 * 0.65 + 0.05 * 0.35)
    assert_allclose(found.independent_one_model, 0.95**2 + 0.05**2)
    assert found.independent_one_model - found.independent > 0.2


def is_right(rng, shape, accuracies, correlation, within):
    """Whether two networks are right on the images of patients, shape (*shape, 2).

    ``correlation`` ties the networks, ``within`` (a share of variance) the images of a patient.
    """
    own = np.array([np.sqrt(correlation), np.sqrt(1 - correlation)])

    def tied(size):
        return own[0] * rng.normal(size=(*size, 1)) + own[1] * rng.normal(size=(*size, 2))

    latent = np.sqrt(within) * tied((*shape[:-1], 1)) + np.sqrt(1 - within) * tied(shape)
    return latent < special.ndtri(np.array(accuracies))


def truth(accuracies, correlation):
    """Observed, excess and kappa of infinitely many images."""
    normal = stats.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]])
    both = normal.cdf(special.ndtri(np.array(accuracies)))
    one, other = accuracies
    found = agreement(one, other, 1 + 2 * both - one - other)
    return found.observed, found.observed - found.independent, found.kappa


def coverage(rng, trials, n_patients, n_images, accuracies, correlation):
    """Share of intervals that hold the truth; kappa where it is defined."""
    right = is_right(
        rng, (trials, n_patients, n_images), accuracies, correlation, 0.4 if n_images > 1 else 0.0
    )
    patients = np.repeat(np.arange(n_patients), n_images)
    expected = np.array(truth(accuracies, correlation))
    ends = np.array(
        [
            [
                getattr(found, name)
                for found in [
                    agreement_intervals(
                        *one.reshape(-1, 2).T, clusters=patients, n_draws=499, seed=trial
                    )
                ]
                for name in NAMES
            ]
            for trial, one in enumerate(right)
        ]
    )
    inside = (ends[..., 0] <= expected) & (ends[..., 1] >= expected)
    return inside.sum(axis=0) / np.isfinite(ends[..., 0]).sum(axis=0)


# Errors may be rarer than one in the sample: there the posterior is on the safe side.
FEW = [(20, 1, (0.95, 0.9), 0.7), (20, 5, (0.8, 0.6), 0.0), (60, 5, (0.95, 0.9), 0.0)]


@pytest.mark.parametrize(("n_patients", "n_images", "accuracies", "correlation"), FEW)
def test_intervals_over_images_and_patients_hold_the_truth(
    rng, n_patients, n_images, accuracies, correlation
):
    covered = coverage(rng, 300, n_patients, n_images, accuracies, correlation)
    assert covered.min() > 0.95 - 0.02 - 4 * np.sqrt(0.95 * 0.05 / 300)


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("accuracies", [(0.8, 0.6), (0.95, 0.9), (0.99, 0.98)])
@pytest.mark.parametrize(
    ("n_patients", "n_images"), [(10, 1), (20, 1), (60, 1), (300, 1), (10, 5), (20, 5), (60, 5)]
)
def test_intervals_hold_the_truth_from_ten_patients_on(
    rng, n_patients, n_images, accuracies, correlation
):
    trials = 2000
    covered = coverage(rng, trials, n_patients, n_images, accuracies, correlation)
    assert covered.min() > 0.93 - 3 * np.sqrt(0.93 * 0.07 / trials)


def test_patients_of_unequal_size_are_covered(rng):
    trials, sizes = 300, np.tile([1, 1, 2, 4, 12], 6)
    patients = np.repeat(np.arange(30), sizes)
    right = is_right(rng, (trials, 30, 12), (0.9, 0.8), 0.5, 0.5)
    taken = np.concatenate([np.arange(size) for size in sizes])
    expected, inside = truth((0.9, 0.8), 0.5), np.zeros(3)
    for one in right[:, patients, taken]:
        found = agreement_intervals(*one.T, clusters=patients, n_draws=499)
        ends = [getattr(found, name) for name in NAMES]
        inside += [low <= value <= high for (low, high), value in zip(ends, expected, strict=True)]
    assert inside.min() / trials > 0.95 - 0.03 - 4 * np.sqrt(0.95 * 0.05 / trials)


def test_patients_with_several_images_widen_the_interval(rng):
    patient = np.repeat(np.arange(40), 10)
    a = np.repeat(rng.uniform(size=40) < 0.7, 10)
    b = np.repeat(rng.uniform(size=40) < 0.7, 10)
    images = agreement_intervals(a, b)
    patients = agreement_intervals(a, b, clusters=patient)
    for name in NAMES:
        narrow, wide = np.diff(getattr(images, name)), np.diff(getattr(patients, name))
        assert wide > 2 * narrow, name
    assert patients.n_effective < 40 < 380 < images.n_effective


def test_independent_images_count_whole_and_copies_once(rng):
    cells = np.eye(4)[rng.integers(0, 4, size=1000)]
    slopes = np.array([1.0, 0.0, 0.0, 1.0])
    known = (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 999)) ** 2
    assert_allclose(effective_size(cells, np.ones(1000), slopes), 1000 * known, rtol=1e-9)
    copies = effective_size(7 * cells, np.full(1000, 7.0), slopes)
    assert_allclose(copies, 1000 * known, rtol=1e-3)


def test_networks_that_are_always_right_have_no_kappa_and_a_share_that_could_be_less():
    found = agreement_intervals(np.ones(20), np.ones(20))
    assert np.isnan(found.estimate.kappa)
    assert np.isnan(found.kappa).all()
    assert found.observed[1] == 1.0
    assert found.observed[0] < 0.95


def test_one_network_without_errors_tells_nothing_about_their_consistency():
    # Kappa is 0 in every resample of these images; that does not make it 0.
    found = agreement_intervals(np.ones(30), np.arange(30) > 2)
    assert found.estimate.kappa == 0.0
    assert found.kappa[0] < 0.0 < 0.3 < found.kappa[1]


def test_the_same_errors_need_not_be_the_same_on_other_images():
    errors = np.arange(30) > 2
    found = agreement_intervals(errors, errors)
    assert found.estimate.kappa == found.kappa[1] == 1.0
    assert 0.2 < found.kappa[0] < 0.8


def test_one_patient_has_no_interval():
    found = agreement_intervals(np.ones(20), np.arange(20) > 2, clusters=np.zeros(20))
    assert np.isnan([getattr(found, name) for name in NAMES]).all()


def test_refuses_other_images():
    with pytest.raises(ValueError, match="needs the same at least 10"):
        agreement_intervals(np.ones(20), np.ones(19))


def predictions(rng, *, folds=3, seeds=1, images=40):
    """Predictions of two networks on the images of every fold."""
    index = np.indices((2, folds, seeds, images)).reshape(4, -1)
    network, fold, seed, image = index
    return pl.DataFrame(
        {
            "origin": "repdrift",
            "study": "made",
            "run_id": [f"{a}-{b}-{c}" for a, b, c in index[:3].T],
            "dataset": "knee",
            "backbone": "tiny",
            "pretraining": np.array(["imagenet", "radimagenet"])[network],
            "adaptation": "full",
            "n_blocks": None,
            "variant": "",
            "pooling": "mean",
            "head": "linear",
            "fold": fold,
            "n_folds": folds,
            "seed": seed,
            "n_train": 80,
            "n_test": images,
            "sample_id": [f"{a}-{b}" for a, b in zip(fold, image, strict=True)],
            "group_id": None,
            "is_correct": rng.uniform(size=len(fold)) < 0.7,
        },
        schema_overrides={"n_blocks": pl.Int32, "group_id": pl.String},
    )


def table_of(predictions):
    """Return shares of both right, the first alone, the second alone, neither."""
    pair = predictions.pivot("pretraining", index=["sample_id", "seed"], values="is_correct")
    a, b = pair["imagenet"].to_numpy(), pair["radimagenet"].to_numpy()
    return np.array([(a & b).mean(), (a & ~b).mean(), (~a & b).mean(), (~a & ~b).mean()])


def test_over_folds_the_tables_are_summed_and_worth_as_much_as_folds_vary(rng):
    made = predictions(rng, seeds=2)
    rows = agreement_rows(made, Settings())
    assert rows["method"].to_list() == ["jeffreys"] * 6 + ["jeffreys_folds"]
    row = rows.filter(method="jeffreys_folds").row(0, named=True)
    assert row["fold"] is row["seed"] is row["n_images"] is None
    assert len(row["run_ids"]) == 12
    both, one, other, none = table_of(made)
    assert row["observed"] == pytest.approx(both + none)
    assert row["kappa"] == pytest.approx(agreement(both + one, both + other, both + none).kappa)
    folds = [table_of(made.filter(fold=fold))[[0, 3]].sum() for fold in range(3)]
    share, n = np.mean(folds), 120
    effect = max(np.var(folds, ddof=1) / 3 / (share * (1 - share) / (n - 1)), 1.0)
    # Three folds are worth 1 / (1 / 3 + 1 / 2) of three, and know their variance with 2 degrees.
    worth = 1 / (1 + 3 / 2) * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 2)) ** 2
    trials = n / effect * worth
    ends = stats.beta.ppf([0.025, 0.975], share * trials + 0.5, (1 - share) * trials + 0.5)
    assert_allclose([row["observed_low"], row["observed_high"]], ends, rtol=1e-6)


def test_seeds_of_one_split_are_worth_all_of_them(rng):
    made = predictions(rng, folds=1, seeds=4).with_columns(fold=pl.lit(None, pl.Int64))
    rows = agreement_rows(made, Settings())
    assert rows["method"].to_list() == ["jeffreys"] * 4 + ["jeffreys_seeds"]


def test_one_run_of_each_has_no_row_over_runs(rng):
    assert agreement_rows(predictions(rng, folds=1), Settings())["method"].to_list() == ["jeffreys"]


def test_networks_of_other_training_sizes_are_still_compared(rng):
    made = predictions(rng, folds=1)
    smaller = pl.col("pretraining") == "imagenet"
    made = made.with_columns(n_train=pl.when(smaller).then(40).otherwise(pl.col("n_train")))
    assert len(agreement_rows(made, Settings())) == 1


def fold_coverage(rng, trials, n_folds, n_images, accuracies, correlation, shift):
    """Share of intervals over folds that hold the truth; accuracies vary by fold by ``shift``."""
    size = (trials, n_folds, 1, 2)
    common = np.sqrt(1 / n_folds) * rng.normal(size=(trials, 1, 1, 2))
    moved = shift * (common + np.sqrt(1 - 1 / n_folds) * rng.normal(size=size))
    tied = np.sqrt(correlation) * rng.normal(size=(trials, n_folds, n_images, 1))
    latent = tied + np.sqrt(1 - correlation) * rng.normal(size=(trials, n_folds, n_images, 2))
    spread = np.sqrt(1 + shift**2)
    right = latent + moved < special.ndtri(np.array(accuracies)) * spread
    a, b = right[..., 0], right[..., 1]
    tables = np.stack([a & b, a & ~b, ~a & b, ~a & ~b], axis=-1).sum(axis=2).astype(float)
    worth = 1 / (1 + n_folds / (n_folds - 1))
    found = [table_intervals(one, worth=worth, n_draws=299) for one in tables]
    ends = np.array([[getattr(one, name) for name in NAMES] for one in found])
    expected = np.array(truth(accuracies, correlation / spread**2))
    inside = (ends[..., 0] <= expected) & (ends[..., 1] >= expected)
    return inside.sum(axis=0) / np.isfinite(ends[..., 0]).sum(axis=0)


RARE, COMMON = (0.99, 0.98), (0.8, 0.6)


@pytest.mark.parametrize(
    ("n_images", "accuracies", "shift"), [(20, RARE, 0.0), (100, RARE, 0.3), (300, COMMON, 0.3)]
)
def test_five_folds_hold_the_truth_of_rare_errors_and_of_common_ones(
    rng, n_images, accuracies, shift
):
    # The mean of the folds' kappas, with the interval of Nadeau and Bengio, would in 51 to 99 %.
    covered = fold_coverage(rng, 200, 5, n_images, accuracies, 0.7, shift)
    assert covered.min() > 0.94 - 4 * np.sqrt(0.95 * 0.05 / 200)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.3])
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("accuracies", [COMMON, (0.95, 0.9), RARE])
@pytest.mark.parametrize("n_images", [20, 100, 300])
@pytest.mark.parametrize("n_folds", [3, 5])
def test_folds_hold_the_truth(rng, n_folds, n_images, accuracies, correlation, shift):
    covered = fold_coverage(rng, 400, n_folds, n_images, accuracies, correlation, shift)
    assert covered.min() > 0.94 - 3 * np.sqrt(0.95 * 0.05 / 400)


def test_a_value_that_one_fold_lacks_has_no_mean():
    pairs = pl.DataFrame(
        {
            "pair": "p",
            "run_ids": [["a"], ["b"], ["c"]],
            "fold": [1, 2, 3],
            "n_folds": 3,
            "seed": 0,
            "n_train": 80,
            "n_test": 40,
            "observed": [0.7, 0.8, 0.9],
            "excess": [0.1, None, 0.2],
        }
    )
    found = over_runs(pairs, by=["pair"], values=("observed", "excess"), level=0.95)
    row = found.row(0, named=True)
    assert row["excess"] is row["excess_low"] is None
    half = stats.t.ppf(0.975, 2) * 0.1 * np.sqrt(1 / 3 + 0.5)
    assert_allclose([row["observed_low"], row["observed_high"]], [0.8 - half, 0.8 + half])
    assert row["run_ids"] == ["a", "b", "c"]
