"""Each exhibit shows the rows that analysis left: exact rows in, exact cells and marks out."""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from reports.exhibits import bins as bins_exhibit
from reports.exhibits import claims, depth, forgetting, maps, rankings, robustness, score_matrix
from reports.exhibits import scores as scores_exhibit
from reports.exhibits.exhibit import Artefact, Data, Exhibit
from reports.exhibits.registry import EXHIBITS
from reports.rendering import artefact_files
from reports.store import query_text, read
from reports.style import RC, appearances
from reports.tables.markdown import markdown_table
from reports.tables.model import Table
from tests.reports.conftest import insert
from tests.reports.test_figures import assert_nothing_overlaps, drawn

FIT: dict[str, object] = {
    "analysis_id": "a1",
    "origin": "juodelyte2023",
    "backbone": "resnet50",
    "pretraining": "ImageNet",
    "adaptation": "full",
    "layer": "conv1",
    "token": "spatial",
    "probe": "target",
    "measure": "cca_mean_juodelyte",
}
GROUP: dict[str, object] = {
    "analysis_id": "a1",
    "origin": "juodelyte2023",
    "split": "test",
    "confidence_source": "head",
    "n_neighbours": 0,
    "score": "auc",
    "level": 0.95,
}


def built(con, exhibit: Exhibit) -> list[Artefact]:
    """Return the artefacts of one exhibit."""
    frames = {name: read(con, name) for name in exhibit.queries}
    networks = ["resnet50 · ImageNet", "resnet50 · RadImageNet", "vit · imagenet", "vit · dino"]
    return exhibit.build(Data(frames, appearances(networks), appearances(["breast", "chest"])))


def figure_of(artefact: Artefact) -> Figure:
    """Draw a figure and check that it is legible."""
    assert not isinstance(artefact.content, Table)
    with rc_context(RC):
        figure = artefact.content()
        assert_nothing_overlaps(figure)
    return figure


def lines_of(artefact: Artefact) -> list[str]:
    """Return the rows of a table as Markdown."""
    assert isinstance(artefact.content, Table)
    artefact_files(artefact)
    return [line for line in markdown_table(artefact.content).splitlines() if line.startswith("|")]


def rows(*each: Mapping[str, object]) -> pl.DataFrame:
    """Return rows as a frame."""
    return pl.DataFrame(list(each), infer_schema_length=None)


@pytest.mark.parametrize("name", sorted({query for e in EXHIBITS for query in e.queries}))
def test_every_query_says_what_a_row_is_and_its_key_is_unique(con, name):
    lines = query_text(name).splitlines()
    assert lines[0].startswith("-- One row per ")
    keys = next(line for line in lines if line.startswith("-- key: "))
    columns = keys.removeprefix("-- key: ").split(", ")
    assert not read(con, name).select(columns).is_duplicated().any()


def test_a_warehouse_without_results_leaves_every_exhibit_out(con):
    for table in ("regressions", "intervals"):
        con.execute(f"delete from results.{table}")
    for table in ("runs", "scores", "similarities"):
        con.execute(f"delete from raw.{table}")
    assert [e.name for e in EXHIBITS if len(read(con, e.queries[0])) and built(con, e)] == []


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
        "n_wins": 1.0,
        "friedman_p_value": 0.0312,
        "critical_difference": 1.2,
        "n_datasets": 7,
        "run_ids": ["r"],
    }


def test_ranks_are_drawn_best_first_and_groups_within_the_critical_difference_are_joined(con):
    three = rows(ranking("full", 1.4), ranking("linear", 2.9), ranking("head_then_full", 1.7))
    insert(con, "results.rankings", three)
    (artefact,) = built(con, rankings.RANKINGS)
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
    (artefact,) = built(con, rankings.COMPARISONS)
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
    pairs = (pair("breast", tied, 0.3), pair("breast", scratch, 0.01), pair("breast", apart, 0.9))
    insert(con, "results.comparisons", rows(*pairs))
    (artefact,) = built(con, scores_exhibit.EXHIBIT)
    assert isinstance(artefact.content, Table)
    cells = {row.cells[:2]: row.cells[2] for row in artefact.content.rows}
    ranks = {key: getattr(cell, "rank", None) for key, cell in cells.items()}
    assert ranks["ImageNet", "full"] == "best"
    assert ranks["RadImageNet", "full"] == "tied"
    assert ranks["random", "scratch"] == ""


def test_bin_means_stand_beside_the_runs_and_both_r_squared(con):
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
        "null_r_squared": 0.4,
        "null_r_squared_high": 0.95,
        "p_value": 0.07,
        "n_runs": len(points),
        "run_ids": points["run_id"].to_list(),
    }
    insert(con, "results.binned_fits", rows(fit))
    (artefact,) = built(con, bins_exhibit.EXHIBIT)
    axis = figure_of(artefact).axes[0]
    run = next(line for line in axis.lines if line.get_label() == "run")
    assert len(drawn(run)) == 15
    np.testing.assert_allclose(np.asarray(axis.collections[0].get_offsets())[:, 1], [0.3, 0.4])
    printed = "\n".join(text.get_text() for text in axis.texts)
    assert "runs: slope 0.20, R² 0.05" in printed
    assert "bins: slope 1.0, R² 0.90" in printed
    assert "by chance: R² 0.40" in printed


def test_the_dataset_that_moves_a_slope_most_is_named(con):
    def influence(left_out: str, share: float) -> dict[str, object]:
        return FIT | {
            "outcome": "gain_ratio:auc",
            "left_out": left_out,
            "slope": -1.0,
            "slope_without": -1.0 + share,
            "share": share,
            "changes_sign": share > 1,
            "n_runs": 15,
        }

    insert(con, "results.influences", rows(influence("breast", -0.2), influence("chest", 1.5)))
    (artefact,) = built(con, robustness.INFLUENCES)
    assert lines_of(artefact)[3] == "| conv1 | −1.000 | chest | 0.500 | 150 | yes |"


def test_three_definitions_of_gain_stand_side_by_side(con):
    row = FIT | {
        "score": "auc",
        "method": "cluster_cr3",
        "slope_difference": -0.5,
        "p_difference": 0.2,
        "slope_ratio": -1.5,
        "p_ratio": 0.01,
        "slope_ancova": 0.1,
        "p_ancova": 0.9,
        "scratch_similarity_correlation": 0.6,
        "alarm": True,
        "level": 0.95,
        "n_clusters": 3,
        "n_runs": 15,
        "run_ids": ["r"],
    }
    insert(con, "results.gain_definitions", rows(row))
    (artefact,) = built(con, robustness.GAINS)
    assert lines_of(artefact)[3] == (
        "| conv1 | −0.500 | 0.200 | −1.500 | 0.010 | 0.100 | 0.900 | 0.60 | yes |"
    )


def test_differences_of_slopes_say_which_network_is_subtracted(con):
    row = {name: value for name, value in FIT.items() if name != "pretraining"} | {
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
        "p_adjusted": 1.0,
        "n_runs": 30,
        "n_clusters": 3,
        "run_ids": ["r"],
    }
    insert(con, "results.slope_differences", rows(row))
    (artefact,) = built(con, robustness.DIFFERENCES)
    lines = lines_of(artefact)
    assert lines[2].startswith("| *resnet50, full: RadImageNet − ImageNet* |")
    assert "| −1.400 [−5.000, 2.000] | 0.400 | 1.000 | 30 | 3 |" in lines[3]


def claim(rigour: str, verdict: str) -> dict[str, object]:
    """Return a row of results.claims."""
    return {
        "analysis_id": "a1",
        "claim": "falls",
        "source": "Juodelyte et al. (2023)",
        "text": "The gain falls with similarity in every layer, 100 % of the time.",
        "kind": "slope",
        "expects": "less",
        "scope": "every",
        "rigour": rigour,
        "verdict": verdict,
        "n_panels": 10,
        "n_supported": 4,
        "n_contradicted": 1,
        "n_equivalent": 2,
        "n_inconclusive": 3,
        "level": 0.95,
        "margin": 0.0,
    }


def test_a_claim_is_quoted_with_a_verdict_per_rigour_in_rising_order(con):
    three = (claim("clustered", "inconclusive"), claim("as_published", "supported"))
    insert(con, "results.claims", rows(*three, claim("mixed", "equivalent")))
    (artefact,) = built(con, claims.CLAIMS)
    lines = lines_of(artefact)
    assert "The gain falls with similarity" in lines[2]
    assert [line.split(" | ")[:2] for line in lines[3:]] == [
        ["| as published", "supported"],
        ["| clustered", "inconclusive"],
        ["| mixed", "equivalent"],
    ]
    assert lines[3].endswith("| 4 | 1 | 2 | 3 |")


def test_the_audit_lists_what_does_not_agree(con):
    def audit(number: int, *, agrees: bool) -> dict[str, object]:
        return {
            "analysis_id": "a1",
            "number": number,
            "printed_table": "pales2024_table3",
            "kind": "derived",
            "states": "Percentage gain",
            "table_row": "SAM",
            "table_column": "ISIC",
            "printed": "1.1",
            "found": "1.9",
            "is_consistent": agrees,
            "explanation": "a difference, not a ratio",
        }

    insert(con, "results.audits", rows(audit(1, agrees=True), audit(2, agrees=False)))
    (artefact,) = built(con, claims.AUDIT)
    lines = lines_of(artefact)
    assert len(lines) == 4
    assert "| SAM | ISIC | 1.1 | 1.9 | a difference, not a ratio |" in lines[3]
    assert isinstance(artefact.content, Table)
    assert artefact.content.notes == ("2 checks, 1 of them consistent.",)


def test_a_paper_gets_its_own_claims(con):
    insert(con, "results.claims", rows(claim("mixed", "supported")))
    frames = {name: read(con, name) for name in claims.CLAIMS.queries}
    for paper, expected in (("juodelyte2023", 1), ("zu2025", 0), (None, 1)):
        assert len(claims.CLAIMS.build(Data(frames, {}, {}, paper))) == expected


def test_networks_by_datasets_print_mean_and_sd(con):
    (artefact,) = built(con, score_matrix.EXHIBIT)
    (row,) = con.sql(
        "select estimate, sd from results.intervals where dataset = 'breast'"
        " and pretraining = 'ImageNet' and adaptation = 'full'"
    ).fetchall()
    line = next(line for line in lines_of(artefact) if line.startswith("| resnet50 · ImageNet |"))
    assert line.split(" | ")[1].strip("*") == f"{row[0] * 100:.1f} ± {row[1] * 100:.1f}"


def add_runs(con, *each: Mapping[str, object]) -> None:
    """Insert runs of a network vit."""
    common = {
        "study": "s",
        "origin": "repdrift",
        "status": "complete",
        "backbone": "vit",
        "pooling": "cls",
        "head": "linear",
        "dataset": "breast",
        "task": "binary",
        "fold": 1,
        "n_folds": 5,
        "seed": 0,
        "selected_epoch": 2,
        "shard_hash": "0",
    }
    insert(con, "raw.runs", rows(*({**common, **run} for run in each)))


def test_forgetting_shows_each_run_before_and_after(con):
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    score = {
        "run_id": "v1",
        "split": "source",
        "confidence_source": "knn",
        "token": "cls",
        "n_neighbours": 10,
        "score": "accuracy",
    }
    values = ((0, 0.8), (1, 0.7), (2, 0.5))
    insert(con, "raw.scores", rows(*(score | {"epoch": e, "value": v} for e, v in values)))
    (artefact,) = built(con, forgetting.EXHIBIT)
    axis = figure_of(artefact).axes[0]
    heights = [float(drawn(line)[0, 1]) for line in axis.lines]
    assert heights == [0.8, 0.5]


def similarity(**values: object) -> dict[str, object]:
    """Return a row of raw.similarities at the selected epoch."""
    return {
        "run_id": "v1",
        "epoch": 2,
        "token": "cls",
        "reference": "pretrained",
        "probe": "target",
        "measure": "cka_linear_debiased",
        "null_mean": 0.0,
        "null_sd": 0.1,
    } | values


def test_layer_maps_put_values_in_place_and_cross_out_the_noise(con):
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    cells = {("a", "a"): 0.9, ("a", "b"): 0.1, ("b", "a"): 0.3, ("b", "b"): 0.8}
    insert(
        con,
        "raw.similarities",
        rows(*(similarity(layer=x, reference_layer=y, value=v) for (x, y), v in cells.items())),
    )
    (artefact,) = built(con, maps.LAYERS)
    axis = figure_of(artefact).axes[0]
    np.testing.assert_allclose(np.asarray(axis.images[0].get_array()), [[0.9, 0.1], [0.3, 0.8]])
    crosses = next(line for line in axis.lines if line.get_label() == "floor")
    np.testing.assert_allclose(drawn(crosses), [[1.0, 0.0]])  # 0.1 is below 0 + 2 * 0.1


def test_network_maps_need_three_networks(con):
    networks = ("imagenet", "dino", "mae")
    add_runs(
        con,
        *(
            {"run_id": f"v{i}", "pretraining": p, "adaptation": "full"}
            for i, p in enumerate(networks)
        ),
    )
    pairs = (("v0", "v1", 0.4), ("v0", "v2", 0.5), ("v1", "v2", 0.6))
    lines = rows(
        *(
            similarity(
                run_id=x, layer="l", reference_layer="l", reference="run",
                reference_run_id=y, value=v,
            )
            for x, y, v in pairs
        )
    )  # fmt: skip
    insert(con, "raw.similarities", lines.head(1))
    assert built(con, maps.NETWORKS) == []
    insert(con, "raw.similarities", lines.tail(2))
    (artefact,) = built(con, maps.NETWORKS)
    axis = figure_of(artefact).axes[0]
    names = [label.get_text() for label in axis.get_xticklabels()]
    values = np.asarray(axis.images[0].get_array())
    place = {name: index for index, name in enumerate(names)}
    assert values[place["vit · imagenet"], place["vit · dino"]] == pytest.approx(0.4)


def test_depth_curves_follow_the_number_of_blocks(con):
    interval = GROUP | {
        "dataset": "breast",
        "backbone": "vit",
        "pretraining": "imagenet",
        "adaptation": "freeze_first_k",
        "pooling": "cls",
        "head": "linear",
        "token": "cls",
        "uncertainty": "fold",
        "method": "nadeau_bengio",
        "n_runs": 5,
        "run_ids": ["r"],
    }
    values = ((8, 0.7), (0, 0.9), (4, 0.8))
    insert(
        con,
        "results.intervals",
        rows(*(interval | {"n_blocks": k, "estimate": v} for k, v in values)),
    )
    (artefact,) = built(con, depth.EXHIBIT)
    axis = figure_of(artefact).axes[0]
    np.testing.assert_allclose(drawn(axis.lines[0]), [[0, 0.9], [4, 0.8], [8, 0.7]])


def builders() -> list[tuple[str, Callable[[Data], list[Artefact]]]]:
    """Return every exhibit's builder by name."""
    return [(exhibit.name, exhibit.build) for exhibit in EXHIBITS]


def test_names_of_exhibits_are_unique_and_say_how_to_get_their_rows():
    names = [name for name, _ in builders()]
    assert len(names) == len(set(names))
    assert all(exhibit.missing and exhibit.title for exhibit in EXHIBITS)
