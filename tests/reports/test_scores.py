"""Scores of networks by dataset and by number of blocks."""

import numpy as np

from reports.exhibits import depth, score_matrix
from tests.reports.building import GROUP, built, drawn, figure_of, lines_of, rows
from tests.reports.conftest import insert


def test_networks_by_datasets_print_mean_and_sd(con):
    (artefact,) = built(con, score_matrix.EXHIBIT)
    (row,) = con.sql(
        "select estimate, sd from results.intervals where dataset = 'breast'"
        " and pretraining = 'ImageNet' and adaptation = 'full'"
    ).fetchall()
    line = next(line for line in lines_of(artefact) if line.startswith("| resnet50 · ImageNet |"))
    assert line.split(" | ")[1].strip("*") == f"{row[0] * 100:.1f} ± {row[1] * 100:.1f}"


def add_depths(con) -> None:
    """Insert the means of three numbers of frozen blocks."""
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


def test_depth_curves_follow_the_number_of_blocks(con):
    add_depths(con)
    (artefact,) = built(con, depth.EXHIBIT)
    axis = figure_of(artefact).axes[0]
    np.testing.assert_allclose(drawn(axis.lines[0]), [[0, 0.9], [4, 0.8], [8, 0.7]])
