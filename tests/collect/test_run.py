"""A run leaves everything it promises, the same bits every time, and nothing when it fails."""

import math

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal

from collect.measures.unit_sums import cka_over_units, grouped_layer
from tests.collect.small_runs import done, record, small_run, table
from warehouse.errors import CollectError, WarehouseError

pytestmark = pytest.mark.train
TABLES = ("scores", "similarities", "parameter_distances", "predictions", "activations")


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
    probe = scores.filter(score="linear_probe_accuracy")
    assert probe.select("epoch", "split", "token").rows() == [(0, "test", "mean")]
    assert probe["n_samples"].item() == record(full[1])["n_test"]
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
    assert table(none, "scores").filter(score="linear_probe_accuracy").is_empty()


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


def test_similarities_are_those_of_the_activations_kept_over_patients(full):
    _, path, _ = full
    selected = record(path)["selected_epoch"]
    tested = table(path, "predictions").filter(split="test")
    patients = tested.select("sample_id", "group_id").unique()
    activations = (
        table(path, "activations")
        .filter(layer="blocks.3", probe="target")
        .join(patients, on="sample_id", how="left", maintain_order="left")
    )
    layers = [
        grouped_layer(
            torch.tensor(rows["activation"].to_list()),
            groups=torch.from_numpy(rows["group_id"].rank("dense").to_numpy().copy()),
        )
        for rows in (activations.filter(epoch=selected), activations.filter(epoch=0))
    ]
    row = table(path, "similarities").row(
        by_predicate=(pl.col("epoch") == selected)
        & (pl.col("layer") == "blocks.3")
        & (pl.col("probe") == "target")
        & (pl.col("measure") == "cka_linear_debiased"),
        named=True,
    )
    assert row["value"] == pytest.approx(cka_over_units(*layers), rel=1e-9)
    assert row["n_rows"] == 10
    assert row["n_images"] == layers[0].n_units < 10


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
    assert log.count("source probe, mean: linear CKA of ") == 1
    assert "through rows (12 rows)" in log


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
        ({"probing": {"n_target": 3}}, 'of 2 patients or groups.*probing.unit = "image"'),
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
    heads = table(path, "scores").filter(split="test", confidence_source="head", epoch=1)
    assert set(heads["token"]) == {"cls+mean"}
    known = table(path, "scores").filter(score="logme")
    assert set(known["token"]) == {"cls", "mean", "cls+mean"}


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


def test_a_network_as_it_is_has_epoch_0_alone(tmp_path):
    path, events = done(small_run(tmp_path, adaptation="none"), tmp_path / "w")
    run = record(path)
    assert (run["selected_epoch"], run["n_trainable_parameters"]) == (0, 0)
    assert set(table(path, "scores")["epoch"]) == {0}
    assert [event.kind for event in events] == ["started", "finished"]
