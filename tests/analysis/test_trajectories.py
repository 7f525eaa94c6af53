"""Trajectories: bands, drop and recovery, each by hand and in simulation with a known truth."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.drift.distributions import distributions
from analysis.drift.trajectories import simultaneous_quantile, trajectory_bands
from analysis.drift.trajectory_shapes import trajectory_shapes

SEEDS = {"fold": None, "n_folds": None, "n_train": None, "n_test": None}
TYPES = dict.fromkeys(SEEDS, pl.Int64)


def curves(rng, *, trials, runs, epochs, correlation=0.8):
    """Return similarity curves that fall, with noise that goes along the epochs."""
    noise = np.sqrt(correlation) * rng.normal(size=(trials, runs, 1)) + np.sqrt(
        1 - correlation
    ) * rng.normal(size=(trials, runs, epochs))
    mean = np.exp(-np.arange(epochs) / 5)
    values = mean + 0.1 * noise
    return mean, pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), runs * epochs),
            "run_id": np.tile(np.repeat(np.arange(runs), epochs), trials).astype(str),
            "epoch": np.tile(np.arange(epochs), trials * runs),
            **SEEDS,
            "similarity": values.ravel(),
        },
        schema_overrides=TYPES,
    )


@pytest.mark.parametrize(("runs", "epochs"), [(3, 12), (8, 12), (8, 30)])
def test_band_covers_the_whole_trajectory_and_pointwise_intervals_do_not(rng, runs, epochs):
    trials = 400
    mean, points = curves(rng, trials=trials, runs=runs, epochs=epochs, correlation=0.3)
    rows = trajectory_bands(points, by=["trial"], n_resamples=799)
    truth = np.tile(mean, trials)
    inside = {
        name: np.all(
            (
                (rows[f"{name}_low"].to_numpy() <= truth)
                & (rows[f"{name}_high"].to_numpy() >= truth)
            ).reshape(trials, -1),
            axis=1,
        ).mean()
        for name in ("ci", "band")
    }
    assert inside["band"] == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / trials))
    assert inside["ci"] < 0.85


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_bootstrap_of_many_runs_covers_with_less_width_where_epochs_are_alike(rng, correlation):
    trials, runs, epochs = 400, 30, 12
    _, points = curves(rng, trials=trials, runs=runs, epochs=epochs, correlation=correlation)
    values = points["similarity"].to_numpy().reshape(trials, runs, epochs)
    values = values - np.exp(-np.arange(epochs) / 5)
    reach = np.array([simultaneous_quantile(v, 0.95, 799, 0) for v in values])
    largest = np.abs(values.mean(axis=1) / stats.sem(values, axis=1)).max(axis=1)
    covered = np.mean(largest <= reach)
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / trials))
    assert reach.mean() < {0.0: 3.2, 0.9: 2.8}[correlation]


@pytest.mark.parametrize("runs", [3, 5, 20])
def test_a_plateau_is_no_recovery(rng, runs):
    trials, epochs = 600, 12
    _, points = curves(rng, trials=trials, runs=runs, epochs=epochs, correlation=0.5)
    fall = np.array([1.0, 0.6, 0.4] + [0.3] * 9) - np.exp(-np.arange(epochs) / 5)
    level = points.with_columns(similarity=pl.col("similarity") + np.tile(fall, trials * runs))
    found = trajectory_shapes(level, by=["trial"])
    assert (
        found["recovery"] > 0
    ).to_numpy().mean() > 0.8  # the lowest of several epochs is below the last
    assert (found["recovery_low"] > 0).to_numpy().mean() <= 0.025 + 4 * np.sqrt(
        0.025 * 0.975 / trials
    )


def test_pointwise_interval_is_the_t_interval(rng):
    _, points = curves(rng, trials=1, runs=6, epochs=4)
    row = trajectory_bands(points, by=["trial"]).row(2, named=True)
    values = points.filter(pl.col("epoch") == 2)["similarity"].to_numpy()
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert_allclose(row["ci_low"], expected.low, rtol=1e-10)
    assert_allclose(row["ci_high"], expected.high, rtol=1e-10)


def test_two_runs_have_no_band_and_one_no_interval(rng):
    _, points = curves(rng, trials=1, runs=2, epochs=3)
    two = trajectory_bands(points, by=["trial"])
    one = trajectory_bands(points.filter(pl.col("run_id") == "0"), by=["trial"])
    assert two["band_low"].null_count() == one["ci_low"].null_count() == 3
    assert two["ci_low"].null_count() == 0


@pytest.mark.parametrize(("fold", "kind"), [(2, "fold"), (None, "seed")])
def test_one_run_is_of_a_fold_where_it_has_one(rng, fold, kind):
    _, points = curves(rng, trials=1, runs=1, epochs=3)
    named = points.with_columns(fold=pl.lit(fold, pl.Int64))
    assert set(trajectory_bands(named, by=["trial"])["uncertainty"]) == {kind}


def test_drop_and_recovery_by_hand():
    points = pl.DataFrame(
        {
            "cell": "a",
            "run_id": ["x"] * 4 + ["y"] * 4,
            "epoch": [0, 1, 2, 4] * 2,
            "similarity": [1.0, 0.4, 0.3, 0.5, 1.0, 0.6, 0.5, 0.9],
            **SEEDS,
        },
        schema_overrides=TYPES,
    )
    row = trajectory_shapes(points, by=["cell"]).row(0, named=True)
    assert (row["start"], row["minimum_epoch"], row["final_epoch"]) == (1.0, 2, 4)
    assert row["steepest_epoch"] == 1
    assert_allclose([row["minimum"], row["drop"], row["recovery"]], [0.4, 0.6, 0.3])
    # Any of three other epochs could be the lowest: the level of each is the third root.
    gaps = np.array([[-0.5, -0.1], [0.1, 0.3], [0.2, 0.4]])
    each = [stats.ttest_1samp(gap, 0).confidence_interval(0.95 ** (1 / 3)) for gap in gaps]
    assert row["recovery_low"] == 0.0 > max(one.low for one in each)
    assert_allclose(row["recovery_high"], max(one.high for one in each))


def by_unit(rng, mean, *, trials, folds, seeds, tail="normal", along=0.9):
    """Return curves of folds that share 1 / folds of their variance, and of seeds within them.

    Noise goes along the epochs with correlation ``along``; half of its variance is of seeds.
    """
    draw = {"normal": rng.normal, "skewed": lambda size: 1 - rng.exponential(size=size)}[tail]

    def noise(*shape):
        fixed = draw(size=(*shape, 1))
        return np.sqrt(along) * fixed + np.sqrt(1 - along) * draw(size=(*shape, len(mean)))

    shared = 1 / folds if folds > 1 else 0.0
    of_folds = np.sqrt(shared) * noise(trials, 1, 1) + np.sqrt(1 - shared) * noise(trials, folds, 1)
    if folds == 1:
        of_folds = np.zeros((trials, 1, 1, len(mean)))
    values = mean + 0.05 * (of_folds + noise(trials, folds, seeds))
    trial, fold, seed, epoch = (index.ravel() for index in np.indices(values.shape))
    return pl.DataFrame(
        {
            "trial": trial,
            "run_id": [f"{a}-{b}" for a, b in zip(fold, seed, strict=True)],
            "epoch": epoch,
            "similarity": values.ravel(),
            "fold": fold if folds > 1 else None,
            "n_folds": folds if folds > 1 else None,
            "n_train": 100 * (folds - 1),
            "n_test": 100,
        },
        schema_overrides=TYPES,
    )


WAYS = {
    "falls and recovers": np.array([1.0, 0.6, 0.4, 0.35, 0.4, 0.45, 0.5, 0.55]),
    "falls": np.linspace(1.0, 0.3, 8),
    "stays low": np.array([1.0, 0.6, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]),
    "does not move": np.full(8, 0.8),
}
DESIGNS = [(1, 5), (1, 20), (5, 1), (5, 4)]


def held(rows, name, value):
    """Share of rows whose interval holds a value."""
    low, high = (rows[f"{name}_{end}"].to_numpy() for end in ("low", "high"))
    return np.mean((low <= value + 1e-12) & (high >= value - 1e-12))


def shape_coverage(rng, mean, *, trials, folds, seeds, **options):
    """Share of trials that hold the true drop, recovery and epochs."""
    points = by_unit(rng, mean, trials=trials, folds=folds, seeds=seeds, **options)
    rows = trajectory_shapes(points, by=["trial"])
    truth = {
        "drop": mean[0] - mean.min(),
        "recovery": mean[-1] - mean.min(),
        "minimum_epoch": mean.argmin(),
    }
    if np.diff(mean).min() < 0:
        rows = rows.drop_nulls("steepest_epoch")
        truth["steepest_epoch"] = 1 + np.diff(mean).argmin()
    return {name: held(rows, name, value) for name, value in truth.items()}


@pytest.mark.parametrize(("folds", "seeds"), DESIGNS)
@pytest.mark.parametrize("way", WAYS)
def test_drop_recovery_and_their_epochs_are_held(rng, way, folds, seeds):
    trials = 200
    covered = shape_coverage(rng, WAYS[way], trials=trials, folds=folds, seeds=seeds)
    assert min(covered.values()) > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.slow
@pytest.mark.parametrize("along", [0.0, 0.9])
@pytest.mark.parametrize(("folds", "seeds"), [*DESIGNS, (3, 3)])
@pytest.mark.parametrize("way", WAYS)
def test_drop_recovery_and_their_epochs_are_held_at_the_level(rng, way, folds, seeds, along):
    trials = 4000
    covered = shape_coverage(rng, WAYS[way], trials=trials, folds=folds, seeds=seeds, along=along)
    assert min(covered.values()) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)


def band_coverage(rng, *, trials, folds, seeds, epochs=20, **options):
    mean = np.exp(-np.arange(epochs) / 5)
    points = by_unit(rng, mean, trials=trials, folds=folds, seeds=seeds, **options)
    rows = trajectory_bands(points, by=["trial"], n_resamples=299)
    truth = np.tile(mean, trials)
    inside = (rows["band_low"] <= truth) & (rows["band_high"] >= truth)
    return inside.to_numpy().reshape(trials, epochs).all(axis=1).mean()


@pytest.mark.parametrize(("folds", "seeds"), DESIGNS)
def test_folds_that_share_training_images_have_a_band_of_their_own(rng, folds, seeds):
    # With 5 folds of 4 seeds, taking runs for independent would cover the curve in a third.
    trials = 200
    covered = band_coverage(rng, trials=trials, folds=folds, seeds=seeds)
    assert covered > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.slow
@pytest.mark.parametrize("along", [0.0, 0.9])
@pytest.mark.parametrize(("folds", "seeds"), [*DESIGNS, (3, 3), (1, 40)])
def test_band_covers_at_the_level(rng, folds, seeds, along):
    trials = 2000
    covered = band_coverage(rng, trials=trials, folds=folds, seeds=seeds, along=along)
    assert covered > 0.95 - 0.01 - 3 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folds", "seeds", "along", "least"),
    [(1, 5, 0.9, 0.90), (1, 20, 0.9, 0.93), (5, 1, 0.9, 0.92), (1, 5, 0.0, 0.58)],
)
def test_skewed_curves_are_covered_less(rng, folds, seeds, along, least):
    # Exponential noise: what the documentation says of it, with three standard errors.
    covered = band_coverage(rng, trials=2000, folds=folds, seeds=seeds, along=along, tail="skewed")
    assert least < covered < least + 0.1


def test_seeds_of_a_fold_are_averaged_and_folds_corrected(rng):
    points = by_unit(rng, np.array([1.0, 0.5]), trials=1, folds=5, seeds=3)
    row = trajectory_bands(points, by=["trial"]).row(1, named=True)
    of_folds = points.filter(epoch=1).group_by("fold").agg(pl.col("similarity").mean())
    values = of_folds["similarity"].to_numpy()
    half = stats.t.ppf(0.975, 4) * values.std(ddof=1) * np.sqrt(1 / 5 + 1 / 4)
    assert_allclose([row["ci_low"], row["ci_high"]], values.mean() + half * np.array([-1, 1]))
    assert (row["uncertainty"], row["method"]) == ("fold", "nadeau_bengio")
    assert (row["n_units"], row["n_runs"]) == (5, 15)


def test_a_network_that_never_moves_has_no_fall_and_no_interval():
    points = pl.DataFrame(
        {"cell": "a", "run_id": ["x"] * 3 + ["y"] * 3, "epoch": [0, 1, 2] * 2, "similarity": 1.0}
        | SEEDS,
        schema_overrides=TYPES,
    )
    row = trajectory_shapes(points, by=["cell"]).row(0, named=True)
    assert row["drop"] == row["recovery"] == 0.0
    missing = {name for name, value in row.items() if value is None}
    of_epochs = {
        f"{name}_epoch_{end}" for name in ("minimum", "steepest") for end in ("low", "high")
    }
    of_gaps = {f"{name}_{end}" for name in ("drop", "recovery") for end in ("low", "high")}
    assert missing == of_epochs | of_gaps | {"steepest_epoch"}


def test_a_fall_without_recovery_has_an_interval_with_width(rng):
    points = by_unit(rng, WAYS["falls"], trials=1, folds=1, seeds=5, along=0.0)
    row = trajectory_shapes(points, by=["trial"]).row(0, named=True)
    assert row["recovery"] == row["recovery_low"] == 0.0 < row["recovery_high"]


def test_folds_of_unknown_size_have_a_mean_without_a_band(rng):
    points = by_unit(rng, WAYS["falls"], trials=1, folds=3, seeds=1)
    unknown = points.with_columns(pl.lit(None, pl.Int64).alias(name) for name in list(SEEDS)[1:])
    rows = trajectory_bands(unknown, by=["trial"])
    assert rows["mean"].null_count() == 0
    assert rows["ci_low"].null_count() == rows["band_low"].null_count() == len(rows)
    row = trajectory_shapes(unknown, by=["trial"]).row(0, named=True)
    assert row["drop_low"] is row["minimum_epoch_low"] is None


def test_distribution_is_that_of_numpy(rng):
    values = rng.normal(size=9)
    frame = pl.DataFrame({"cell": "a", "run_id": [str(i) for i in range(9)], "value": values})
    row = distributions(frame, by=["cell"]).row(0, named=True)
    quartiles = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    names = ["minimum", "low_quartile", "median", "high_quartile", "maximum"]
    assert_allclose([row[name] for name in names], quartiles, rtol=1e-12)
