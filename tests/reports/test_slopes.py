"""Slopes beside what could mislead: bins, one dataset, the definition of gain, another network."""

import numpy as np
import polars as pl
import pytest

from analysis.regression.decomposition import within_and_between
from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from reports.exhibits import bins, equivalences, rigour, robustness
from reports.exhibits.exhibit import Artefact
from reports.figures.binned import binned_statistics
from reports.store import read
from reports.tables.model import Table
from tests.reports.building import FIT, built, drawn, figure_of, lines_of, rows
from tests.reports.conftest import insert


def add_bins(con) -> None:
    """Insert a fit on two bins of fifteen runs."""
    points = read(con, "similarity_by_outcome").filter(
        layer="conv1", pretraining="ImageNet", adaptation="full", outcome="gain_ratio:auc"
    )
    fit = FIT | {
        "outcome": "gain_ratio:auc",
        "n_bins": 2,
        "n_outliers": 0,
        "bin_counts": [9, 6],
        "bin_similarities": [0.85, 0.95],
        "bin_outcomes": [0.3, 0.4],
        "slope": 0.2,
        "r_squared": 0.05,
        "binned_slope": 1.0,
        "binned_r_squared": 0.9,
        "inflation": 18.0,
        "null_r_squared": 0.4,
        "null_r_squared_high": 0.95,
        "p_value": 0.07,
        "n_runs": len(points),
        "run_ids": points["run_id"].to_list(),
    }
    insert(con, "results.binned_fits", rows(fit))


def test_bin_means_stand_beside_the_runs_and_both_r_squared(con):
    add_bins(con)
    (artefact,) = built(con, bins.EXHIBIT)
    axis = figure_of(artefact).axes[0]
    run = next(line for line in axis.lines if line.get_label() == "run")
    assert len(drawn(run)) == 15
    np.testing.assert_allclose(np.asarray(axis.collections[0].get_offsets())[:, 1], [0.3, 0.4])
    printed = "\n".join(text.get_text() for text in axis.texts)
    assert "runs: slope 0.20, R² 0.05" in printed
    assert "bins: slope 1.0, R² 0.90" in printed
    assert "inflation: 18 times" in printed
    assert "Inflation: R² of bin means divided by R² of runs." in artefact.caption
    assert "by chance: R² 0.40" in printed


@pytest.mark.parametrize(
    ("stored", "printed"), [(1.234, "1.2"), (0.0123, "0.012"), (96238.1, "> 1000"), (None, "–")]
)
def test_inflation_without_a_number_is_a_dash_and_a_huge_one_has_no_false_digits(stored, printed):
    names = ("slope", "r_squared", "binned_slope", "binned_r_squared", "null_r_squared", "p_value")
    fit = dict.fromkeys(names, 0.5) | {"n_runs": 15}
    fit |= {} if stored is None else {"inflation": stored}
    assert f"inflation: {printed} times" in binned_statistics(fit)


def influence(left_out: str, share: float) -> dict[str, object]:
    """Return a row of results.influences."""
    return FIT | {
        "outcome": "gain_ratio:auc",
        "left_out": left_out,
        "slope": -1.0,
        "slope_without": -1.0 + share,
        "share": share,
        "changes_sign": share > 1,
        "n_runs": 15,
    }


def test_the_dataset_that_moves_a_slope_most_is_named(con):
    insert(con, "results.influences", rows(influence("breast", -0.2), influence("chest", 1.5)))
    (artefact,) = built(con, robustness.INFLUENCES)
    assert lines_of(artefact)[3] == "| conv1 | −1.000 | chest | 0.500 | yes |"


def gain_definition() -> dict[str, object]:
    """Return a row of results.gain_definitions."""
    return FIT | {
        "score": "auc",
        "method": "cluster_cr3",
        "slope_difference": -0.5,
        "p_difference": 0.2,
        "slope_ratio": -1.5,
        "p_ratio": 0.01,
        "slope_ancova": 0.1,
        "p_ancova": 0.9,
        "scratch_similarity_correlation": 0.6,
        "slope_denominator": -0.4,
        "p_denominator": 0.01,
        "alarm": True,
        "level": 0.95,
        "n_clusters": 3,
        "n_runs": 15,
        "run_ids": ["r"],
    }


def test_three_definitions_of_gain_stand_side_by_side(con):
    insert(con, "results.gain_definitions", rows(gain_definition()))
    (artefact,) = built(con, robustness.GAINS)
    assert lines_of(artefact)[3] == (
        "| conv1 | −0.500 | 0.200 | −1.500 | 0.010 | 0.100 | 0.900 | −0.400 | 0.010 | yes |"
    )


def slope_difference() -> dict[str, object]:
    """Return a row of results.slope_differences."""
    return {name: value for name, value in FIT.items() if name != "pretraining"} | {
        "outcome": "gain_ratio:auc",
        "first": "ImageNet",
        "second": "RadImageNet",
        "method": "cluster_cr3",
        "status": "fitted",
        "estimate": -1.4,
        "ci_low": -5.0,
        "ci_high": 2.0,
        "level": 0.95,
        "p_value": 0.4,
        "family": "adaptation=full, method=cluster_cr3",
        "family_size": 5,
        "p_adjusted": 1.0,
        "n_runs": 30,
        "n_clusters": 3,
        "run_ids": ["r"],
    }


def test_differences_of_slopes_say_which_network_is_subtracted(con):
    insert(con, "results.slope_differences", rows(slope_difference()))
    (artefact,) = built(con, robustness.DIFFERENCES)
    lines = lines_of(artefact)
    assert lines[2].startswith("| *resnet50, full: RadImageNet − ImageNet* |")
    assert "| −1.400 [−5.000, 2.000] | 0.400 | 1.000 | 30 | 3 |" in lines[3]
    assert notes_of(artefact)[-1] == (
        "Holm: the p-value left of it, adjusted among all pairs of networks and layers with the "
        "same adaptation, head and inference (5 tests; the CSV names the family)."
    )


def notes_of(artefact: Artefact) -> tuple[str, ...]:
    """Return the notes below a table."""
    assert isinstance(artefact.content, Table)
    return artefact.content.notes


def slope_equivalence(**values: object) -> dict[str, object]:
    """Return a row of results.slope_equivalences."""
    return (
        FIT
        | {
            "outcome": "gain_ratio:auc",
            "method": "cluster_cr3",
            "status": "fitted",
            "estimate": 0.01,
            "ci_low": -0.02,
            "ci_high": 0.04,
            "level": 0.95,
            "margin": 0.05,
            "p_value": 0.004,
            "family": "adaptation=full, method=cluster_cr3",
            "family_size": 3,
            "p_adjusted": 0.012,
            "p_within": 0.97,
            "verdict": "supported",
            "n_runs": 30,
            "n_clusters": 6,
            "run_ids": ["r"],
        }
        | values
    )


def test_slopes_shown_to_be_small_are_by_dataset_where_there_are_several(con):
    ols = slope_equivalence(method="ols", p_value=0.0001, verdict="supported")
    insert(con, "results.slope_equivalences", rows(slope_equivalence(), ols))
    (artefact,) = built(con, equivalences.EXHIBIT)
    (line,) = [line for line in lines_of(artefact) if "conv1" in line]
    assert "| by dataset (CR3) | 0.010 [−0.020, 0.040] | 0.004 | 0.012 | 0.97 | supported |" in line


def test_slopes_of_one_dataset_are_those_of_independent_runs(con):
    insert(con, "results.slope_equivalences", rows(slope_equivalence(method="ols", n_clusters=1)))
    (artefact,) = built(con, equivalences.EXHIBIT)
    assert "| independent runs |" in lines_of(artefact)[-1]


def test_families_of_different_size_are_counted_from_the_smallest_to_the_largest(con):
    of_head = slope_equivalence(adaptation="head_then_full", family_size=8)
    insert(con, "results.slope_equivalences", rows(slope_equivalence(), of_head))
    (artefact,) = built(con, equivalences.EXHIBIT)
    assert notes_of(artefact)[-1] == (
        "Holm: the p-value left of it, adjusted among all networks and layers with the same "
        "adaptation, head and inference (3 to 8 tests; the CSV names the family)."
    )


def test_no_family_is_named_where_no_slope_has_a_p_value(con):
    undefined = slope_equivalence(p_value=None, p_adjusted=None, family=None, family_size=None)
    insert(con, "results.slope_equivalences", rows(undefined))
    (artefact,) = built(con, equivalences.EXHIBIT)
    assert not [note for note in notes_of(artefact) if "Holm" in note]


def test_the_caption_of_rigour_names_the_methods_with_an_estimate_of_their_own(con, rng):
    datasets = np.repeat(np.arange(6), [3, 4, 5, 6, 7, 8])
    shift = rng.normal(size=6)[datasets]
    similarity = rng.normal(size=len(datasets)) + shift
    points = pl.DataFrame(
        {
            "layer": "a",
            "dataset": datasets.astype(str),
            "run_id": [str(run) for run in range(len(datasets))],
            "similarity": similarity,
            "outcome_value": similarity + 3 * shift + rng.normal(size=len(datasets)),
        }
    )
    views = [view(points, Model(), by=["layer"]) for view in (regress, within_and_between)]
    slopes = dict(
        pl.concat(views).filter(term="similarity").select("method", "estimate").iter_rows()
    )
    own = {name for name in rigour.METHODS if abs(slopes[name] / slopes["ols"] - 1) > 1e-9}
    assert own == set(rigour.OTHER_ESTIMATES)
    con.execute(
        "insert into results.regressions select * replace ('within' as method) "
        "from results.regressions where method = 'cluster_cr1'"
    )
    captions = [artefact.caption for artefact in built(con, rigour.EXHIBIT)]
    assert all("the same for all but within datasets; the" in caption for caption in captions)
