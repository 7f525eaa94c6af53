"""Rounding noise is no variation: wherever a predictor is demeaned, no slope is fitted to it."""

import numpy as np
import polars as pl
import pytest

from analysis.drift.left_out_lines import DatasetMoments, left_out_residuals
from analysis.drift.projection import project
from analysis.grids import DEFAULT_GRID
from analysis.regression.binned import Binning, binned_fits
from analysis.regression.decomposition import within_and_between
from analysis.regression.fits import regress
from analysis.regression.gain_definitions import gain_definitions
from analysis.regression.influence import leave_one_dataset_out
from analysis.regression.max_t import max_t_p_values
from analysis.regression.multiverse import joint_test, specification_curve
from analysis.regression.robust import robust_rows
from analysis.regression.slope_differences import slope_differences
from analysis.regression.stacking import Model
from analysis.testing.constancy import centred_over, constant_over, is_constant


@pytest.fixture(params=["one", "root"])
def noisy(request, rng):
    """Frozen networks: similarity 1 give or take 1e-16, or a distance of 0 give or take 1e-8."""
    noise = 2.0**-53 * rng.integers(-2, 3, size=40)
    return pl.DataFrame(
        {
            "layer": "late",
            "measure": "cca_mean",
            "pretraining": np.tile(["imagenet", "random"], 20),
            "dataset": np.repeat(list("abcd"), 10),
            "run_id": [f"{i:02}" for i in range(40)],
            "similarity": 1 + noise if request.param == "one" else np.sqrt(np.abs(noise)),
            "outcome_value": rng.uniform(0.6, 0.9, size=40),
            "scratch_value": rng.uniform(0.5, 0.6, size=40),
        }
    )


def test_no_slope_is_fitted_to_noise(noisy):
    frames = [
        within_and_between(noisy, Model(), by=["layer"]),
        robust_rows(noisy, Model(), by=["layer"]),
        regress(noisy, Model(), by=["layer"]),
        specification_curve(noisy, DEFAULT_GRID, by=["pretraining"]),
        project(noisy, Model(), by=["layer"]),
        slope_differences(noisy, Model(), by=["layer"]),
    ]
    for frame in frames:
        assert set(frame["status"]) == {"undefined"}
        assert None not in set(frame["reason"])


def test_noise_has_no_bins_no_influence_and_no_joint_test(noisy):
    assert binned_fits(noisy, Model(), Binning(), by=["layer"]).is_empty()
    assert leave_one_dataset_out(noisy, Model(), by=["layer"]).is_empty()
    assert max_t_p_values(noisy, Model(), by=["layer"], family=["layer"]).is_empty()
    assert joint_test(noisy, DEFAULT_GRID, by=["pretraining"]).is_empty()


def test_noise_has_no_correlation_with_the_score_from_scratch(noisy):
    row = gain_definitions(noisy, by=["layer"]).row(0, named=True)
    assert row["scratch_similarity_correlation"] is None
    assert row["scratch_ratio_correlation"] is not None


def test_a_frozen_network_cannot_differ_in_slope(noisy, rng):
    moves = pl.col("pretraining") == "random"
    points = noisy.with_columns(
        similarity=pl.when(moves).then(pl.Series(rng.uniform(size=40))).otherwise("similarity")
    )
    rows = slope_differences(points, Model(), by=["layer"])
    assert set(rows["reason"]) == {"the predictors are linearly dependent"}


def test_noise_of_the_other_datasets_gives_their_mean(noisy):
    x, y = noisy["similarity"].to_numpy().copy(), noisy["outcome_value"].to_numpy()
    x[:10] = np.linspace(0.2, 0.8, 10)
    datasets = np.repeat(np.arange(4), 10)
    residuals = left_out_residuals(
        x, y, datasets, DatasetMoments.of(x, y, datasets).left_out_lines()
    )
    np.testing.assert_allclose(residuals[:10], y[:10] - y[10:].reshape(3, 10).mean())


def test_noise_makes_ties_of_ranks(noisy):
    """Half of the runs are frozen: the order of their similarities means nothing."""
    moves = (pl.col("run_id").cast(pl.Int64) % 2) == 1
    moved = pl.Series(np.linspace(0.3, 0.7, 40))
    points = noisy.with_columns(similarity=pl.when(moves).then(moved).otherwise("similarity"))
    exact = points.with_columns(pl.col("similarity").round(6))
    columns = ["method", "estimate", "p_value"]
    kept = pl.col("method").is_in(["spearman", "theil_sen"])
    found, expected = (
        robust_rows(p, Model(), by=["layer"]).filter(kept).select(columns) for p in (points, exact)
    )
    # Rounding to six digits moves neighbours, 0.02 apart, by up to 1e-6: 5e-5 of a slope.
    np.testing.assert_allclose(
        found.drop("method").to_numpy(), expected.drop("method").to_numpy(), rtol=1e-4
    )


def test_expressions_say_what_the_arrays_say(noisy):
    by = ["dataset"]
    shown = noisy.select(
        by[0],
        constant=constant_over("similarity", by),
        varying=~constant_over("outcome_value", by),
        centred=centred_over("similarity", by),
    )
    assert shown["constant"].all()
    assert shown["varying"].all()
    assert set(shown["centred"]) == {0.0}
    for values in noisy.partition_by(by):
        assert is_constant(values["similarity"].min(), values["similarity"].max())
        assert not is_constant(values["outcome_value"].min(), values["outcome_value"].max())
