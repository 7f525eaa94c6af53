"""The mixed model agrees with lme4, keeps its size, and never hides a failed fit."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from analysis.regression.fits import FALLBACK, regress
from analysis.regression.mixed import fit_random_intercept, group_moments
from analysis.regression.stacking import Model, stack

REFERENCE = Path(__file__).parent / "reference"
R_TERMS = {"(Intercept)": "intercept", "value": "similarity", "control": "control"}
MODELS = {"line": (), "control": ("control",)}


@pytest.fixture(scope="module")
def points():
    frame = pl.read_csv(REFERENCE / "regression_points.csv")
    return frame.rename({"value": "similarity", "outcome": "outcome_value"}).with_columns(
        run_id=pl.int_range(pl.len()).cast(pl.String), layer=pl.lit("conv1")
    )


@pytest.fixture(scope="module")
def expected():
    return pl.read_csv(REFERENCE / "mixed_expected.csv", comment_prefix="#")


@pytest.mark.parametrize("method", ["mixed", "mixed_cr2"])
@pytest.mark.parametrize("model", MODELS)
def test_agrees_with_lme4_and_satterthwaite(points, expected, model, method):
    """Numbers of lmerTest, and of clubSandwich on the same fit (mixed.R)."""
    rows = regress(points, Model(controls=MODELS[model]), by=["layer"], methods=[method])
    of_r = expected.filter(
        pl.col("model") == model, pl.col("method") == method, pl.col("term") != "all"
    )
    assert len(of_r) == 4 * (2 + len(MODELS[model]))
    for r_row in of_r.iter_rows(named=True):
        ours = rows.filter(pl.col("term") == R_TERMS[r_row["term"]])[r_row["quantity"]].item()
        # Both optimise and differentiate numerically: degrees of freedom agree to six digits.
        rtol = 1e-5 if r_row["quantity"] in {"df", "p_value"} else 1e-7
        assert_allclose(ours, r_row["number"], rtol=rtol, err_msg=str(r_row))


@pytest.mark.parametrize("model", MODELS)
def test_variances_agree_with_lme4(points, expected, model):
    fit = fit_random_intercept(
        group_moments(stack(points, Model(controls=MODELS[model]), ["layer"]), 0)
    )
    for name in ("variance_between", "variance_within"):
        of_r = expected.filter(pl.col("model") == model, pl.col("quantity") == name)
        # lme4 stops where the deviance is flat to 1e-12, which leaves its square root here.
        assert_allclose(getattr(fit, name), of_r["number"].item(), rtol=1e-6)


def test_errors_by_dataset_leave_the_estimate_of_the_model(points):
    rows = regress(points, Model(), by=["layer"], methods=["mixed", "mixed_cr2"])
    mixed, by_dataset = (rows.filter(method=method) for method in ("mixed", "mixed_cr2"))
    assert_allclose(by_dataset["estimate"], mixed["estimate"], rtol=1e-9)


def test_coefficients_agree_with_statsmodels(points):
    design = sm.add_constant(points["similarity"].to_numpy())
    groups = points["dataset"].to_numpy()
    theirs = sm.MixedLM(points["outcome_value"].to_numpy(), design, groups).fit(reml=True)
    rows = regress(points, Model(), by=["layer"], methods=["mixed"]).sort("term")
    # Their optimiser stops early: lme4, above, agrees to 1e-7.
    assert_allclose(rows["estimate"], theirs.params[:2], rtol=1e-4)


def balanced(rng, *, between):
    """Return four datasets of ten runs, the predictor constant within each of them."""
    dataset = np.repeat(list("abcd"), 10)
    similarity = np.repeat([0.2, 0.4, 0.6, 0.8], 10)
    noise = rng.normal(size=(4, 10))
    noise -= noise.mean(axis=1, keepdims=True)
    outcome = 0.5 * similarity + noise.ravel() + np.repeat(between * np.array([1, -1, -1, 1]), 10)
    return pl.DataFrame(
        {
            "layer": "a",
            "dataset": dataset,
            "run_id": [str(i) for i in range(40)],
            "similarity": similarity,
            "outcome_value": outcome,
        }
    )


def test_without_variance_between_datasets_errors_by_dataset_are_those_of_least_squares(rng):
    points = balanced(rng, between=0.0)
    rows = regress(points, Model(), by=["layer"], methods=["mixed_cr2", "cluster_cr2"])
    mixed, plain = (rows.filter(method=method) for method in ("mixed_cr2", "cluster_cr2"))
    for quantity in ("estimate", "std_error", "df", "p_value"):
        assert_allclose(mixed[quantity], plain[quantity], rtol=1e-12)


def test_without_variance_between_datasets_falls_back_and_says_so(rng):
    points = balanced(rng, between=0.0)
    mixed, cr3 = (
        regress(points, Model(), by=["layer"], methods=[method]).sort("term")
        for method in ("mixed", "cluster_cr3")
    )
    assert set(mixed["status"]) == {"fitted"}
    assert set(mixed["reason"]) == {FALLBACK}
    numbers = ["estimate", "std_error", "df", "p_value"]
    assert_allclose(mixed.select(numbers), cr3.select(numbers), rtol=1e-12)


def test_an_effect_between_datasets_is_found_where_their_variance_is_zero(rng):
    # The case of statsmodels issue 10239: the effect lies between groups, the variance between
    # groups is estimated as 0, and an effect of exactly 0 would be a silent failure.
    slope = regress(balanced(rng, between=0.0), Model(), by=["layer"], methods=["mixed"])
    assert_allclose(slope.filter(pl.col("term") == "similarity")["estimate"], [0.5], rtol=1e-10)


def test_with_variance_between_datasets_does_not_fall_back(rng):
    rows = regress(balanced(rng, between=2.0), Model(), by=["layer"], methods=["mixed"])
    assert set(rows["reason"]) == {None}


def test_one_dataset_is_undefined(points):
    rows = regress(
        points.with_columns(dataset=pl.lit("knee")), Model(), by=["layer"], methods=["mixed"]
    )
    assert set(rows["status"]) == {"undefined"}


def test_keeps_its_size_with_seven_datasets(rng):
    trials = 400
    shape = (trials, 7, 5)
    similarity = rng.normal(size=(trials, 7, 1)) + 0.3 * rng.normal(size=shape)
    outcome = rng.normal(size=(trials, 7, 1)) + 0.5 * rng.normal(size=shape)
    points = pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), 35),
            "dataset": np.tile(np.repeat(np.arange(7), 5), trials),
            "run_id": np.arange(trials * 35).astype(str),
            "similarity": similarity.ravel(),
            "outcome_value": outcome.ravel(),
        }
    )
    rows = regress(points, Model(), by=["trial"], methods=["mixed"])
    p_values = rows.filter(pl.col("term") == "similarity")["p_value"].to_numpy()
    assert 0.02 < np.mean(p_values < 0.05) < 0.09
