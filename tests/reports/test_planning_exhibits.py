"""Specification curves, power, variance, predictions and agreement show what analysis left."""

import numpy as np
import polars as pl
import pytest

from reports.exhibits import agreements, planning, power, projections, specifications
from reports.figures.curve import specification_curve
from tests.reports.building import (
    FIT,
    GROUP,
    assert_nothing_overlaps,
    built,
    drawn,
    figure_of,
    lines_of,
    rows,
    segments,
)
from tests.reports.conftest import insert

QUESTION = {name: value for name, value in FIT.items() if name not in {"layer", "measure"}}


def specification(layer: str, gain: str, estimate: float) -> dict[str, object]:
    """Return a row of results.specifications."""
    return QUESTION | {
        "score": "auc",
        "layer": layer,
        "measure": "cka_linear",
        "gain": gain,
        "outliers": "kept",
        "method": "cluster_cr3",
        "rank": 1,
        "status": "fitted",
        "estimate": estimate,
        "ci_low": estimate - 0.3,
        "ci_high": estimate + 0.3,
        "level": 0.95,
        "p_value": 0.1,
        "n_runs": 15,
        "n_clusters": 3,
        "run_ids": ["r"],
    }


def add_specifications(con) -> None:
    """Insert three specifications of one question and their joint test."""
    each = [
        specification("conv1", "ratio", -0.1),
        specification("block4", "ratio", -0.9),
        specification("conv1", "difference", 0.2),
    ]
    insert(con, "results.specifications", rows(*each))
    test = QUESTION | {
        "score": "auc",
        "n_specifications": 3,
        "n_negative": 2,
        "median_slope": -0.1,
        "median_statistic": 1.0,
        "p_median": 0.4,
        "p_largest": 0.03,
        "n_clusters": 3,
        "n_draws": 8,
    }
    insert(con, "results.specification_tests", rows(test))


def test_a_specification_curve_rises_and_marks_the_choices_that_vary(con):
    add_specifications(con)
    (artefact,) = built(con, specifications.EXHIBIT)
    upper, lower = figure_of(artefact).axes
    clear = next(line for line in upper.lines if line.get_label() == "clear")
    np.testing.assert_allclose(drawn(clear), [[1, -0.9]])  # its interval leaves 0 out
    labels = [label.get_text() for label in lower.get_yticklabels()]
    assert labels == ["layer: conv1", "layer: block4", "gain: difference", "gain: ratio"]
    marks = {str(line.get_label()): drawn(line)[:, 0].tolist() for line in lower.lines}
    assert marks["layer: conv1"] == [2, 3]
    assert marks["gain: difference"] == [3]
    assert "2 of 3 slopes are negative" in artefact.caption
    assert "p = 0.400 (median), p = 0.030 (largest)" in artefact.caption


def test_infinite_intervals_run_to_the_edge():
    frame = pl.DataFrame(
        {
            "estimate": [0.0, 1.0],
            "ci_low": [None, 0.5],
            "ci_high": [float("inf"), 1.5],
            "gain": ["a", "b"],
        }
    )
    figure = specification_curve(frame, {"gain": ["a", "b"]}, y_label="slope")
    assert_nothing_overlaps(figure)
    assert np.isfinite(figure.axes[0].get_ylim()).all()


def test_intervals_of_slopes_that_are_alike_keep_their_ends():
    # Far from 0 and close together: what is cut must not depend on how far they are from 0.
    ends = {"ci_low": [-0.5, -0.52, -0.45], "ci_high": [-0.1, -0.05, -0.06]}
    frame = pl.DataFrame({"estimate": [-0.3, -0.28, -0.26], **ends, "gain": ["a", "a", "b"]})
    figure = specification_curve(frame, {"gain": ["a", "b"]}, y_label="slope")
    lines = [line for one in figure.axes[0].collections for line in segments(one)]
    np.testing.assert_allclose(sorted(line[0, 1] for line in lines), [-0.52, -0.5, -0.45])
    np.testing.assert_allclose(sorted(line[1, 1] for line in lines), [-0.1, -0.06, -0.05])


def detectable_effect() -> dict[str, object]:
    """Return a row of results.detectable_effects."""
    return GROUP | {
        "dataset": None,
        "first": "resnet50 / ImageNet / full / mean / linear",
        "second": "resnet50 / random / scratch / mean / linear",
        "method": "t_datasets",
        "std_error": 0.02,
        "df": 6.0,
        "power": 0.8,
        "minimal_effect": 0.0431,
        "wanted_effect": 0.01,
        "unit": "dataset",
        "n_units": 7,
        "n_units_needed": None,
    }


def test_power_says_what_could_have_been_found_and_what_would_be_needed(con):
    insert(con, "results.detectable_effects", rows(detectable_effect()))
    (artefact,) = built(con, planning.POWER)
    assert lines_of(artefact)[-1] == (
        "| ImageNet · full | random · scratch | 4.3 | 7 | – | dataset |"
    )


def component(name: str, share: float) -> dict[str, object]:
    """Return a row of results.variance_components."""
    shown = {name: value for name, value in GROUP.items() if name != "level"}
    return shown | {
        "network": "resnet50 / ImageNet / full / mean / linear",
        "component": name,
        "variance": 0.01,
        "sd": 0.1,
        "share": share,
        "n_levels": 7,
        "n_runs": 35,
        "run_ids": ["r"],
    }


def test_variance_is_shared_out_between_levels(con):
    insert(con, "results.variance_components", rows(component("dataset", 0.95)))
    (artefact,) = built(con, planning.VARIANCE)
    assert lines_of(artefact)[-1] == "| dataset | 10.00 | 95 | 7 | 35 |"


def projection() -> dict[str, object]:
    """Return a row of results.projections."""
    return FIT | {
        "outcome": "gain_ratio:auc",
        "status": "fitted",
        "n_datasets": 7,
        "mean_error": 0.389,
        "trivial_error": 0.341,
        "skill": -0.3014,
        "n_better": 3,
        "level": 0.9,
        "max_level": 0.75,
        "n_runs": 35,
        "run_ids": ["r"],
    }


def test_projections_say_whether_the_line_beats_the_mean(con):
    insert(con, "results.projections", rows(projection()))
    (artefact,) = built(con, projections.PROJECTIONS)
    assert lines_of(artefact)[-1] == "| conv1 | 0.389 | 0.341 | −0.30 | 3 | 7 |"


def projection_before(**values: object) -> dict[str, object]:
    """Return a row of results.projections_before."""
    left_out = {"layer", "token", "probe", "measure"}
    row = {name: value for name, value in projection().items() if name not in left_out}
    known = {
        "split": "test",
        "confidence_source": "knn",
        "token": "mean",
        "n_neighbours": 10,
        "score": "accuracy",
    }
    return row | known | values


def add_projections_before(con) -> None:
    """Insert three predictors of one network, and one of all networks."""
    logme = {"confidence_source": "head", "n_neighbours": 0, "score": "logme", "skill": 0.41}
    probe = {"confidence_source": "head", "n_neighbours": 0, "score": "linear_probe_auc"}
    pooled = {"backbone": "pooled", "pretraining": "pooled", "split": "source"}
    each = (projection_before(**values) for values in ({}, logme, probe, pooled))
    insert(con, "results.projections_before", rows(*each))


def test_what_is_known_before_is_named_and_pooled_networks_come_last(con):
    add_projections_before(con)
    (artefact,) = built(con, projections.BEFORE)
    found = [line.split("|")[1].strip() for line in lines_of(artefact)[2:]]
    assert found[0] == "*resnet50 · ImageNet, full*"
    assert set(found[1:4]) == {"10-NN, accuracy", "LogME", "linear probe, AUC"}
    assert found[4] == "*all networks, full*"
    assert found[5] == "10-NN, accuracy (source)"
    assert "| LogME | mean | 0.389 | 0.341 | 0.41 | 3 | 7 |" in lines_of(artefact)


def detectable_slope() -> dict[str, object]:
    """Return a row of results.detectable_slopes."""
    return FIT | {
        "outcome": "gain_ratio:auc",
        "n_datasets": 2,
        "mean_slope": -0.31,
        "sd": 0.12,
        "std_error": 0.085,
        "df": 1.0,
        "level": 0.95,
        "power": 0.8,
        "minimal_effect": 1.02,
        "minimal_effect_high": 16.3,
        "wanted_effect": 0.05,
        "wanted_power": 0.06,
        "n_datasets_needed": 48,
        "n_datasets_needed_high": None,
        "n_runs": 10,
        "run_ids": ["r"],
    }


def test_slope_power_says_how_many_datasets_a_slope_needs(con):
    insert(con, "results.detectable_slopes", rows(detectable_slope()))
    (artefact,) = built(con, planning.SLOPE_POWER)
    assert lines_of(artefact)[-1] == "| conv1 | −0.31 | 0.12 | 1.02 | 2 | 48 | – |"


def agreement() -> dict[str, object]:
    """Return a row of results.agreements."""
    return {
        "analysis_id": "a1",
        "origin": "juodelyte2023",
        "dataset": "breast",
        "first": "resnet50 / ImageNet / full / mean / linear",
        "second": "resnet50 / RadImageNet / full / mean / linear",
        "method": "nadeau_bengio",
        "observed": 0.823,
        "independent_one_model": 0.74,
        "excess": 0.083,
        "excess_low": -0.049,
        "excess_high": 0.216,
        "level": 0.95,
        "run_ids": ["r"],
    }


def test_agreement_shows_both_baselines(con):
    insert(con, "results.agreements", rows(agreement()))
    (artefact,) = built(con, agreements.EXHIBIT)
    assert lines_of(artefact)[-1] == "| breast | 82.3 | 74.0 | 8.3 [−4.9, 21.6] |"


def add_power_curves(con) -> None:
    """Insert what more datasets and folds would find."""
    row = GROUP | {
        "dataset": None,
        "first": "resnet50 / ImageNet / full / mean / linear",
        "second": "resnet50 / random / scratch / mean / linear",
        "n_datasets": 7,
        "n_folds": 5,
        "n_seeds": 1,
        "std_error": 0.02,
        "df": 6.0,
        "power": 0.8,
        "wanted_effect": 0.01,
    }
    designs = (("dataset", 5, 0.06, 0.1), ("dataset", 7, 0.05, 0.2), ("fold", 5, 0.05, 0.2))
    each = [
        row
        | {"unit": unit, "n_units": n, "minimal_effect": effect, "wanted_power": power}
        | {"is_current": (unit, n) != ("dataset", 5)}
        | {"n_units_needed": 120 if unit == "dataset" else None}
        for unit, n, effect, power in designs
    ]
    insert(con, "results.power_curves", rows(*each))


def test_power_curves_mark_the_runs_at_hand_and_what_the_wanted_difference_needs(con):
    add_power_curves(con)
    (artefact,) = built(con, power.EXHIBIT)
    effects, powers, _, _ = figure_of(artefact).axes
    curve, now, wanted = effects.lines
    np.testing.assert_allclose(drawn(curve), [[5, 6.0], [7, 5.0]])
    np.testing.assert_allclose(drawn(now), [[7, 5.0]])
    assert drawn(wanted)[0, 1] == pytest.approx(1.0)
    np.testing.assert_allclose(drawn(powers.lines[0]), [[5, 0.1], [7, 0.2]])
    assert drawn(powers.lines[2])[0, 1] == pytest.approx(0.8)
    printed = [axis.texts[0].get_text() for axis in figure_of(artefact).axes[::2]]
    assert printed == ["needs 120 datasets", "no number of folds is enough"]
