"""Slopes together: adjusted jointly, compared with one another, and under three gains."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import stats

from analysis.regression.fits import regress
from analysis.regression.gain_definitions import gain_definitions
from analysis.regression.max_t import max_t_p_values
from analysis.regression.slope_differences import slope_differences
from analysis.regression.stacking import Model
from analysis.regression.wild import sign_vectors


def layered(rng, *, trials, correlation, layers=8, clusters=8, per_cluster=4):
    """Return true nulls: layers go together, the outcome goes with none of them."""
    runs = clusters * per_cluster
    shared = rng.normal(size=(trials, 1, clusters, per_cluster))
    own = rng.normal(size=(trials, layers, clusters, per_cluster))
    cluster_x = rng.normal(size=(trials, 1, clusters, 1))
    similarity = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own + cluster_x
    outcome = rng.normal(size=(trials, 1, clusters, 1)) + rng.normal(
        size=(trials, 1, clusters, per_cluster)
    )
    outcome = np.broadcast_to(outcome, similarity.shape)
    return pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), layers * runs),
            "layer": np.tile(np.repeat(np.arange(layers), runs), trials),
            "dataset": np.tile(np.repeat(np.arange(clusters), per_cluster), trials * layers),
            "run_id": np.tile(np.arange(runs), trials * layers).astype(str),
            "similarity": similarity.ravel(),
            "outcome_value": outcome.ravel(),
        }
    )


@pytest.fixture(scope="module")
def correlated():
    """300 families of eight correlated true nulls, each over eight datasets."""
    points = layered(np.random.default_rng(2), trials=300, correlation=0.9)
    return max_t_p_values(points, Model(), by=["trial", "layer"], family=["trial"])


def test_family_keeps_its_error_rate_when_layers_are_correlated(correlated):
    false = correlated.group_by("trial").agg((pl.col("p_max_t") <= 0.05).any())
    rate = false["p_max_t"].to_numpy().mean()
    assert rate <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


def test_joint_adjustment_loses_less_than_holm(correlated):
    smallest = correlated.group_by("trial").agg(pl.col("p_wild", "p_max_t").min())
    holm = np.minimum(8 * smallest["p_wild"].to_numpy(), 1)
    assert np.mean(smallest["p_max_t"].to_numpy() <= holm) > 0.95
    assert np.mean(smallest["p_max_t"].to_numpy() < 0.5 * holm) > 0.5


def drawn_by_definition(points):
    """Refit every layer under every sign of the datasets, the null imposed; (n_draws, n_layers)."""
    names, drawn = sorted(set(points["dataset"])), []
    for signs in sign_vectors(len(names)):
        own = dict(zip(names, signs, strict=True))
        row = []
        for _, layer in points.sort("layer").group_by("layer", maintain_order=True):
            x, y = layer["similarity"].to_numpy(), layer["outcome_value"].to_numpy()
            turned = y.mean() + np.array([own[name] for name in layer["dataset"]]) * (y - y.mean())
            fit = sm.OLS(turned, sm.add_constant(x)).fit(
                cov_type="cluster", cov_kwds={"groups": layer["dataset"].to_numpy()}
            )
            # Statsmodels leaves a factor for small samples in, which differs between layers.
            n, n_datasets = len(x), layer["dataset"].n_unique()
            factor = np.sqrt(n_datasets / (n_datasets - 1) * (n - 1) / (n - 2))
            row.append(factor * abs(fit.params[1] / fit.bse[1]))
        drawn.append(row)
    return np.array(drawn)


def test_steps_are_those_of_refits_one_slope_after_the_other(rng):
    points = with_slopes(layered(rng, trials=1, correlation=0.5, layers=3, clusters=6))
    points = points.filter((pl.col("layer") != 2) | (pl.col("dataset") != 5))
    drawn = drawn_by_definition(points)
    seen = drawn[0] * (1 - 1e-9)
    left, expected, so_far = [0, 1, 2], np.zeros(3), 0.0
    while left:
        largest = max(left, key=lambda layer: seen[layer])
        so_far = max(so_far, np.mean(drawn[:, left].max(axis=1) >= seen[largest]))
        expected[largest] = so_far
        left.remove(largest)
    rows = max_t_p_values(points, Model(), by=["trial", "layer"], family=["trial"]).sort("layer")
    assert_allclose(rows["p_max_t"], expected, rtol=1e-12)
    single = (drawn.max(axis=1)[:, None] >= seen).mean(axis=0)
    assert (rows["p_max_t"].to_numpy() < single).any()


def with_slopes(points):
    """Give the first layer a steep slope."""
    steep = 5 * pl.col("similarity") * (pl.col("layer") == 0)
    return points.with_columns(outcome_value=pl.col("outcome_value") + steep)


def test_true_nulls_beside_a_steep_slope_keep_the_level():
    points = layered(np.random.default_rng(4), trials=300, correlation=0.5, layers=3)
    rows = max_t_p_values(with_slopes(points), Model(), by=["trial", "layer"], family=["trial"])
    assert np.mean(rows.filter(layer=0)["p_max_t"].to_numpy() <= 0.05) > 0.95
    false = (
        rows.filter(pl.col("layer") > 0).group_by("trial").agg((pl.col("p_max_t") <= 0.05).any())
    )
    rate = false["p_max_t"].to_numpy().mean()
    assert 0.02 < rate <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


def test_a_family_of_one_is_not_adjusted(rng):
    points = layered(rng, trials=5, correlation=0.5, layers=1)
    rows = max_t_p_values(points, Model(), by=["trial", "layer"], family=["trial"])
    alone = regress(points, Model(), by=["trial", "layer"], methods=["wild_cluster"])
    assert_allclose(rows["p_max_t"], rows["p_wild"], rtol=1e-12)
    assert_allclose(rows.sort("trial")["p_wild"], alone.sort("trial")["p_value"], rtol=1e-12)
    assert set(rows["n_tests"]) == {1}


def test_slopes_without_a_bootstrap_are_left_out(rng):
    points = layered(rng, trials=1, correlation=0.5, layers=2)
    flat = points.with_columns(
        similarity=pl.when(pl.col("layer") == 0).then(1.0).otherwise("similarity")
    )
    rows = max_t_p_values(flat, Model(), by=["trial", "layer"], family=["trial"])
    assert rows["layer"].to_list() == [1]


def two_networks(rng, *, slopes, trials=1):
    """Return two networks on the same six datasets, with a slope each."""
    size = (trials, 6, 5)
    frames = []
    for name, slope in zip(("imagenet", "radimagenet"), slopes, strict=True):
        similarity = rng.normal(size=size)
        outcome = slope * similarity + 0.5 * rng.normal(size=size)
        frames.append(
            pl.DataFrame(
                {
                    "trial": np.repeat(np.arange(trials), 30),
                    "pretraining": name,
                    "dataset": np.tile(np.repeat(list("abcdef"), 5), trials),
                    "run_id": [f"{name}{i}" for i in range(trials * 30)],
                    "similarity": similarity.ravel(),
                    "outcome_value": outcome.ravel(),
                }
            )
        )
    return pl.concat(frames)


def test_difference_of_slopes_is_that_of_two_separate_lines(rng):
    points = two_networks(rng, slopes=(0.2, -1.0))
    row = slope_differences(points, Model(), by=["trial"]).filter(pl.col("method") == "ols")
    lines = [
        stats.linregress(group["similarity"], group["outcome_value"]).slope
        for _, group in points.sort("pretraining").group_by("pretraining", maintain_order=True)
    ]
    assert_allclose(row["estimate"], [lines[1] - lines[0]], rtol=1e-10)
    assert row.select("first", "second", "n_runs").row(0) == ("imagenet", "radimagenet", 60)
    assert row["p_value"].item() < 1e-6


def test_equal_slopes_are_rejected_at_the_level(rng):
    points = two_networks(rng, slopes=(0.5, 0.5), trials=600)
    rows = slope_differences(points, Model(), by=["trial"])
    for method in ("ols", "cluster_cr3"):
        p_values = rows.filter(pl.col("method") == method)["p_value"].to_numpy()
        assert np.mean(p_values < 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 600))


def test_one_network_has_nothing_to_differ_from(rng):
    points = two_networks(rng, slopes=(0.5, 0.5)).filter(pl.col("pretraining") == "imagenet")
    assert slope_differences(points, Model(), by=["trial"]).is_empty()


def graded(rng, *, n_datasets=12, effect=0.0):
    """Return datasets whose score from scratch goes with similarity, and whose score does not."""
    scratch = np.repeat(np.linspace(0.5, 0.9, n_datasets), 5) + 0.01 * rng.normal(
        size=5 * n_datasets
    )
    similarity = scratch + 0.03 * rng.normal(size=5 * n_datasets)
    score = 0.95 + effect * similarity + 0.01 * rng.normal(size=5 * n_datasets)
    return pl.DataFrame(
        {
            "layer": "a",
            "dataset": np.repeat([f"d{i:02}" for i in range(n_datasets)], 5),
            "run_id": [str(i) for i in range(5 * n_datasets)],
            "similarity": similarity,
            "outcome_value": score,
            "scratch_value": scratch,
        }
    )


def test_alarm_when_only_the_shared_denominator_makes_a_slope(rng):
    row = gain_definitions(graded(rng), by=["layer"]).row(0, named=True)
    assert row["slope_ratio"] < -1
    assert row["p_ratio"] < 0.001 < 0.05 < row["p_ancova"]
    assert row["scratch_similarity_correlation"] > 0.9
    assert row["scratch_ratio_correlation"] < -0.9
    assert row["alarm"]


def test_no_alarm_when_all_definitions_agree(rng):
    points = (
        graded(rng)
        .with_columns(
            scratch_value=0.6 + 0.01 * pl.Series(rng.normal(size=60)),
            outcome_value=0.6 + 0.5 * pl.col("similarity"),
        )
        .with_columns(outcome_value=pl.col("outcome_value") + 0.02 * pl.Series(rng.normal(size=60)))
    )
    row = gain_definitions(points, by=["layer"]).row(0, named=True)
    assert min(row["slope_difference"], row["slope_ratio"], row["slope_ancova"]) > 0.3
    assert not row["alarm"]


def test_definitions_are_the_regressions_they_name(rng):
    points = graded(rng, effect=0.3)
    row = gain_definitions(points, by=["layer"], method="ols").row(0, named=True)
    gain = points["outcome_value"] - points["scratch_value"]
    difference = stats.linregress(points["similarity"], gain)
    ratio = stats.linregress(points["similarity"], gain / points["scratch_value"])
    design = np.column_stack([np.ones(60), points["scratch_value"], points["similarity"]])
    ancova, *_ = np.linalg.lstsq(design, points["outcome_value"].to_numpy())
    assert_allclose(row["slope_difference"], difference.slope, rtol=1e-10)
    assert_allclose(row["p_ratio"], ratio.pvalue, rtol=1e-8)
    assert_allclose(row["slope_ancova"], ancova[2], rtol=1e-8)
