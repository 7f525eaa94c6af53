"""Errors by dataset and by network at once: against R, by definition, and keeping their level."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis.regression.crossed import FEW
from analysis.regression.stacking import Model
from analysis.regression.two_way import two_way_rows
from analysis.settings import Settings
from analysis.steps.slopes import crossed_rows_of_networks
from tests.analysis.crossed_designs import COLUMNS, DESIGNS, SHAPES, rejections
from tests.analysis.documented import documented_rates

REFERENCE = Path(__file__).parent / "reference"
TABLE = "| similarity varies | `crossed` |"
R_TERMS = {"(Intercept)": "intercept", "value": "similarity"}


@pytest.fixture(scope="module")
def points():
    frame = pl.read_csv(REFERENCE / "few_clusters_points.csv")
    return frame.rename({"value": "similarity", "outcome": "outcome_value"}).with_columns(
        run_id=pl.int_range(pl.len()).cast(pl.String), layer=pl.lit("conv1")
    )


def two_way(points):
    return two_way_rows(points, Model(), by=["layer"], network="network")


def test_agrees_with_r(points):
    """Numbers that R computed (few_clusters.R)."""
    rows = two_way(points)
    reference = pl.read_csv(REFERENCE / "few_clusters_expected.csv", comment_prefix="#")
    of_r = reference.filter(pl.col("method") == "two_way")
    assert len(of_r) == 8
    for row in of_r.iter_rows(named=True):
        ours = rows.filter(term=R_TERMS[row["term"]])[row["quantity"]].item()
        assert_allclose(ours, row["number"], rtol=1e-10, err_msg=str(row))
    assert set(rows["status"]) == {"fitted"}


def test_variance_adds_up_fits_without_a_dataset_and_without_a_network(points):
    def slope(frame):
        return np.polyfit(frame["similarity"], frame["outcome_value"], 1)[0]

    variance = 0.0
    for column in ("dataset", "network"):
        names = points[column].unique()
        changes = [slope(points.filter(pl.col(column) != name)) - slope(points) for name in names]
        variance += (len(names) - 1) / len(names) * np.sum(np.square(changes))
    found = two_way(points).filter(term="similarity")["std_error"].item()
    assert_allclose(found, np.sqrt(variance), rtol=1e-9)


def test_each_group_has_its_own_networks(points):
    other = points.filter(pl.col("network") != "d").with_columns(layer=pl.lit("conv2"))
    both = two_way(pl.concat([points, other]))
    for layer, frame in (("conv1", points), ("conv2", other)):
        mine = both.filter(layer=layer).drop("run_ids")
        assert mine.equals(two_way(frame).drop("run_ids"))


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
    rows = two_way(points.filter(kept))
    assert set(rows["status"]) == {"undefined"}
    assert rows["reason"][0].startswith(reason)
    assert rows["p_value"].null_count() == 2


def test_no_points_are_no_rows(points):
    assert two_way(points.head(0)).is_empty()


def test_an_analysis_pools_three_networks_and_adjusts_each_method_by_itself(points):
    names: dict[str, str | None] = {"origin": "repdrift", "study": "s", "backbone": "tiny"}
    names |= {"adaptation": "full", "n_blocks": None, "variant": ""}
    names |= {"pooling": "cls", "head": "linear", "n_test": None}
    names |= {"token": "cls", "probe": "source", "measure": "cka", "outcome": "knn_accuracy"}
    named = points.with_columns(
        *(pl.lit(value).alias(name) for name, value in names.items()), pretraining="network"
    )
    layers = pl.concat([named, named.with_columns(layer=pl.lit("conv2"))])
    rows = crossed_rows_of_networks(layers, Settings())
    assert set(rows["method"]) == {"crossed", "two_way"}
    assert set(rows["pretraining"]) == {"pooled"}
    assert rows["family_size"].to_list() == [2] * 4  # layers
    assert len(crossed_rows_of_networks(layers.filter(pl.col("network") < "c"), Settings())) == 0


@pytest.mark.parametrize("name", DESIGNS)
def test_keeps_its_level_where_networks_and_datasets_differ(name):
    trials, shape = 300, SHAPES[1]
    rejected = rejections(DESIGNS[name], shape, "two_way", trials=trials)
    assert rejected <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_finds_a_slope_that_networks_and_datasets_share():
    assert rejections(DESIGNS["within cells"], SHAPES[2], "two_way", trials=100, slope=0.5) > 0.8


def test_every_design_is_documented():
    assert list(documented_rates(TABLE)) == list(DESIGNS)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_documented_rates_are_those_of_the_designs(name):
    for (method, slope), cells in zip(COLUMNS, documented_rates(TABLE)[name], strict=True):
        for shape, cell in zip(SHAPES, cells, strict=True):
            rate = rejections(DESIGNS[name], shape, method, trials=1000, slope=slope)
            assert cell == pytest.approx(100 * rate, abs=0.15), (method, shape)
