"""The model with datasets and networks crossed agrees with lmerTest, and says when it cannot."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis.regression.crossed import FEW, ONE_WAY, crossed_rows
from analysis.regression.fits import FALLBACK, regress
from analysis.regression.stacking import Model
from tests.analysis.crossed_designs import DESIGNS, SHAPES, rejections

REFERENCE = Path(__file__).parent / "reference"
R_TERMS = {"(Intercept)": "intercept", "value": "similarity"}


@pytest.fixture(scope="module")
def points():
    frame = pl.read_csv(REFERENCE / "few_clusters_points.csv")
    return frame.rename({"value": "similarity", "outcome": "outcome_value"}).with_columns(
        run_id=pl.int_range(pl.len()).cast(pl.String), layer=pl.lit("conv1")
    )


def crossed(points, **options):
    return crossed_rows(points, Model(), by=["layer"], network="network", **options)


def test_agrees_with_lmertest(points):
    """Numbers that R computed (few_clusters.R)."""
    rows = crossed(points)
    reference = pl.read_csv(REFERENCE / "few_clusters_expected.csv", comment_prefix="#")
    of_r = reference.filter(pl.col("method") == "crossed", pl.col("term") != "all")
    assert len(of_r) == 8
    for row in of_r.iter_rows(named=True):
        ours = rows.filter(term=R_TERMS[row["term"]])[row["quantity"]].item()
        # Both optimise and differentiate numerically.
        rtol = 1e-4 if row["quantity"] in {"df", "p_value"} else 1e-6
        assert_allclose(ours, row["number"], rtol=rtol, err_msg=str(row))
    assert set(rows["status"]) == {"fitted"}
    assert rows["reason"].null_count() == 2


def test_names_its_runs_as_they_are_named(points):
    (first, _) = crossed(points)["run_ids"].to_list()
    assert sorted(first, key=int) == points["run_id"].to_list()


def test_networks_that_do_not_differ_leave_a_random_intercept_per_dataset(points):
    outcome = pl.col("outcome_value") - pl.col("outcome_value").mean().over("network")
    alike = points.with_columns(
        outcome_value=outcome,
        similarity=pl.col("similarity") - pl.col("similarity").mean().over("network"),
    )
    rows = crossed(alike)
    assert set(rows["reason"]) == {ONE_WAY}
    mixed = regress(alike, Model(), by=["layer"], methods=["mixed"])
    for quantity in ("estimate", "std_error", "df"):
        assert_allclose(rows[quantity], mixed[quantity], rtol=1e-4)


def test_datasets_that_do_not_differ_fall_back_on_errors_by_dataset(points):
    columns = ("outcome_value", "similarity")
    alike = points.with_columns(pl.col(c) - pl.col(c).mean().over("dataset") for c in columns)
    rows = crossed(alike)
    by_dataset = regress(alike, Model(), by=["layer"], methods=["cluster_cr3"])
    assert set(rows["reason"]) == {FALLBACK}
    slope, expected = (found.filter(term="similarity") for found in (rows, by_dataset))
    for quantity in ("estimate", "std_error", "df", "p_value"):
        assert_allclose(slope[quantity], expected[quantity], rtol=1e-12)


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (pl.col("network").is_in(["a", "b"]), FEW),
        (pl.col("dataset") == "A", "one cluster"),
        (pl.col("run_id").is_in(["0", "1"]), "2 runs are too few"),
    ],
    ids=["two networks", "one dataset", "two runs"],
)
def test_undefined_is_a_reason(points, kept, reason):
    rows = crossed(points.filter(kept))
    assert set(rows["status"]) == {"undefined"}
    assert rows["reason"][0].startswith(reason)
    assert rows["estimate"].null_count() == 2


def test_keeps_its_level_where_datasets_and_networks_only_shift():
    trials = 150
    rejected = rejections(DESIGNS["everywhere"], SHAPES[1], "crossed", trials=trials)
    assert rejected == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / trials))


def test_takes_slopes_that_differ_for_a_slope_as_documented():
    design = DESIGNS["everywhere, slopes of networks"]
    assert rejections(design, SHAPES[1], "crossed", trials=60) > 0.25
