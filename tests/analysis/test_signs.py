"""Sign vectors are weighed by how much slope they leave, as matrices written slowly say."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis.regression.mixed import group_moments
from analysis.regression.signs import relative_spread, standardised_statistics, variance_components
from analysis.regression.stacking import Model, stack
from analysis.regression.wild import bootstrap_statistics, cluster_sums, sign_vectors

SIZES = (2, 3, 5, 4)
OWNER = np.repeat(np.arange(4), SIZES)
MODEL = Model(controls=("age",))


@pytest.fixture
def points(rng):
    n = len(OWNER)
    similarity = rng.normal(size=4)[OWNER] + rng.normal(size=n)
    return pl.DataFrame(
        {
            "trial": 0,
            "dataset": OWNER.astype(str),
            "run_id": np.arange(n).astype(str),
            "age": rng.normal(size=n) + similarity,
            "similarity": similarity,
            "outcome_value": 2 * rng.normal(size=4)[OWNER] + rng.normal(size=n),
        }
    )


def test_spread_is_that_of_slopes_of_flipped_residuals_by_definition(points):
    stacked = stack(points, MODEL, ["trial"])
    moments, signs = group_moments(stacked, 0), sign_vectors(4)
    sums = cluster_sums(stacked.fits, stacked.clusters, 0)
    ours = relative_spread(sums.products, moments, signs)
    x = points["similarity"].to_numpy()
    others = np.column_stack([np.ones(len(x)), points["age"].to_numpy()])
    residual = np.eye(len(x)) - others @ np.linalg.pinv(others)
    between, within = variance_components(moments)
    errors = within * np.eye(len(x)) + between * np.equal.outer(OWNER, OWNER)
    # Flipped residuals F M y regressed again: the numerator of their slope is x' M F M y.
    weights = [residual @ np.diag(sign[OWNER]) @ residual @ x for sign in signs]
    by_definition = np.sqrt([w @ errors @ w for w in weights])
    assert between > 0
    assert_allclose(ours, by_definition / by_definition[0], rtol=1e-10)


def test_variances_of_equal_datasets_are_those_of_a_table_of_variance(points):
    # Mean squares of 4 datasets of 3 runs: between 3 s_b^2 + s_w^2, within s_w^2.
    few = points.group_by("dataset", maintain_order=True).head(2)
    stacked = stack(few, Model(), ["trial"])
    errors = stacked.fits.residuals.reshape(4, 2)
    mean_square = 2 * (errors.mean(axis=1) ** 2).sum() / 3
    within = ((errors - errors.mean(axis=1, keepdims=True)) ** 2).sum() / 4
    between = max((mean_square - within) / 2, 0)
    found = variance_components(group_moments(stacked, 0))
    assert_allclose(found, (between, within), rtol=1e-10, atol=1e-14)


def test_the_statistic_that_was_seen_stays_as_it_is(points):
    stacked, signs = stack(points, Model(), ["trial"]), sign_vectors(4)
    plain = bootstrap_statistics(cluster_sums(stacked.fits, stacked.clusters, 0), signs)
    found = standardised_statistics(stacked, 0, signs)
    assert_allclose(found[[0, -1]], plain[0], rtol=1e-12)  # the last turns every sign
    assert np.abs(found / plain - 1).max() > 0.1


def test_nothing_is_absorbed_where_datasets_do_not_differ_in_similarity(points):
    centred = points.with_columns(
        pl.col("similarity") - pl.col("similarity").mean().over("dataset")
    )
    stacked, signs = stack(centred, Model(), ["trial"]), sign_vectors(4)
    plain = bootstrap_statistics(cluster_sums(stacked.fits, stacked.clusters, 0), signs)
    assert_allclose(standardised_statistics(stacked, 0, signs), plain, rtol=1e-12)


def test_a_vector_that_leaves_nothing_of_the_predictor_has_a_statistic_of_0(points):
    halves = points.filter(pl.col("run_id").is_in(["0", "1", "2", "3", "5", "6", "10", "11"]))
    two_values = halves.with_columns(similarity=(pl.col("dataset") < "2").cast(pl.Float64))
    stacked = stack(two_values, Model(), ["trial"])
    found = standardised_statistics(stacked, 0, np.array([[1.0, 1, 1, 1], [1, 1, -1, -1]]))
    assert found[0] > 0
    assert found[1] == 0


def test_datasets_of_one_run_are_independent(points):
    one_each = points.group_by("dataset", maintain_order=True).first()
    stacked = stack(one_each, Model(), ["trial"])
    assert variance_components(group_moments(stacked, 0)) == (0.0, 1.0)
