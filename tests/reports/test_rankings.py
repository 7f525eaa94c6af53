"""Ranks and pairs of networks show what analysis left, and ties are told by the test."""

import numpy as np
import pytest

from reports.exhibits import comparisons, interquartile, rankings
from reports.exhibits import scores as scores_exhibit
from reports.tables.model import Table
from tests.reports.building import GROUP, built, drawn, figure_of, lines_of, rows, segments
from tests.reports.conftest import insert

FROZEN = {"a": 1.0, "b": 2.0, "c": 3.0}


def ranking(network: str, rank: float) -> dict[str, object]:
    """Return a row of results.rankings."""
    return GROUP | {
        "network": f"resnet50 / ImageNet / {network} / mean / linear",
        "mean_rank": rank,
        "rank_low": rank - 0.3,
        "rank_high": rank + 0.3,
        "iqm": 0.8,
        "iqm_low": 0.7,
        "iqm_high": 0.9,
        "iqm_uncertainty": "fold",
        "n_wins": 1.0,
        "friedman_p_value": 0.0312,
        "critical_difference": 1.2,
        "n_datasets": 7,
        "run_ids": ["r"],
    }


def test_ranks_are_drawn_best_first_and_groups_within_the_critical_difference_are_joined(con):
    three = rows(ranking("full", 1.4), ranking("linear", 2.9), ranking("head_then_full", 1.7))
    insert(con, "results.rankings", three)
    (artefact,) = built(con, rankings.EXHIBIT)
    figure = figure_of(artefact)
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        "full",
        "head then full",
        "linear",
    ]
    lines = {str(line.get_label()): drawn(line) for line in axis.lines}
    np.testing.assert_allclose(lines["mean rank"], [[1.4, 0], [1.7, 1], [2.9, 2]])
    assert np.ptp(lines["critical"][:, 0]) == pytest.approx(1.2)
    joined = [drawn(line)[:, 1] for line in axis.lines if line.get_label() == "not told apart"]
    assert [(round(low + 0.2), round(high - 0.2)) for low, high in joined] == [(0, 1), (1, 2)]
    assert "p = 0.031" in artefact.caption


def test_ranks_of_networks_that_never_vary_are_drawn_without_an_interval(con):
    unknown = dict.fromkeys(("rank_low", "rank_high", "friedman_p_value", "critical_difference"))
    insert(con, "results.rankings", rows(*(ranking(n, r) | unknown for n, r in FROZEN.items())))
    (artefact,) = built(con, rankings.EXHIBIT)
    axis = figure_of(artefact).axes[0]
    lines = {str(line.get_label()): drawn(line) for line in axis.lines}
    np.testing.assert_allclose(lines["mean rank"], [[1, 0], [2, 1], [3, 2]])
    assert not {"critical", "not told apart"} & set(lines)


def pair(dataset: str | None, second: str, p_adjusted: float) -> dict[str, object]:
    """Return a row of results.comparisons against full fine-tuning from ImageNet."""
    return GROUP | {
        "dataset": dataset,
        "first": "resnet50 / ImageNet / full / mean / linear",
        "second": second,
        "method": "nadeau_bengio",
        "estimate": -0.0123,
        "ci_low": -0.03,
        "ci_high": 0.005,
        "p_value": 0.02,
        "family": "f",
        "family_size": 8,
        "p_adjusted": p_adjusted,
        "margin": 0.01,
        "p_equivalent": 0.3,
        "verdict": "inconclusive",
        "n_pairs": 5,
        "run_ids": ["r"],
    }


def test_pairs_are_listed_across_datasets_first_with_their_verdict(con):
    other = "resnet50 / RadImageNet / full / mean / linear"
    insert(con, "results.comparisons", rows(pair("breast", other, 0.2), pair(None, other, 0.04)))
    (artefact,) = built(con, comparisons.EXHIBIT)
    lines = lines_of(artefact)
    assert lines[2].startswith("| *across datasets* |")
    assert lines[3] == (
        "| ImageNet | RadImageNet | −1.2 [−3.0, 0.5] | 0.020 | 0.040 | 0.300 | inconclusive | 5 |"
    )
    assert lines[4].startswith("| *breast* |")


def test_ties_with_the_best_are_told_by_the_test_not_by_eye(con):
    con.execute("delete from results.intervals where dataset <> 'breast'")
    values = {("ImageNet", "full"): 0.9, ("RadImageNet", "full"): 0.7, ("random", "scratch"): 0.6}
    con.execute("update results.intervals set estimate = 0.5")
    for (pretraining, adaptation), value in values.items():
        con.execute(
            f"update results.intervals set estimate = {value}"
            f" where pretraining = '{pretraining}' and adaptation = '{adaptation}'"
        )
    tied, apart = (f"resnet50 / {n} / mean / linear" for n in ("RadImageNet / full", "x / y"))
    scratch = "resnet50 / random / scratch / mean / linear"
    shown = (pair("breast", tied, 0.3), pair("breast", scratch, 0.01), pair("breast", apart, 0.9))
    other_score = pair("breast", tied, 0.3) | {"score": "no column", "family_size": 99}
    pairs = (*shown, other_score)
    insert(con, "results.comparisons", rows(*pairs))
    (artefact,) = built(con, scores_exhibit.EXHIBIT)
    assert isinstance(artefact.content, Table)
    cells = {row.cells[:2]: row.cells[2] for row in artefact.content.rows}
    ranks = {key: getattr(cell, "rank", None) for key, cell in cells.items()}
    assert ranks["ImageNet", "full"] == "best"
    assert ranks["RadImageNet", "full"] == "tied"
    assert ranks["random", "scratch"] == ""
    assert "(corrected for folds; Holm, family of 8 tests)" in artefact.content.notes[-1]


def test_pairs_of_few_datasets_are_shown_on_each_where_one_thing_differs(con):
    pretrainings = [f"p{i}" for i in range(9)]
    networks = [f"vit / {p} / {a} / cls / linear" for p in pretrainings for a in ("full", "linear")]
    each = [
        pair(dataset, other, 0.04) | {"first": first}
        for dataset in (None, "breast", "knee")
        for i, first in enumerate(networks)
        for other in networks[i + 1 :]
    ]
    insert(con, "results.comparisons", rows(*each))
    (artefact,) = built(con, comparisons.EXHIBIT)
    shown = lines_of(artefact)
    assert not any("across datasets" in line for line in shown)
    one_apart = 2 * (9 * 8 // 2) + 9  # the start, or what was trained
    assert len([line for line in shown if "inconclusive" in line or "supported" in line]) == (
        2 * one_apart
    )


def test_interquartile_means_are_drawn_best_first_with_what_their_intervals_are_over(con):
    each = [
        ranking("full", 1.4) | {"iqm": 0.8, "iqm_low": 0.7, "iqm_high": 0.85},
        ranking("linear", 1.6) | {"iqm": 0.9, "iqm_low": 0.88, "iqm_high": 0.95},
        ranking("scratch", 2.9) | {"iqm": 0.6, "iqm_low": None, "iqm_high": None},
    ]
    insert(con, "results.rankings", rows(*each))
    (artefact,) = built(con, interquartile.EXHIBIT)
    (axis,) = figure_of(artefact).axes
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["linear", "full", "scratch"]
    (points,) = axis.lines
    assert drawn(points).tolist() == [[0.9, 0], [0.8, 1], [0.6, 2]]
    ends = [line[:, 0].tolist() for line in segments(axis.collections[0])]
    assert ends == [[0.88, 0.95], [0.7, 0.85]]
    assert "95 % intervals over folds" in artefact.caption


def test_interquartile_means_without_any_interval_are_left_out(con):
    none = {"iqm_low": None, "iqm_high": None}
    insert(con, "results.rankings", rows(ranking("full", 1.4) | none, ranking("linear", 2) | none))
    assert built(con, interquartile.EXHIBIT) == []


def test_pairs_across_datasets_say_how_often_the_second_wins(con):
    scratch = "resnet50 / random / scratch / mean / linear"
    duels = {"improvement": 0.15, "improvement_low": 0.05, "improvement_high": 0.31}
    across = pair(None, scratch, 0.04) | duels
    insert(con, "results.comparisons", rows(across, pair("breast", scratch, 0.04)))
    (artefact,) = built(con, comparisons.EXHIBIT)
    lines = lines_of(artefact)
    assert lines[0].endswith("| P(second wins) |")
    assert [line for line in lines if "0.15 [0.05, 0.31]" in line] == [lines[3]]
    assert lines[-1].endswith("| – |")


def test_a_comparison_says_what_it_could_have_found(con):
    scratch = "resnet50 / random / scratch / mean / linear"
    compared = pair("breast", scratch, 0.04)
    planned = {
        name: compared[name] for name in ("dataset", "first", "second", "method", *GROUP)
    } | {"std_error": 0.01, "df": 4.0, "power": 0.8, "minimal_effect": 0.0431}
    planned |= {"wanted_effect": 0.01, "unit": "fold", "n_units": 5, "n_units_needed": None}
    insert(con, "results.comparisons", rows(compared))
    insert(con, "results.detectable_effects", rows(planned))
    (artefact,) = built(con, comparisons.EXHIBIT)
    assert isinstance(artefact.content, Table)
    assert "| −1.2 [−3.0, 0.5] | 4.3 | 0.020 |" in lines_of(artefact)[-1]
    assert any("with probability 80 % at 5 %" in note for note in artefact.content.notes)
