"""Who belongs to the similarity space of Zu et al., eq. 5, with every open choice named."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.drift.membership import membership, references
from analysis.drift.membership_probability import without_floor
from analysis.drift.similarity_space import membership_surface
from analysis.means.shares import share_intervals

SEEDS = {"fold": None, "n_folds": None, "n_train": None, "n_test": None}
TYPES = dict.fromkeys(SEEDS, pl.Int64)


@pytest.fixture
def points():
    """Five runs: similarity falls, score crosses the reference."""
    return pl.DataFrame(
        {
            "dataset": "knee",
            "run_id": list("abcde"),
            "similarity": [1.0, 0.8, 0.8, 0.5, 0.2],
            "outcome_value": [0.70, 0.80, 0.92, 0.88, 0.90],
            "reference_score": 0.90,
            **SEEDS,
        },
        schema_overrides=TYPES,
    )


def members(points, **options):
    return membership(points, by=["dataset"], **options)["n_members"].item()


def test_a_member_is_similar_and_close_in_score(points):
    assert members(points, eta=0.2, epsilon=0.1) == 2  # b and c: 0.8 >= 1 - 0.2, both within 0.1
    assert members(points, eta=0.2, epsilon=0.05) == 1
    assert members(points, eta=0.8, epsilon=0.2) == 5
    assert members(points, eta=0.0, epsilon=0.0) == 0


def test_a_better_run_is_excluded_by_eq_4_and_kept_by_the_shortfall(points):
    better = points.with_columns(outcome_value=pl.lit(0.99))
    assert members(better, eta=1.0, epsilon=0.05) == 0
    assert members(better, eta=1.0, epsilon=0.05, divergence="shortfall") == 5


def test_the_space_grows_with_eta_and_epsilon(points):
    grid = np.linspace(0, 1, 11)
    counts = np.array([[members(points, eta=e, epsilon=a) for a in grid] for e in grid])
    assert (np.diff(counts, axis=0) >= 0).all()
    assert (np.diff(counts, axis=1) >= 0).all()


def test_fraction_comes_with_its_exact_interval(points):
    row = membership(points, by=["dataset"], eta=0.2, epsilon=0.1).row(0, named=True)
    expected = proportion_confint(2, 5, 0.05, method="beta")
    assert row["fraction"] == 0.4
    assert_allclose([row["ci_low"], row["ci_high"]], expected, rtol=1e-9)
    assert row["run_ids"] == list("abcde")


@pytest.mark.parametrize(("members", "runs"), [(0, 7), (3, 10), (9, 9), (250, 1000)])
def test_interval_of_a_share_is_that_of_scipy(members, runs):
    theirs = stats.binomtest(members, runs).proportion_ci(0.9, method="exact")
    assert_allclose(share_intervals(members / runs, runs, level=0.9), theirs, rtol=1e-10)


@pytest.mark.parametrize("n", [3, 5, 20, 60])
def test_interval_of_a_share_covers_however_near_to_its_ends(n):
    counts = np.arange(n + 1)
    low, high = share_intervals(counts / n, n)
    for share in np.linspace(0.001, 0.999, 400):
        held = (low <= share) & (high >= share)
        assert stats.binom.pmf(counts, n, share)[held].sum() > 0.95 - 1e-9


@pytest.mark.parametrize(("share", "n"), [(-0.1, 5), (1.2, 5), (0.5, 0)])
def test_refuses_shares_out_of_range(share, n):
    with pytest.raises(ValueError, match="must lie in"):
        share_intervals(share, n)


def test_eta_is_corrected_for_what_unrelated_layers_have(points):
    # 0.8 is far from 1 where unrelated layers have 0.7: two thirds of the way.
    high = points.with_columns(similarity_floor=pl.lit(0.7))
    row = membership(high, by=["dataset"], eta=0.5, epsilon=0.2).row(0, named=True)
    assert row["eta_corrected"] == pytest.approx(0.15)
    assert (row["n_members"], row["n_members_corrected"]) == (4, 1)
    rescaled = without_floor(
        high.with_columns(similarity_low=pl.lit(None), similarity_high=pl.lit(None)).cast(
            {"similarity_low": pl.Float64, "similarity_high": pl.Float64}
        )
    )
    assert members(rescaled, eta=0.5, epsilon=0.2) == row["n_members_corrected"]
    assert row["fraction_corrected"] == 0.2


def test_a_floor_that_one_run_lacks_corrects_nothing(points):
    some = points.with_columns(similarity_floor=pl.Series([0.1, None, 0.1, 0.1, 0.1]))
    row = membership(some, by=["dataset"], eta=0.5, epsilon=0.2).row(0, named=True)
    assert [row[name] for name in ("noise_floor", "eta_corrected", "n_members_corrected")] == [
        None,
        None,
        None,
    ]
    assert row["n_members"] == 4


def two_datasets(floor):
    """Folds of two datasets whose similarity has a floor."""
    return pl.DataFrame(
        {
            "network": "n",
            "dataset": ["a", "a", "a", "b", "b", "b"],
            "fold": [1, 2, 3] * 2,
            "n_folds": 3,
            "n_train": 200,
            "n_test": 100,
            "seed": 0,
            "run_id": list("abcdef"),
            "similarity": [0.95, 0.8, 0.7, 0.9, 0.6, 0.7],
            "outcome_value": 0.9,
            "reference_score": [0.9, 0.93, 0.9, 0.9, 0.9, 0.9],
            "similarity_floor": floor,
            "similarity_low": None,
            "similarity_high": None,
        },
        schema_overrides={"similarity_low": pl.Float64, "similarity_high": pl.Float64},
    )


def test_the_corrected_surface_is_that_of_similarity_without_its_floor():
    points = two_datasets([0.5, 0.6, 0.4, 0.3, 0.2, 0.65])
    keys = ["scope", "dataset", "eta", "epsilon"]
    corrected = membership_surface(points, by=["network"])
    rescaled = membership_surface(without_floor(points), by=["network"])
    both = corrected.join(rescaled, on=keys, nulls_equal=True, suffix="_rescaled")
    assert len(both) == len(corrected) == 4 * 11 * 4
    assert_allclose(both["fraction_corrected"], both["fraction_rescaled"], rtol=1e-12)
    assert not both["fraction"].equals(both["fraction_corrected"])


def test_the_corrected_surface_agrees_with_the_corrected_count():
    points = two_datasets([0.5, 0.6, 0.4, 0.3, 0.2, 0.65])
    surface = membership_surface(points, by=["network"])
    for eta in (0.1, 0.4, 0.7):
        counts = membership(points, by=["dataset"], eta=eta, epsilon=0.05)
        rows = surface.filter(eta=eta, epsilon=0.05, scope="dataset").sort("dataset")
        assert_allclose(rows["fraction_corrected"], counts["fraction_corrected"], rtol=1e-12)


def test_a_floor_that_one_run_lacks_corrects_no_set_that_it_is_in():
    points = two_datasets([0.5, 0.6, 0.4, 0.3, None, 0.65])
    surface = membership_surface(points, by=["network"])
    known = surface.filter(pl.col("fraction_corrected").is_not_null())
    assert known.select("scope", "dataset").unique().rows() == [("dataset", "a")]
    assert (
        membership_surface(points.drop("similarity_floor"), by=["network"])["fraction_corrected"]
        .is_null()
        .all()
    )
    assert surface["fraction"].null_count() == 0


def scores():
    return pl.DataFrame(
        {
            "dataset": ["knee"] * 6,
            "pretraining": ["imagenet"] * 4 + ["random"] * 2,
            "adaptation": ["full", "full", "linear", "linear", "scratch", "scratch"],
            "n_blocks": None,
            "variant": "",
            "outcome_value": [0.9, 0.8, 0.6, 0.8, 0.5, 0.7],
        }
    )


@pytest.mark.parametrize(
    ("policy", "expected"), [("best", 0.85), ("linear", 0.7), ("scratch", 0.6)]
)
def test_reference_is_the_mean_that_the_policy_names(policy, expected):
    found = references(scores(), by=["dataset"], policy=policy)
    assert_allclose(found["reference_score"], [expected], rtol=1e-14)
    assert ("pretraining" in found.columns) == (policy == "linear")


def test_a_policy_without_runs_gives_no_reference():
    no_probe = scores().filter(pl.col("adaptation") != "linear")
    assert references(no_probe, by=["dataset"], policy="linear").is_empty()


@pytest.mark.parametrize(("eta", "epsilon"), [(-0.1, 0.1), (1.1, 0.1), (0.1, -0.1)])
def test_refuses(points, eta, epsilon):
    with pytest.raises(ValueError, match="must lie in"):
        membership(points, by=["dataset"], eta=eta, epsilon=epsilon)
