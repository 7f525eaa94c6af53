"""Figures 1, 2, 3, 6 and Table 3 of Palés Huix et al. draw exactly the numbers behind them."""

from itertools import product
from typing import Any

import duckdb
import numpy as np
import pytest

from reports.exhibits.pales2024 import EXHIBITS
from tests.reports.building import add_runs, built, figure_of, lines_of, rows
from tests.reports.conftest import insert
from tests.reports.test_printed import add_printed

BY_NAME = {exhibit.name: exhibit for exhibit in EXHIBITS}
NETWORKS = (
    ("deit_base_patch16_224", "fb_in1k"),
    ("vit_small_dino", "dino"),
    ("vit_base_dino", "dino"),
)


def heights(axis, label: str) -> list[float]:
    """Return what is drawn for a series and group."""
    return [float(y) for line in axis.lines if line.get_label() == label for y in line.get_ydata()]


def add_resolutions(con: duckdb.DuckDBPyConnection) -> None:
    """Insert three networks, fine-tuned whole and frozen, at two resolutions, on one dataset."""
    cells = list(product(range(3), ("full", "linear"), (224, 448), (0, 1)))
    made: list[dict[str, Any]] = [
        {
            "run_id": f"p{number}",
            "dataset": "knee",
            "backbone": NETWORKS[index][0],
            "pretraining": NETWORKS[index][1],
            "adaptation": adaptation,
            "image_size": size,
            "seed": seed,
            "fold": None,
            "n_folds": None,
            "selected_epoch": 2 + seed,
            "device": "cpu",
            "n_parameters": (86_000_000, 22_000_000, 86_500_000)[index],
            "score": 0.5 + 0.1 * index + 0.05 * (size == 448) - 0.02 * (adaptation == "linear"),
        }
        for number, (index, adaptation, size, seed) in enumerate(cells)
    ]
    add_runs(con, *({k: v for k, v in run.items() if k != "score"} for run in made))
    score = {"split": "test", "confidence_source": "head", "token": "cls", "n_neighbours": 0}
    insert(
        con,
        "raw.scores",
        rows(
            *(
                score
                | {
                    "run_id": run["run_id"],
                    "epoch": run["selected_epoch"],
                    "score": "auc",
                    "value": run["score"] + 0.01 * run["seed"],
                }
                for run in made
            )
        ),
    )
    stages = (("train", 1, 10.0, 100), ("train", 2, 10.0, 100), ("train", 3, 10.0, 100))
    insert(
        con,
        "raw.timings",
        rows(
            *(
                {"run_id": run["run_id"], "stage": s, "epoch": e, "duration_s": d, "n_images": n}
                for run in made
                for s, e, d, n in (*stages, ("evaluate", 2, 0.5, 100))
            )
        ),
    )


@pytest.fixture
def runs(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    add_resolutions(con)
    return con


def test_figure_1_draws_gains_of_the_printed_means(con):
    add_printed(con)
    (artefact,) = built(con, BY_NAME["printed-gains"])
    axes = {axis.get_title(loc="left"): axis for axis in figure_of(artefact).axes}
    assert list(axes) == ["APTOS2019", "DDSM", "ISIC2019", "CheXpert"]
    (gain,) = heights(axes["ISIC2019"], "unfrozen, linear/DINOv2\n142 million")
    np.testing.assert_allclose(gain, 100 * (0.859 - 0.823) / 0.823, rtol=1e-12)
    (loss,) = heights(axes["ISIC2019"], "frozen, linear/SAM\n11 million")
    np.testing.assert_allclose(loss, 100 * (0.402 - 0.823) / 0.823, rtol=1e-12)
    groups = [tick.get_text().split("\n")[0] for tick in axes["DDSM"].get_xticklabels()]
    assert (groups[0], groups[-1]) == ("SEEM", "OPENCLIP")  # 200 thousand and 2 billion images


def test_figure_1_from_runs_is_relative_to_the_supervised_network_at_the_lowest_resolution(runs):
    (artefact,) = built(runs, BY_NAME["baseline-gains"])
    (axis,) = figure_of(artefact).axes
    (gain,) = heights(axis, "full, linear head/vit_base_dino\ndino, 448 px")
    np.testing.assert_allclose(gain, 100 * (0.755 - 0.505) / 0.505, rtol=1e-12)
    (zero,) = heights(axis, "full, linear head/deit_base_patch16_224\nfb_in1k, 224 px")
    assert zero == 0


def test_figure_3_draws_epochs_seconds_and_milliseconds(runs):
    epochs, seconds, inference = built(runs, BY_NAME["times"])
    label = "full, linear head/vit_base_dino\ndino, 224 px"
    drawn = [heights(figure_of(one).axes[0], label) for one in (epochs, seconds, inference)]
    assert drawn[0] == [2, 3]
    assert drawn[1] == [20, 30]  # of training up to the checkpoint, not after it
    np.testing.assert_allclose(drawn[2], [5, 5])
    assert "cpu" in inference.caption


def test_figure_6_is_of_backbones_that_share_their_pretraining(runs):
    (artefact,) = built(runs, BY_NAME["sizes"])
    (axis,) = figure_of(artefact).axes
    groups = [tick.get_text() for tick in axis.get_xticklabels()]
    assert groups == ["vit_small_dino\n22 M", "vit_base_dino\n86 M"]
    np.testing.assert_allclose(heights(axis, "dino, full/vit_small_dino\n22 M"), [0.605])


def test_table_3_from_runs_says_that_its_gain_is_in_points(runs):
    (artefact,) = built(runs, BY_NAME["resolutions"])
    lines = lines_of(artefact)
    assert "high − low, points" in lines[0]
    assert lines[3] == (
        "| deit\\_base\\_patch16\\_224 · fb\\_in1k | full, linear head"
        " | 224 | 50.5 | 448 | 55.5 | 5.0 | 2 |"
    )


def add_votes(con: duckdb.DuckDBPyConnection) -> None:
    """Insert votes on target images before training, and one after."""
    vote = {"split": "test", "confidence_source": "knn", "token": "cls", "score": "auc"}
    insert(
        con,
        "raw.scores",
        rows(
            *(
                vote | {"run_id": run, "epoch": epoch, "n_neighbours": 200, "value": value}
                for run, epoch, value in (("p0", 0, 0.6), ("p8", 0, 0.8), ("p8", 2, 0.1))
            )
        ),
    )


def test_figure_2_is_of_votes_on_the_target_before_training(runs):
    add_votes(runs)
    (artefact,) = built(runs, BY_NAME["target-knn"])
    (axis,) = figure_of(artefact).axes
    label = "cls features, k = 200/"
    assert heights(axis, f"{label}deit_base_patch16_224\nfb_in1k") == [0.6]
    assert heights(axis, f"{label}vit_small_dino\ndino") == [0.8]


@pytest.mark.parametrize("name", BY_NAME)
def test_nothing_to_show_gives_nothing(con, name):
    assert built(con, BY_NAME[name]) == []


def test_no_mean_joins_times_of_two_devices(con):
    add_resolutions(con)
    con.execute("update raw.runs set device = 'gpu' where run_id = 'p0'")
    named = {artefact.name: artefact for artefact in built(con, BY_NAME["times"])}
    for device in ("cpu", "gpu"):
        artefact = named[f"times-inference-ms-repdrift-s-{device}"]
        assert artefact.sources[0].rows["device"].unique().to_list() == [device]
        assert f"Measured on {device};" in artefact.caption
    assert "times-inference-ms-repdrift-s" not in named
