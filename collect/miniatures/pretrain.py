"""Pre-train a miniature from the images: ``python -m collect.miniatures.pretrain NAME``.

Writes NAME.safetensors (the backbone alone, float16) and NAME.json (its model card). Interrupted,
it goes on from its last checkpoint when it is called again in the same way.
"""

import argparse
import json
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from collect.miniatures.card import evaluated, model_card
from collect.miniatures.contrastive import Contrastive
from collect.miniatures.evaluation import encoded, knn_accuracy
from collect.miniatures.objective import Objective
from collect.miniatures.photographs import Archive, Photographs, read_archive
from collect.miniatures.selfdistillation import SelfDistillation
from collect.miniatures.supervised import Supervised
from collect.miniatures.training import Recipe, Training
from warehouse.errors import CollectError, RepdriftError

OBJECTIVES: dict[str, Callable[[tuple[str, ...]], Objective]] = {
    "supervised": Supervised,
    "contrastive": Contrastive,
    "selfsupervised": SelfDistillation,
}
CHECKPOINT_EVERY_S = 60.0
LOG = logging.getLogger(__name__)


def pretrain(
    name: str, archive: Archive, recipe: Recipe, *, out: Path, checkpoint: Path, device: str
) -> Path:
    """Pre-train one miniature and write its weights and its card.

    Parameters
    ----------
    name : {'supervised', 'contrastive', 'selfsupervised'}
        The way of pre-training.
    archive : Archive
        Training images, of which a tenth (at most 2,000) is kept out to follow the training, and
        test images, which are looked at once, at the end.
    recipe : Recipe
        Hyper-parameters.
    out : Path
        Folder of NAME.safetensors and NAME.json.
    checkpoint : Path
        File to save to and go on from; removed at the end.
    device : str
        'cpu' or 'cuda'.

    Returns
    -------
    Path
        The model card.
    """
    objective = new_objective(name, archive.class_names, recipe.seed).to(device)
    images, held_out = divided(archive.train.to(torch.device(device)), recipe.seed)
    training = Training(objective, images, recipe)
    log = _resumed(training, name, checkpoint)
    LOG.info("%s: %d images on %s, from epoch %d", name, len(images), device, training.epoch)
    last_save = time.monotonic()
    while not training.is_finished:
        loss = training.run_epoch()
        row: dict[str, object] = {"epoch": training.epoch, "loss": loss}
        if training.epoch % 10 == 1 or training.is_finished:
            bank = images.take(torch.arange(min(10_000, len(images)), device=device))
            known, asked = (encoded(objective.network, part) for part in (bank, held_out))
            row["knn_accuracy_held_out"] = knn_accuracy(known, asked).accuracy
        row |= {"seconds": training.seconds, "progress": training.progress(training.seconds)}
        log.append(row)
        LOG.info("%s %s", name, " ".join(f"{key} {_short(value)}" for key, value in row.items()))
        if time.monotonic() - last_save > CHECKPOINT_EVERY_S:
            save(training, name, log, checkpoint)
            last_save = time.monotonic()
    save(training, name, log, checkpoint)
    weights = _write_weights(training.objective, out / f"{name}.safetensors")
    evaluation = evaluated(weights, archive, seed=recipe.seed, device=device)
    card = out / f"{name}.json"
    content = model_card(weights, training, archive, evaluation=evaluation, log=log)
    card.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    checkpoint.unlink()
    return card


def new_objective(name: str, class_names: tuple[str, ...], seed: int) -> Objective:
    """Objective of a name with weights drawn from a seed, ready to train."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return OBJECTIVES[name](class_names).train()


def divided(images: Photographs, seed: int) -> tuple[Photographs, Photographs]:
    """Images to learn from, and a tenth (at most 2,000) to follow the training with."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    n_held_out = min(2_000, len(images) // 10)
    order = order.to(images.labels.device)
    return images.take(order[n_held_out:]), images.take(order[:n_held_out])


def save(training: Training, name: str, log: Sequence[Mapping[str, object]], path: Path) -> None:
    """Write a checkpoint beside the old one, then put it in its place."""
    partial = path.with_suffix(".partial")
    identity = {"name": name, "recipe": asdict(training.recipe)}
    torch.save({**training.state(), "log": list(log), "identity": identity}, partial)
    partial.replace(path)


def _resumed(training: Training, name: str, path: Path) -> list[dict[str, object]]:
    """Go on from a checkpoint where there is one; returns its log."""
    if not path.is_file():
        return []
    state = torch.load(path, map_location=training.device, weights_only=True)
    if state["identity"] != {"name": name, "recipe": asdict(training.recipe)}:
        msg = f"{path} belongs to another pre-training: delete it, or repeat its options"
        raise CollectError(msg)
    training.resume(state)
    log: list[dict[str, object]] = state["log"]
    return log


def _write_weights(objective: Objective, path: Path) -> Path:
    """Write the backbone's parameters as float16."""
    state = objective.network.state_dict()
    save_file({key: value.half().cpu().contiguous() for key, value in state.items()}, path)
    return path


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _parser() -> argparse.ArgumentParser:
    standard = Recipe()
    parser = argparse.ArgumentParser(prog="python -m collect.miniatures.pretrain")
    parser.add_argument("name", choices=OBJECTIVES, help="way of pre-training")
    parser.add_argument("--images", type=Path, required=True, help="CIFAR-10 as an NPZ of JPEGs")
    parser.add_argument("--out", type=Path, required=True, help="folder of the weights and card")
    parser.add_argument("--checkpoints", type=Path, help="folder of the checkpoint; default --out")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--epochs", type=int, default=standard.epochs)
    parser.add_argument("--batch-size", type=int, default=standard.batch_size)
    parser.add_argument("--learning-rate", type=float, default=standard.learning_rate)
    parser.add_argument("--seed", type=int, default=standard.seed)
    parser.add_argument(
        "--max-seconds", type=float, default=math.inf, help="end the training after this time"
    )
    parser.add_argument("--limit", type=int, help="so many training and test images at most")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, pre-train, and print an expected error as one line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = _parser().parse_args(arguments)
    recipe = Recipe(
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        seed=options.seed,
        max_seconds=options.max_seconds,
    )
    checkpoints = options.checkpoints or options.out
    checkpoint = checkpoints / f"{options.name}.checkpoint.pt"
    try:
        archive = read_archive(options.images).limited(options.limit)
        for folder in (options.out, checkpoints):
            folder.mkdir(parents=True, exist_ok=True)
        card = pretrain(
            options.name, archive, recipe,
            out=options.out, checkpoint=checkpoint, device=options.device,
        )  # fmt: skip
    except RepdriftError as error:
        raise SystemExit(f"error: {error}") from error
    LOG.info("wrote %s", card)


if __name__ == "__main__":
    main()
