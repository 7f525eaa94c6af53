"""The papers' protocols are studies that run: whole, in miniature, on real images."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from collect.backbones.registry import architecture
from collect.cli import app
from collect.configuration.study import Study

ROOT = Path(__file__).parents[2]
PRESETS = ("zu2025", "juodelyte2023", "juodelyte2023_code", "pales2024")


def study_file(name):
    return ROOT / "collect" / "studies" / f"{name}.toml"


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("miniature", [False, True])
def test_every_network_and_its_weights_are_known(name, miniature):
    networks = {
        network
        for run in Study.load(study_file(name), miniature=miniature).runs()
        for network in (
            (run.backbone, run.pretraining),
            (run.head_backbone, run.head_pretraining),
        )
    }
    for backbone, pretraining in networks:
        assert pretraining == "random" or pretraining in architecture(backbone, pretraining).weights


@pytest.fixture
def finished(shared_dir, tmp_path, monkeypatch):  # noqa: ARG001 # skips without the data
    """Run a preset in miniature; return its runs, and the rows of a table with their run ids."""
    monkeypatch.chdir(ROOT)

    def run(name):
        arguments = ["run", str(study_file(name)), "--miniature", "-w", str(tmp_path), "--quiet"]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.exception
        folders = sorted((tmp_path / "runs").iterdir())
        runs = [json.loads((folder / "run.json").read_text()) for folder in folders]
        assert {run["status"] for run in runs} == {"complete"}

        def rows(table):
            return pl.concat(pl.read_parquet(folder / f"{table}.parquet") for folder in folders)

        return runs, rows

    return run


@pytest.mark.slow
@pytest.mark.train
def test_zu2025_follows_drift_and_neighbours_epoch_by_epoch(finished):
    runs, rows = finished("zu2025")
    assert len(runs) == (3 * 2 + 1) * 2
    similarities = rows("similarities")
    assert set(similarities["epoch"]) == {0, 1, 2}
    assert set(similarities["token"]) == {"cls", "mean"}
    assert set(similarities["probe"]) == {"source", "target"}
    full = [run["run_id"] for run in runs if run["adaptation"] == "full"]
    drift = similarities.filter(
        pl.col("run_id").is_in(full)
        & (pl.col("measure") == "cka_linear_debiased")
        & (pl.col("layer") == pl.col("reference_layer"))
    )
    by_epoch = drift.group_by("epoch").agg(pl.col("value").mean()).sort("epoch")["value"]
    assert by_epoch[0] == pytest.approx(1)
    assert by_epoch[2] < 0.99
    votes = rows("scores").filter(pl.col("confidence_source") == "knn")
    assert set(votes["n_neighbours"]) == {10, 20}


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.parametrize("name", ["juodelyte2023", "juodelyte2023_code"])
def test_juodelyte2023_compares_channels_over_positions(finished, name):
    runs, rows = finished(name)
    assert len(runs) == 2 * 2 * 3
    assert {run["adaptation"] for run in runs} == {"full", "head_then_full", "scratch"}
    similarities = rows("similarities")
    assert set(similarities["token"]) == {"spatial"}
    assert set(similarities["measure"]) == {"cca_mean_juodelyte", "cca_mean"}
    assert set(rows("scores").filter(pl.col("score") == "auc")["split"]) >= {"test", "validation"}


@pytest.mark.slow
@pytest.mark.train
def test_pales2024_has_every_scenario_and_task(finished):
    runs, rows = finished("pales2024")
    cells = {(run["adaptation"], run["n_blocks"], run["head"]) for run in runs}
    assert cells == {
        ("linear", None, "linear"),
        ("full", None, "linear"),
        ("linear", None, "transformer"),
        ("full", None, "transformer"),
        ("freeze_first_k", 1, "linear"),
        ("freeze_first_k", 3, "linear"),
        ("keep_first_k", 2, "transformer"),
        ("keep_first_k_frozen", 2, "transformer"),
    }
    assert {run["task"] for run in runs} == {"ordinal", "multilabel"}
    assert {run["image_size"] for run in runs} == {16, 32}
    assert {"kappa_quadratic", "map_macro"} <= set(rows("scores")["score"])
    pairs = rows("similarities").select("layer", "reference_layer").unique()
    assert len(pairs) > pairs["layer"].n_unique()  # layer by layer
