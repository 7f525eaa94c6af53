"""Slopes of every dataset and layer: each as scipy has it, all together at the promised level."""

from itertools import permutations, product

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.regression.dataset_slopes import dataset_slopes


def points(rng, *, datasets=4, layers=3, folds=6, seeds=1, slope=0.0, fold_noise=0.0):
    """Points of one family; layers share most of their similarity, one of them has a slope."""
    shape = (datasets, layers, folds, seeds)
    shared = rng.normal(size=(datasets, 1, folds, seeds))
    of_fold = fold_noise * rng.normal(size=(2, datasets, 1, folds, 1))
    similarity = 0.8 * shared + 0.6 * rng.normal(size=shape) + of_fold[0]
    outcome = rng.normal(size=shared.shape) + of_fold[1]
    outcome = outcome + slope * similarity[:, :1]
    dataset, layer, fold, seed = (index.ravel() for index in np.indices(shape))
    return pl.DataFrame(
        {
            "family": 0,
            "dataset": [f"d{i}" for i in dataset],
            "layer": [f"block{i}" for i in layer],
            "fold": fold,
            "seed": seed,
            "run_id": [f"{d}-{f}-{s}" for d, f, s in zip(dataset, fold, seed, strict=True)],
            "similarity": similarity.ravel(),
            "outcome_value": np.broadcast_to(outcome, shape).ravel(),
        }
    ).rename({"family": "question"})


def rows_of(frame, **options):
    return dataset_slopes(frame, by=["question"], **options)


def test_one_slope_is_that_of_scipy_and_its_permutation_test(rng):
    frame = points(rng, datasets=1, layers=1, folds=6, slope=0.7)
    row = rows_of(frame, n_permutations=9999).row(0, named=True)
    x, y = frame["similarity"].to_numpy(), frame["outcome_value"].to_numpy()
    line = stats.linregress(x, y)
    assert_allclose([row["slope"], row["correlation"]], [line.slope, line.rvalue], rtol=1e-12)
    assert_allclose(row["statistic"], line.slope / line.stderr, rtol=1e-10)
    exact = stats.permutation_test(
        (y,), lambda v: abs(stats.pearsonr(x, v)[0]), permutation_type="pairings",
        alternative="greater", vectorized=False, n_resamples=720,
    ).pvalue  # fmt: skip
    error = np.sqrt(exact * (1 - exact) / 9999)
    assert row["p_value"] == pytest.approx(exact, abs=4 * error + 2 / 9999)
    assert row["p_adjusted"] == row["p_value"]


def test_the_largest_of_a_family_keeps_its_level_and_single_p_values_do_not(rng):
    trials = 300
    frames = [points(rng).with_columns(question=pl.lit(trial)) for trial in range(trials)]
    rows = rows_of(pl.concat(frames), n_permutations=199)
    assert set(rows["family_size"]) == {12}
    any_found = rows.group_by("question").agg(
        adjusted=(pl.col("p_adjusted") <= 0.05).any(), alone=(pl.col("p_value") <= 0.05).any()
    )
    error = np.sqrt(0.05 * 0.95 / trials)
    assert any_found["adjusted"].to_numpy().mean() == pytest.approx(0.05, abs=4 * error)
    assert any_found["alone"].to_numpy().mean() > 0.25


def stepwise_by_definition(cells):
    """Step through slopes of two datasets under every pair of orders of their outcomes."""
    names = sorted({dataset for dataset, _ in cells})
    orders = list(permutations(range(len(next(iter(cells.values()))[0]))))
    drawn = []
    for pair in product(orders, repeat=len(names)):
        order = dict(zip(names, pair, strict=True))
        t = {}
        for (dataset, layer), (x, y) in cells.items():
            line = stats.linregress(x, y[list(order[dataset])])
            t[dataset, layer] = abs(line.slope / line.stderr)
        drawn.append(t)
    left, p_values, so_far = dict(drawn[0]), {}, 0.0
    while left:
        cell = max(left, key=lambda one: left[one])
        reached = np.mean([max(t[one] for one in left) >= left[cell] * (1 - 1e-9) for t in drawn])
        p_values[cell] = so_far = max(so_far, float(reached))
        del left[cell]
    single = {
        cell: np.mean([max(t.values()) >= seen * (1 - 1e-9) for t in drawn])
        for cell, seen in drawn[0].items()
    }
    return p_values, single


def test_steps_are_those_of_every_permutation_by_hand(rng):
    frame = points(rng, datasets=2, layers=2, folds=4)
    frame = frame.with_columns(
        outcome_value=pl.col("outcome_value")
        + 4 * pl.col("similarity") * (pl.col("dataset") == "d0")
    )
    cells = {
        key: (own["similarity"].to_numpy(), own["outcome_value"].to_numpy())
        for key, own in frame.sort("fold").group_by("dataset", "layer")
    }
    expected, single = stepwise_by_definition(cells)
    rows = rows_of(frame, n_permutations=9999)
    found = {(row["dataset"], row["layer"]): row["p_adjusted"] for row in rows.to_dicts()}
    for cell, p_value in expected.items():
        error = np.sqrt(p_value * (1 - p_value) / 9999)
        assert found[cell] == pytest.approx(p_value, abs=4 * error + 2 / 9999)
    assert max(single[cell] - expected[cell] for cell in cells) > 0.1  # the steps are seen


def test_one_steep_dataset_leaves_true_nulls_of_the_others_at_their_level(rng):
    trials = 400
    frames = [
        points(rng, datasets=3, layers=1, folds=8).with_columns(question=pl.lit(trial))
        for trial in range(trials)
    ]
    steep = pl.col("similarity") * 9 * (pl.col("dataset") == "d0")
    frame = pl.concat(frames).with_columns(outcome_value=pl.col("outcome_value") + steep)
    rows = rows_of(frame, n_permutations=199)
    assert (rows.filter(dataset="d0")["p_adjusted"] <= 0.05).all()
    others = rows.filter(pl.col("dataset") != "d0")
    false = others.group_by("question").agg((pl.col("p_adjusted") <= 0.05).any())
    error = np.sqrt(0.05 * 0.95 / trials)
    assert false["p_adjusted"].to_numpy().mean() == pytest.approx(0.05, abs=4 * error)


def test_it_loses_less_than_bonferroni_where_layers_hang_together(rng):
    frame = points(rng, folds=20, slope=0.6)
    rows = rows_of(frame)
    bonferroni = (rows["p_value"] * 12).clip(0, 1)
    assert (rows["p_adjusted"] <= bonferroni + 1e-12).mean() > 0.9
    assert (rows["p_adjusted"] >= rows["p_value"]).all()


def test_seeds_of_a_fold_are_one_unit(rng):
    trials = 300
    frames = [
        points(rng, datasets=1, layers=1, folds=6, seeds=4, fold_noise=2.0).with_columns(
            question=pl.lit(trial)
        )
        for trial in range(trials)
    ]
    rows = rows_of(pl.concat(frames), n_permutations=199)
    assert (set(rows["n_units"]), set(rows["n_runs"])) == ({6}, {24})
    error = np.sqrt(0.05 * 0.95 / trials)
    assert (rows["p_value"] <= 0.05).mean() == pytest.approx(0.05, abs=4 * error)


def test_without_folds_the_runs_are_the_units(rng):
    frame = points(rng, datasets=1, folds=1, seeds=8).with_columns(fold=pl.lit(None, pl.Int64))
    assert set(rows_of(frame)["n_units"]) == {8}


def test_what_does_not_vary_or_is_too_few_has_no_slope(rng):
    still = points(rng, datasets=1).with_columns(similarity=pl.lit(1.0))
    assert rows_of(still).is_empty()
    assert rows_of(points(rng, folds=3)).is_empty()
