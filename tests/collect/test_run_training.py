"""What each adaptation of a run trains, when it stops, and which checkpoint stands for it."""

import math

import polars as pl
import pytest

from tests.collect.small_runs import done, record, small_run, table
from warehouse.errors import CollectError

pytestmark = pytest.mark.train


def test_linear_probing_moves_the_head_alone(tmp_path):
    path, _ = done(small_run(tmp_path, adaptation="linear"), tmp_path / "w")
    assert record(path)["n_trainable_parameters"] == 256 * 2 + 2
    similarities = table(path, "similarities")
    assert similarities["value"].to_list() == pytest.approx([1.0] * len(similarities), abs=1e-9)
    assert set(table(path, "parameter_distances")["value"]) == {0.0}
    votes = table(path, "scores").filter(split="source").sort("score", "epoch")
    assert votes.group_by("score").agg(pl.col("value").n_unique())["value"].max() == 1
    losses = table(path, "scores").filter(split="train", score="loss")["value"].to_list()
    assert losses[1] < losses[0]


def test_scratch_starts_from_random_weights(tmp_path):
    config = small_run(tmp_path, adaptation="scratch", pretraining="gone.safetensors")
    path, _ = done(config, tmp_path / "w")
    assert record(path)["pretraining"] == "random"


def test_two_phases_count_their_epochs_through(tmp_path):
    config = small_run(tmp_path, adaptation="head_then_full")
    path, _ = done(config, tmp_path / "w")
    distances = table(path, "parameter_distances").filter(layer="all", measure="relative_l2")
    moved = dict(distances.select("epoch", "value").iter_rows())
    assert moved[1] == moved[2] == 0 < moved[3] < moved[4]
    run = record(path)
    assert run["hyperparameters"]["n_trainable_parameters_by_phase"] == [514, run["n_parameters"]]
    assert run["selected_epoch"] in (3, 4)


def test_the_selected_checkpoint_is_the_one_with_the_lowest_validation_loss(tmp_path):
    config = small_run(tmp_path, training={"epochs": 4, "learning_rate": 0.01})
    path, _ = done(config, tmp_path / "w")
    losses = table(path, "scores").filter(
        (pl.col("split") == "validation") & (pl.col("score") == "loss") & (pl.col("epoch") > 0)
    )
    assert record(path)["selected_epoch"] == losses.sort("value")["epoch"][0]


def test_a_run_that_diverges_says_so(tmp_path):
    training = {"optimiser": "sgd", "learning_rate": 1e6, "epochs": 3}
    path, events = done(small_run(tmp_path, training=training), tmp_path / "w")
    assert record(path)["status"] == "diverged"
    assert "diverged: " in (path / "run.log").read_text()
    assert events[-1].kind == "diverged"
    assert math.isfinite(table(path, "scores")["value"].sum())


def test_early_stopping_ends_a_phase(tmp_path):
    training = {"epochs": 40, "early_stopping_patience": 2, "learning_rate": 0.02}
    path, events = done(small_run(tmp_path, training=training), tmp_path / "w")
    assert events[-1].epoch == record(path)["selected_epoch"] + 2 < 40


def test_any_validation_score_can_stop_a_phase_and_choose_the_checkpoint(tmp_path):
    training = {"epochs": 30, "early_stopping_patience": 2, "monitor": "accuracy"}
    path, events = done(small_run(tmp_path, training=training), tmp_path / "w")
    scores = table(path, "scores").filter(split="validation", score="accuracy").sort("epoch")
    reached = scores.filter(pl.col("epoch") > 0)["value"].to_list()
    best = reached.index(max(reached)) + 1  # the first of equal ones
    assert record(path)["selected_epoch"] == best
    assert events[-1].epoch == best + 2 < 30


def test_a_score_that_the_task_does_not_have_cannot_be_watched(tmp_path):
    with pytest.raises(CollectError, match=r"training.monitor: no score 'map_macro'.*accuracy"):
        done(small_run(tmp_path, training={"monitor": "map_macro"}), tmp_path / "w")


def test_kept_blocks_can_stay_as_they_are(tmp_path):
    config = small_run(tmp_path, backbone="test_vit", adaptation="keep_first_k_frozen", n_blocks=2)
    path, _ = done(config, tmp_path / "w")
    assert set(table(path, "similarities")["layer"]) == {"blocks.0", "blocks.1"}
    assert set(table(path, "parameter_distances")["value"]) == {0.0}
    losses = table(path, "scores").filter(split="train", score="loss")["value"].to_list()
    assert losses[1] < losses[0]


def test_frozen_blocks_stay(tmp_path):
    config = small_run(tmp_path, backbone="test_vit", adaptation="freeze_first_k", n_blocks=3)
    path, _ = done(config, tmp_path / "w")
    distances = table(path, "parameter_distances").filter(epoch=2, measure="relative_l2")
    moved = dict(distances.select("layer", "value").iter_rows())
    assert [name for name, value in moved.items() if value == 0] == [
        "blocks.0",
        "blocks.1",
        "blocks.2",
    ]
    similarities = table(path, "similarities").filter(epoch=2, measure="cka_linear_debiased")
    values = dict(similarities.filter(probe="target").select("layer", "value").iter_rows())
    assert values["blocks.2"] == pytest.approx(1, abs=1e-9)
    assert values["blocks.5"] < 0.9999


def test_kept_blocks_are_all_there_is(tmp_path):
    config = small_run(tmp_path, backbone="test_vit", adaptation="keep_first_k", n_blocks=2)
    path, _ = done(config, tmp_path / "w")
    assert set(table(path, "similarities")["layer"]) == {"blocks.0", "blocks.1"}
    whole = small_run(tmp_path, backbone="test_vit", training={"epochs": 1})
    other, _ = done(whole, tmp_path / "w")
    assert record(path)["n_parameters"] < record(other)["n_parameters"]


@pytest.mark.parametrize("adaptation", ["linear", "full"])
def test_augmentation_changes_training_and_nothing_else(tmp_path, adaptation):
    plain, _ = done(small_run(tmp_path, adaptation=adaptation), tmp_path / "w")
    config = small_run(tmp_path, adaptation=adaptation, training={"augmentation": "juodelyte2023"})
    path, _ = done(config, tmp_path / "w")
    for epoch, is_same in ((0, True), (2, False)):
        values = [
            table(p, "scores").filter(epoch=epoch, split="test", score="loss")["value"].to_list()
            for p in (plain, path)
        ]
        assert (values[0] == values[1]) == is_same
    if adaptation == "linear":
        assert set(table(path, "parameter_distances")["value"]) == {0.0}


def test_the_learning_rate_with_the_lowest_validation_loss_is_used(tmp_path):
    rates = (1e-7, 3e-3, 1e9)
    training = {"search_learning_rates": rates, "optimiser": "sgd", "epochs": 3}
    path, _ = done(small_run(tmp_path, training=training, seed=3), tmp_path / "w")
    found = record(path)["hyperparameters"]
    losses = found["validation_loss_by_learning_rate"]
    assert losses["1000000000.0"] is None
    assert losses["0.003"] < losses["1e-07"]
    assert found["learning_rate_used"] == 3e-3
    scores = table(path, "scores").filter(
        (pl.col("split") == "validation") & (pl.col("score") == "loss") & (pl.col("epoch") > 0)
    )
    assert scores["value"].min() == losses["0.003"]


def test_no_usable_learning_rate_is_one_clear_line(tmp_path):
    training = {"search_learning_rates": (1e9, 1e10), "optimiser": "sgd"}
    with pytest.raises(CollectError, match="diverged with every learning rate of"):
        done(small_run(tmp_path, training=training), tmp_path / "w")
