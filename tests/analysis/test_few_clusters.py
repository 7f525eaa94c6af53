"""Errors for few datasets agree with clubSandwich, pyfixest and wildboottest, for slopes too.

The points are seven datasets, one of them with a single fold, and four networks.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis.regression.fits import regress
from analysis.regression.slope_differences import slope_differences
from analysis.regression.stacking import Model

REFERENCE = Path(__file__).parent / "reference"
R_TERMS = {"(Intercept)": "intercept", "value": "similarity", "between": "similarity"}


@pytest.fixture(scope="module")
def points():
    frame = pl.read_csv(REFERENCE / "few_clusters_points.csv")
    return frame.rename({"value": "similarity", "outcome": "outcome_value"}).with_columns(
        run_id=pl.int_range(pl.len()).cast(pl.String), layer=pl.lit("conv1")
    )


@pytest.fixture(scope="module")
def of_r():
    """Numbers that R computed (few_clusters.R)."""
    return pl.read_csv(REFERENCE / "few_clusters_expected.csv", comment_prefix="#")


@pytest.fixture(scope="module")
def of_peers():
    """Numbers that pyfixest computed (wild_peers.py)."""
    return pl.read_csv(REFERENCE / "wild_expected.csv", comment_prefix="#")


def number(reference, **where):
    found = reference.filter(*(pl.col(name) == value for name, value in where.items()))
    return found["number"].item()


def pair_of_networks(points):
    """Return the difference of the slopes of networks a and b, by every method."""
    two = points.filter(pl.col("network").is_in(["a", "b"]))
    return slope_differences(two, Model(), by=["layer"], between="network")


@pytest.mark.parametrize("model", ["line", "between"])
def test_cr2_agrees_with_clubsandwich(points, of_r, model):
    if model == "between":
        points = points.with_columns(pl.col("similarity").mean().over("dataset"))
    rows = regress(points, Model(), by=["layer"], methods=["cluster_cr2"])
    expected = of_r.filter(pl.col("model") == model, pl.col("method") == "cluster_cr2")
    assert len(expected) == 8
    for row in expected.iter_rows(named=True):
        ours = rows.filter(term=R_TERMS[row["term"]])[row["quantity"]].item()
        assert_allclose(ours, row["number"], rtol=1e-9, err_msg=str(row))


def test_cr2_of_a_difference_of_slopes_agrees_with_clubsandwich(points, of_r):
    row = pair_of_networks(points).filter(method="cluster_cr2").row(0, named=True)
    where = {"model": "difference", "term": "I(is_second * value)"}
    for quantity in ("estimate", "std_error", "df", "p_value"):
        expected = number(of_r, **where, method="cluster_cr2", quantity=quantity)
        assert_allclose(row[quantity], expected, rtol=1e-9)


def test_wild_bootstrap_and_cr3_agree_with_pyfixest(points, of_peers):
    line = regress(points, Model(), by=["layer"]).filter(term="similarity")
    for model, rows in (("line", line), ("difference", pair_of_networks(points))):
        wild = rows.filter(method="wild_cluster").row(0, named=True)
        where = {"model": model, "method": "wild_cluster"}
        # They count the sign vectors with a larger t, so that rounding decides whether the one
        # seen and its mirror image, whose t is the same, are among them. Here they always are.
        theirs = number(of_peers, **where, quantity="p_value")
        missing = (wild["p_value"] - theirs) * 2**7
        assert missing == pytest.approx(0, abs=1e-9) or missing == pytest.approx(2, abs=1e-9)
        statistic = number(of_peers, **where, quantity="statistic")
        assert_allclose(wild["statistic"], statistic, rtol=1e-9)
        # Their jackknife has G / (G - 1) (n - 1) / (n - k) in front, ours (G - 1) / G as in the
        # paper of MacKinnon, Nielsen and Webb.
        jackknife = rows.filter(method="cluster_cr3").row(0, named=True)
        n, k = jackknife["n_runs"], 2 if model == "line" else 4
        larger = np.sqrt((7 / 6) ** 2 * (n - 1) / (n - k))
        theirs = number(of_peers, model=model, quantity="std_error")
        assert_allclose(jackknife["std_error"] * larger, theirs, rtol=1e-9)


def test_cr2_knows_how_many_datasets_carry_a_slope(points):
    # A similarity that varies within datasets is carried by all of them, one that is the same for
    # the runs of a dataset by fewer; seven clusters have at most six degrees of freedom.
    centred = pl.col("similarity") - pl.col("similarity").mean().over("dataset")
    within, between = (
        regress(points.with_columns(similarity=x), Model(), by=["layer"], methods=["cluster_cr2"])
        for x in (centred, pl.col("similarity").mean().over("dataset"))
    )
    slopes = (rows.filter(term="similarity")["df"].item() for rows in (between, within))
    df_between, df_within = slopes
    assert df_between < df_within < 6


def test_cr2_is_unbiased_for_independent_runs(rng):
    # By definition: with equal variances its expectation is the variance of the coefficient.
    x = np.repeat(rng.normal(size=6), 4) + 0.3 * rng.normal(size=24)
    noise = rng.normal(size=(4000, 24))
    points = pl.DataFrame(
        {
            "trial": np.repeat(np.arange(4000), 24),
            "dataset": np.tile(np.repeat(list("abcdef"), 4), 4000),
            "run_id": np.tile(np.arange(24).astype(str), 4000),
            "similarity": np.tile(x, 4000),
            "outcome_value": noise.ravel(),
        }
    )
    rows = regress(points, Model(), by=["trial"], methods=["cluster_cr2", "cluster_cr1"])
    slopes = rows.filter(term="similarity")
    true = 1 / ((x - x.mean()) ** 2).sum()
    cr1, cr2 = (
        slopes.filter(method=f"cluster_{name}")["std_error"].to_numpy() ** 2
        for name in ("cr1", "cr2")
    )
    error = cr2.std() / np.sqrt(4000)
    assert cr2.mean() == pytest.approx(true, abs=4 * error)
    assert cr1.mean() < true - 4 * error
