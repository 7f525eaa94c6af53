"""Regressions agree with R and statsmodels, keep their size, and say why they have no number."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from analysis.regression.fits import METHODS, regress
from analysis.regression.stacking import Model

REFERENCE = Path(__file__).parent / "reference"
R_TERMS = {"(Intercept)": "intercept", "value": "similarity", "control": "control"}
MODELS = {"line": (), "control": ("control",)}


@pytest.fixture(scope="module")
def points():
    """35 points in 7 clusters, as R drew them."""
    frame = pl.read_csv(REFERENCE / "regression_points.csv")
    return frame.rename({"value": "similarity", "outcome": "outcome_value"}).with_columns(
        run_id=pl.int_range(pl.len()).cast(pl.String), layer=pl.lit("conv1")
    )


@pytest.fixture(scope="module")
def expected():
    """Numbers that R computed (regression.R)."""
    return pl.read_csv(REFERENCE / "regression_expected.csv", comment_prefix="#")


def one(rows, **where):
    found = rows.filter(*(pl.col(name) == value for name, value in where.items()))
    assert len(found) == 1, where
    return found.row(0, named=True)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("method", ["ols", "hc3", "cluster_cr1", "cluster_cr3"])
def test_agrees_with_r(points, expected, model, method):
    rows = regress(points, Model(controls=MODELS[model]), by=["layer"], level=0.9)
    of_r = expected.filter(
        pl.col("model") == model, pl.col("method") == method, pl.col("term") != "all"
    )
    assert len(of_r) == 6 * (2 + len(MODELS[model]))
    for r_row in of_r.iter_rows(named=True):
        ours = one(rows, method=method, term=R_TERMS[r_row["term"]])
        assert_allclose(ours[r_row["quantity"]], r_row["number"], rtol=1e-10)
    r_squared = one(expected, model=model, term="all")["number"]
    assert_allclose(rows["r_squared"], r_squared, rtol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_wild_bootstrap_agrees_with_r_over_all_sign_vectors(points, expected, model):
    rows = regress(points, Model(controls=MODELS[model]), by=["layer"], methods=["wild_cluster"])
    of_r = one(expected, model=model, method="wild_cluster", quantity="p_value")["number"]
    assert rows["term"].to_list() == ["similarity"]
    assert_allclose(rows["p_value"].item(), of_r, rtol=1e-12)


def test_agrees_with_statsmodels_in_every_group(rng):
    points = pl.DataFrame(
        {
            "layer": np.repeat([f"layer{i:02}" for i in range(20)], 30),
            "dataset": np.tile(np.repeat(list("abcdef"), 5), 20),
            "run_id": [str(i) for i in range(600)],
            "similarity": rng.normal(size=600),
            "outcome_value": rng.normal(size=600),
        }
    )
    rows = regress(points, Model(), by=["layer"], methods=["ols", "hc3", "cluster_cr1"])
    for (layer,), group in points.group_by("layer"):
        model = sm.OLS(
            group["outcome_value"].to_numpy(), sm.add_constant(group["similarity"].to_numpy())
        )
        codes = group["dataset"].cast(pl.Categorical).to_physical().to_numpy()
        fits = {
            "ols": model.fit(),
            "hc3": model.fit(cov_type="HC3", use_t=True),
            "cluster_cr1": model.fit(
                cov_type="cluster", cov_kwds={"groups": codes, "df_correction": True}, use_t=True
            ),
        }
        for method, fit in fits.items():
            ours = one(rows, layer=layer, method=method, term="similarity")
            assert_allclose(ours["estimate"], fit.params[1], rtol=1e-10)
            assert_allclose(ours["std_error"], fit.bse[1], rtol=1e-10)
            assert_allclose(ours["p_value"], fit.pvalues[1], rtol=1e-9)


def test_does_not_depend_on_the_order_of_rows(points):
    in_order = regress(points, Model(), by=["layer"])
    shuffled = regress(points.sample(fraction=1.0, shuffle=True, seed=1), Model(), by=["layer"])
    assert in_order.equals(shuffled)


def test_rows_without_a_value_are_left_out_and_counted_so(points):
    holes = points.with_columns(
        outcome_value=pl.when(pl.int_range(pl.len()) > 4).then("outcome_value")
    )
    rows = regress(holes, Model(), by=["layer"])
    assert set(rows["n_runs"]) == {30}
    assert rows["run_ids"].list.len().unique().to_list() == [30]


VALUE, DATASET = pl.col("similarity"), pl.col("dataset")
CONSTANT, EMPTY_REST = "the predictor is constant", "without one of the clusters there is no fit"
UNDEFINED = {
    "constant": ("ols", CONSTANT, {"similarity": pl.lit(1.0)}),
    "constant but for rounding": ("ols", CONSTANT, {"similarity": 1.0 + 1e-8 * VALUE}),
    "constant outcome": ("ols", "the outcome is constant", {"outcome_value": pl.lit(0.0)}),
    "exact": ("ols", "the fit is exact", {"outcome_value": 3 * VALUE - 1}),
    "one cluster": ("cluster_cr1", "one cluster", {"dataset": pl.lit("knee")}),
    "one cluster, wild": ("wild_cluster", "one cluster", {"dataset": pl.lit("knee")}),
    "one cluster varies": (
        "cluster_cr3",
        EMPTY_REST,
        {"similarity": pl.when(DATASET == "a").then(VALUE).otherwise(0.5)},
    ),
    "one run varies": (
        "hc3",
        "a run has leverage 1",
        {"similarity": (pl.int_range(pl.len()) == 7).cast(pl.Float64)},
    ),
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_an_undefined_cell_says_why_and_holds_no_number(points, case):
    method, reason, change = UNDEFINED[case]
    rows = regress(points.with_columns(**change), Model(), by=["layer"], methods=[method])
    assert set(rows["status"]) == {"undefined"}
    assert all(text.startswith(reason) for text in rows["reason"])
    assert rows["p_value"].null_count() == rows["estimate"].null_count() == len(rows)


def test_two_runs_are_too_few(points):
    rows = regress(points.head(2), Model(), by=["layer"], methods=["ols"])
    assert set(rows["reason"]) == {"2 runs are too few for 2 coefficients"}


def test_a_defined_cell_is_untouched_by_an_undefined_one_beside_it(points):
    flat = points.with_columns(layer=pl.lit("block4"), similarity=pl.lit(1.0))
    alone = regress(points, Model(), by=["layer"])
    beside = regress(pl.concat([points, flat]), Model(), by=["layer"])
    assert beside.filter(pl.col("layer") == "conv1").equals(alone)
    assert set(beside.filter(pl.col("layer") == "block4")["status"]) == {"undefined"}


def test_no_points_give_no_rows(points):
    assert regress(points.head(0), Model(), by=["layer"]).is_empty()


@pytest.mark.parametrize(
    ("change", "methods", "message"),
    [
        (lambda p: p, ["olss"], "unknown methods"),
        (
            lambda p: p.with_columns(similarity=pl.lit(float("nan"))),
            ["ols"],
            "must be finite",
        ),
    ],
)
def test_refuses(points, change, methods, message):
    with pytest.raises(ValueError, match=message):
        regress(change(points), Model(), by=["layer"], methods=methods)


def simulated(rng, *, trials, clusters, per_cluster, slope):
    """Points whose predictor and error both have a part that the cluster shares."""
    shape = (trials, clusters, per_cluster)
    shared_x, shared_error = rng.normal(size=(2, trials, clusters, 1))
    value = shared_x + 0.3 * rng.normal(size=shape)
    outcome = slope * value + shared_error + 0.3 * rng.normal(size=shape)
    return pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), clusters * per_cluster),
            "dataset": np.tile(np.repeat(np.arange(clusters), per_cluster), trials),
            "run_id": np.arange(value.size).astype(str),
            "similarity": value.ravel(),
            "outcome_value": outcome.ravel(),
        }
    )


@pytest.fixture(scope="module")
def null_rejections():
    """Share of simulated true nulls rejected at 5 %, by method: 7 clusters of 5, as in Fig. 6."""
    rng = np.random.default_rng(7)
    points = simulated(rng, trials=2000, clusters=7, per_cluster=5, slope=0.0)
    rows = regress(points, Model(), by=["trial"])
    slopes = rows.filter(pl.col("term") == "similarity")
    rejected = slopes.group_by("method").agg((pl.col("p_value") <= 0.05).mean())
    return dict(rejected.iter_rows())


@pytest.mark.parametrize("method", ["ols", "hc3"])
def test_independent_errors_reject_a_true_null_far_too_often_in_clustered_data(
    null_rejections, method
):
    assert null_rejections[method] > 0.35


def test_cr3_is_nearer_to_its_size_than_cr1_with_seven_clusters(null_rejections):
    assert 0.07 < null_rejections["cluster_cr1"] < 0.16
    assert 0.02 < null_rejections["cluster_cr3"] < 0.08


def test_wild_bootstrap_and_mixed_model_keep_their_size_with_seven_clusters(null_rejections):
    assert 0.03 < null_rejections["wild_cluster"] < 0.07
    assert 0.03 < null_rejections["mixed"] < 0.07


def test_documented_rates_are_those_of_the_simulation(null_rejections):
    text = (Path(__file__).parents[2] / "docs" / "analysis.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"\| `(\w+)` \| ([\d.]+) % \|", text))
    assert set(documented) == set(METHODS)
    for method, rate in documented.items():
        assert float(rate) == pytest.approx(100 * null_rejections[method], abs=0.1)


@pytest.mark.parametrize("method", ["cluster_cr3", "wild_cluster"])
def test_intervals_cover_a_known_slope(rng, method):
    points = simulated(rng, trials=300, clusters=10, per_cluster=4, slope=0.8)
    rows = regress(points, Model(), by=["trial"], methods=[method])
    slopes = rows.filter(pl.col("term") == "similarity")
    covered = ((slopes["ci_low"] <= 0.8) & (slopes["ci_high"] >= 0.8)).mean()
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 300))
