"""The command: weights and a card come out, an interrupted one goes on, errors are one line."""

import hashlib
import json

import pytest
import torch
from safetensors.torch import load_file

from collect.miniatures.network import build
from collect.miniatures.photographs import read_archive
from collect.miniatures.pretrain import OBJECTIVES, divided, main, new_objective, pretrain, save
from collect.miniatures.training import Recipe, Training

pytestmark = pytest.mark.train


def arguments(name, archive_path, out, *more):
    return [
        name, "--images", str(archive_path), "--out", str(out), "--device", "cpu",
        "--batch-size", "16", "--epochs", "1", "--limit", "60", *more,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name == "selfsupervised" else ())
        for name in OBJECTIVES
    ],
)
def test_each_way_writes_weights_that_load_and_a_card_that_knows_them(name, archive_path, tmp_path):
    main(arguments(name, archive_path, tmp_path))
    weights, card_path = tmp_path / f"{name}.safetensors", tmp_path / f"{name}.json"
    card = json.loads(card_path.read_text())
    state = load_file(weights)
    assert {value.dtype for value in state.values()} == {torch.float16}
    build().load_state_dict(state)
    start = build(seed=0).state_dict()
    assert any((state[key] != start[key].half()).any() for key in start)
    assert card["weights"]["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert card["data"]["sha256"] == hashlib.sha256(archive_path.read_bytes()).hexdigest()
    assert card["cost"]["steps"] == 54 // 16
    assert card["data"]["n_held_out"] == 6
    for network in ("pretrained", "random"):
        for measure in ("knn_accuracy", "linear_probe_accuracy"):
            found = card["evaluation"][network][measure]
            assert found["ci_low"] <= found["accuracy"] <= found["ci_high"]
            assert found["n"] == 60
    assert sorted(path.name for path in tmp_path.iterdir()) == [card_path.name, weights.name]


def test_an_interrupted_pretraining_goes_on_after_its_last_epoch(archive_path, tmp_path):
    archive = read_archive(archive_path).limited(40)
    recipe = Recipe(epochs=2, batch_size=18)
    images, _ = divided(archive.train, recipe.seed)
    training = Training(
        new_objective("supervised", archive.class_names, recipe.seed), images, recipe
    )
    first = {"epoch": 1, "loss": training.run_epoch()}
    checkpoint = tmp_path / "supervised.checkpoint.pt"
    save(training, "supervised", [first], checkpoint)
    card = json.loads(
        pretrain("supervised", archive, recipe, out=tmp_path, checkpoint=checkpoint, device="cpu")
        .read_text()
    )  # fmt: skip
    assert card["log"][0] == first
    assert [row["epoch"] for row in card["log"]] == [1, 2]
    assert card["cost"]["steps"] == 4
    assert not checkpoint.exists()


def test_refuses_a_checkpoint_of_another_recipe(archive_path, tmp_path):
    identity = {"name": "supervised", "recipe": {"epochs": 7}}
    torch.save({"identity": identity}, tmp_path / "supervised.checkpoint.pt")
    with pytest.raises(SystemExit, match="belongs to another pre-training"):
        main(arguments("supervised", archive_path, tmp_path))


def test_says_in_one_line_what_is_missing(tmp_path):
    with pytest.raises(SystemExit, match=r"^error: no image archive at"):
        main(arguments("supervised", tmp_path / "none.npz", tmp_path))
