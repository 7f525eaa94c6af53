"""A run leaves everything it promises, the same bits every time, and nothing when it fails."""

import json
import math
from typing import Any

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal

from collect.measures.cka import cka_linear_debiased
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.errors import CollectError, WarehouseError
from warehouse.layout import Layout

pytestmark = pytest.mark.train
TABLES = ("scores", "similarities", "parameter_distances", "predictions", "activations")


def done(config, root):
    events: list[Any] = []
    return execute(config, Layout(root), events.append), events


def table(path, name):
    return pl.read_parquet(path / f"{name}.parquet")


def record(path):
    return json.loads((path / "run.json").read_text())


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    root = tmp_path_factory.mktemp("full")
    config = small_run(root)
    path, events = done(config, root / "w")
    return config, path, events


def test_the_same_run_gives_the_same_bits(full, tmp_path):
    config, path, _ = full
    again, _ = done(config, tmp_path / "w")
    for name in TABLES:
        assert_frame_equal(table(path, name), table(again, name), check_exact=True)


def test_another_seed_gives_other_numbers(full, tmp_path):
    config, path, _ = full
    other, _ = done(config.model_copy(update={"seed": 1}), tmp_path / "w")
    assert table(path, "predictions")["probabilities"].to_list() != (
        table(other, "predictions")["probabilities"].to_list()
    )


def test_every_epoch_has_its_scores(full):
    scores = table(full[1], "scores")
    assert set(scores.filter(split="train", score="loss")["epoch"]) == {1, 2}
    for split in ("validation", "test"):
        heads = scores.filter(split=split, confidence_source="head")
        assert set(heads["epoch"]) == {0, 1, 2}
        assert {"loss", "accuracy", "auc", "ece_width_15"} <= set(heads["score"])
    votes = scores.filter(split="source", confidence_source="knn", n_neighbours=3)
    assert {"accuracy", "ece_width_15"} <= set(votes["score"])
    assert set(votes["token"]) == {"mean"}


def test_what_features_say_of_the_target_is_known_before_the_first_step(full):
    scores = table(full[1], "scores")
    known = scores.filter(score="logme")
    n_train = record(full[1])["n_train"]
    assert known.select("epoch", "split", "n_samples").rows() == [(0, "train", n_train)]
    votes = scores.filter(split="test", confidence_source="knn")
    assert set(votes["epoch"]) == {0}
    assert {"accuracy", "auc", "ece_width_15"} <= set(votes["score"])
    kept = table(full[1], "predictions").filter(split="test", confidence_source="knn")
    chance = kept["probabilities"].list.to_array(2).to_numpy()
    accuracy = votes.filter(score="accuracy")["value"].item()
    assert accuracy == (chance.argmax(axis=1) == kept["label"].to_numpy()).mean()


def test_what_is_known_before_can_be_left_out_or_taken_of_fewer_images(tmp_path):
    fewer, _ = done(small_run(tmp_path, probing={"n_known": 8}), tmp_path / "fewer")
    assert table(fewer, "scores").filter(score="logme")["n_samples"].to_list() == [8]
    none, _ = done(small_run(tmp_path, probing={"n_known": 0}), tmp_path / "none")
    assert table(none, "scores").filter(epoch=0, split="train").is_empty()


def test_scores_are_those_of_the_predictions_kept(full):
    selected = record(full[1])["selected_epoch"]
    predictions = table(full[1], "predictions").filter(epoch=selected, split="test")
    chance = predictions["probabilities"].list.to_array(2).to_numpy()
    labels = predictions["label"].to_numpy()
    scores = table(full[1], "scores").filter(epoch=selected, split="test", confidence_source="head")
    found = dict(scores.select("score", "value").iter_rows())
    assert found["accuracy"] == (chance.argmax(axis=1) == labels).mean()
    expected = -sum(math.log(row[label]) for row, label in zip(chance, labels, strict=True))
    assert found["loss"] == pytest.approx(expected / len(labels), rel=1e-5)  # kept in 32 bit


def test_similarities_are_those_of_the_activations_kept(full):
    _, path, _ = full
    selected = record(path)["selected_epoch"]
    activations = table(path, "activations")
    kept = {
        epoch: torch.tensor(
            activations.filter(epoch=epoch, layer="blocks.3", probe="target")[
                "activation"
            ].to_list()
        )
        for epoch in (0, selected)
    }
    row = table(path, "similarities").row(
        by_predicate=(pl.col("epoch") == selected)
        & (pl.col("layer") == "blocks.3")
        & (pl.col("probe") == "target")
        & (pl.col("measure") == "cka_linear_debiased"),
        named=True,
    )
    assert row["value"] == pytest.approx(cka_linear_debiased(kept[selected], kept[0]), rel=1e-9)
    assert row["n_images"] == 10


def test_noise_floor_and_interval_of_every_measure_are_taken_at_the_selected_epoch(tmp_path):
    measures = ("rsa", "procrustes", "cka_linear")
    probing = {"measures": measures, "epochs": (1, 2), "n_permutations": 9, "n_blocks": 5}
    path, _ = done(small_run(tmp_path, probing=probing, with_source=False), tmp_path / "w")
    selected = record(path)["selected_epoch"]
    similarities = table(path, "similarities")
    inferred = ["null_mean", "null_sd", "null_p_value", "ci_low", "ci_high"]
    at_the_end = similarities.filter(epoch=selected)
    assert set(at_the_end["measure"]) == set(measures)
    assert at_the_end.select(inferred).null_count().sum_horizontal().item() == 0
    before = similarities.filter(pl.col("epoch") != selected, pl.col("measure") != "cka_linear")
    assert before.select(inferred).null_count().row(0) == (len(before),) * 5
    closed = similarities.filter(measure="cka_linear")
    assert closed["top_image_influence"].null_count() == 0
    assert set(similarities["n_effective"]) == {10}
    stages = table(path, "timings").filter(stage="resample")
    assert stages["epoch"].to_list() == [selected]


def test_resampling_changes_no_value(tmp_path):
    plain, resampled, every = (
        table(
            done(
                small_run(tmp_path, probing={"measures": ("rsa", "cka_linear"), **probing}),
                tmp_path / name,
            )[0],
            "similarities",
        )
        for name, probing in (
            ("plain", {"n_permutations": 0, "n_blocks": 0}),
            ("selected", {"n_permutations": 5, "n_blocks": 0}),
            ("every", {"n_permutations": 5, "n_blocks": 0, "resampled": "probed"}),
        )
    )
    key = ["epoch", "layer", "probe", "measure"]
    values = [rows.sort(key).select(*key, "value") for rows in (plain, resampled, every)]
    assert_frame_equal(values[0], values[1], check_exact=True)
    assert_frame_equal(values[0], values[2], check_exact=True)
    rsa = every.filter(measure="rsa")
    assert rsa["null_mean"].null_count() == 0
    assert rsa["epoch"].n_unique() == 3


def test_positions_are_paired_and_left_out_with_their_image(tmp_path):
    probing = {"tokens": ("spatial",), "measures": ("cca_mean",), "n_permutations": 5}
    path, _ = done(small_run(tmp_path, probing=probing, with_source=False), tmp_path / "w")
    rows = table(path, "similarities").filter(epoch=record(path)["selected_epoch"], probe="target")
    assert (rows["n_rows"] > rows["n_images"]).any()
    assert (rows["n_images"] == 10).all()
    assert (rows["n_effective"] < rows["n_rows"]).any()
    assert (rows["n_effective"] >= rows["n_images"]).all()
    assert rows["null_mean"].null_count() == 0


def test_patients_are_units_where_the_study_asks_for_it(tmp_path):
    probing = {"unit": "group", "n_target": 16, "n_permutations": 9, "epochs": "last"}
    measures = ("cka_linear_debiased", "procrustes")
    path, _ = done(small_run(tmp_path, probing={**probing, "measures": measures}), tmp_path / "w")
    rows = table(path, "similarities").filter(epoch=record(path)["selected_epoch"])
    target, source = rows.filter(probe="target"), rows.filter(probe="source")
    assert (target["n_rows"] == 16).all()
    assert (target["n_images"] == 8).all()  # two images of each patient
    assert (target["n_effective"] <= 16).all()
    assert (source["n_images"] == source["n_rows"]).all()  # one of each
    assert rows["null_mean"].null_count() == 0


def test_nothing_has_drifted_before_the_first_step(full):
    start = table(full[1], "similarities").filter(epoch=0)
    assert start["value"].to_list() == pytest.approx([1.0] * len(start), abs=1e-9)
    distances = table(full[1], "parameter_distances").filter(epoch=0)
    assert set(distances["value"]) == {0.0}


def test_mean_cca_is_left_out_where_it_is_undefined_and_the_log_says_so(full):
    _, path, _ = full
    defined = table(path, "similarities").filter(measure="cca_mean")
    assert (defined["n_features"] < defined["n_images"]).all()
    log = (path / "run.log").read_text()
    assert log.count("cca_mean: layer blocks.0 has 10 rows and 16 features") == 1


def test_the_log_says_in_which_space_cka_was_computed(full):
    log = (full[1] / "run.log").read_text()
    assert log.count("target probe, mean: linear CKA of ") == 1
    assert "through rows (10 rows)" in log


def test_the_record_says_what_ran(full):
    config, path, _ = full
    run = record(path)
    assert run["status"] == "complete"
    assert (run["n_train"] + run["n_validation"], run["n_test"]) == (32, 16)
    assert run["n_trainable_parameters"] == run["n_parameters"]
    assert run["data_hash"] == config.data_hash
    assert run["hyperparameters"]["threads"] == torch.get_num_threads()
    assert run["hyperparameters"]["dataset"]["validation_fraction"] == 0.15
    assert "path" not in run["hyperparameters"]["dataset"] | (
        run["hyperparameters"]["source"] or {}
    )
    assert {"torch", "timm", "python"} <= run["package_versions"].keys()
    assert run["weights_hash"] is None


def test_the_cost_of_the_network_is_recorded(full):
    _, path, _ = full
    timings = table(path, "timings").filter(pl.col("stage").str.starts_with("forward"))
    seconds = dict(timings.select("stage", "duration_s").iter_rows())
    assert 0 < seconds["forward_median"] <= seconds["forward_percentile_95"]
    assert set(timings["n_images"]) == {16}
    assert record(path)["n_flops"] > 256 * 2 * 2  # the head's alone
    losses = table(path, "scores").filter(split="validation", score="loss").sort("epoch")["value"]
    best = 1 + losses[1:].to_list().index(min(losses[1:]))
    n_steps = -(
        -record(path)["n_train"] // record(path)["hyperparameters"]["training"]["batch_size"]
    )
    assert record(path)["n_iterations_to_best"] == best * n_steps


def test_events_count_the_epochs(full):
    _, _, events = full
    assert [(event.kind, event.epoch) for event in events] == [
        ("started", 0),
        ("epoch", 1),
        ("epoch", 2),
        ("finished", 2),
    ]
    assert events[1].scores.keys() >= {"train_loss", "validation_loss", "validation_accuracy"}


def test_a_complete_run_is_not_run_again(full):
    config, path, _ = full
    with pytest.raises(WarehouseError, match="complete already"):
        done(config, path.parents[1])


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


@pytest.mark.parametrize(
    ("task", "score"),
    [
        ("multiclass", "auc_ovr_weighted"),
        ("ordinal", "kappa_quadratic"),
        ("multilabel", "map_macro"),
    ],
)
def test_every_task_is_scored_its_own_way(tmp_path, task, score):
    path, _ = done(small_run(tmp_path, task=task, with_source=False), tmp_path / "w")
    assert score in set(table(path, "scores").filter(split="test")["score"])
    predictions = table(path, "predictions")
    assert predictions["labels" if task == "multilabel" else "label"].null_count() == 0


def test_only_the_epochs_asked_for_are_probed_and_always_the_selected_one(tmp_path):
    config = small_run(
        tmp_path,
        training={"select": "best", "epochs": 3},
        probing={"epochs": "last"},
    )
    path, _ = done(config, tmp_path / "w")
    probed = {0, record(path)["selected_epoch"]}
    assert set(table(path, "similarities")["epoch"]) == probed
    assert set(table(path, "activations")["epoch"]) == probed
    assert set(table(path, "predictions")["epoch"]) == probed


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


def test_images_that_are_not_those_planned_are_refused(tmp_path):
    config = small_run(tmp_path).model_copy(update={"data_hash": "0" * 64})
    with pytest.raises(CollectError, match="not those that the run was planned with"):
        done(config, tmp_path / "w")
    assert not list((tmp_path / "w" / "runs").iterdir())
    assert not list((tmp_path / "w" / "spool").glob("*.partial"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pooling": "cls"}, "EfficientNet has no class token"),
        ({"probing": {"layers": ("layer4",)}}, "no layer 'layer4'"),
        ({"probing": {"measures": ("cka",)}}, "no measure 'cka'"),
        ({"probing": {"tokens": ("cls",)}}, "no class token"),
    ],
)
def test_refuses(tmp_path, changes, message):
    with pytest.raises(CollectError, match=message):
        done(small_run(tmp_path, **changes), tmp_path / "w")


def test_a_transformer_is_read_by_both_tokens(tmp_path):
    config = small_run(
        tmp_path,
        backbone="test_vit",
        pooling="cls+mean",
        probing={"tokens": ("cls", "mean")},
        training={"epochs": 1},
    )
    path, _ = done(config, tmp_path / "w")
    assert set(table(path, "similarities")["token"]) == {"cls", "mean"}
    votes = table(path, "scores").filter(confidence_source="knn")
    assert set(votes["token"]) == {"cls", "mean", "cls+mean"}
    assert record(path)["n_tokens"] == 5
    heads = table(path, "scores").filter(split="test", confidence_source="head")
    assert set(heads["token"]) == {"cls+mean"}
    known = table(path, "scores").filter(score="logme")
    assert set(known["token"]) == {"cls", "mean", "cls+mean"}


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


def test_a_random_network_is_a_reference_too(tmp_path):
    config = small_run(tmp_path, probing={"references": ("pretrained", "random")})
    path, _ = done(config, tmp_path / "w")
    start = table(path, "similarities").filter(epoch=0, reference="random")
    assert len(start)
    assert set(table(path, "similarities")["reference"]) == {"pretrained", "random"}


def test_all_pairs_of_layers_can_be_compared(tmp_path):
    config = small_run(
        tmp_path,
        probing={
            "pairs": "all",
            "measures": ("cka_linear_debiased",),
            "layers": ("blocks.0", "blocks.3"),
        },
    )
    path, _ = done(config, tmp_path / "w")
    pairs = table(path, "similarities").filter(epoch=1, probe="target")
    assert pairs.select("layer", "reference_layer").n_unique() == 4


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


def test_a_network_as_it_is_has_epoch_0_alone(tmp_path):
    path, events = done(small_run(tmp_path, adaptation="none"), tmp_path / "w")
    run = record(path)
    assert (run["selected_epoch"], run["n_trainable_parameters"]) == (0, 0)
    assert set(table(path, "scores")["epoch"]) == {0}
    assert [event.kind for event in events] == ["started", "finished"]
