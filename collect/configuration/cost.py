"""What a study will cost: a few steps of each network on this device, times the images it sees."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import torch

from collect.configuration.plan import Plan, split_name, splits_of
from collect.configuration.study import RunConfig
from collect.data.splits import Split
from collect.networks.adaptation import freeze, phases
from collect.networks.assembly import run_backbone, run_network
from collect.recording.provenance import run_device
from collect.training.epochs import autocast
from collect.training.optimisation import new_optimiser

MIN_SECONDS = 0.5
MAX_BATCH = 16
N_BYTES = 4  # float32


@dataclass(frozen=True)
class Speed:
    """Measured speed of one network on one device.

    Parameters
    ----------
    train_s : float
        Seconds of a training step per image: forward, backward, update.
    forward_s : float
        Seconds of a forward pass per image.
    n_activations : int
        Values that are kept of one image over all layers, for one token.
    """

    train_s: float
    forward_s: float
    n_activations: int


def costs(plan: Plan) -> pl.DataFrame:
    """Estimate time and disk of every run of a plan.

    Networks are measured with random weights, so that the pre-trained ones need not be at hand.

    Returns
    -------
    polars.DataFrame
        ``run_id``, ``hours`` (passes through the network at the most epochs that the run may take;
        measures, reading and early stopping are not in it) and ``disk_mb`` (activations and
        predictions before compression).

    Raises
    ------
    CollectError
        If a network is unknown or does not fit into memory.
    """
    speeds: dict[object, Speed] = {}
    splits = {name: splits_of(plan.images[name], plan.runs_on(name)) for name in plan.images}
    rows = []
    for run in plan.runs:
        n_classes = plan.images[run.dataset.name].n_classes
        key = (*(getattr(run, name) for name in _DECIDES_SPEED), n_classes, run.training.precision)
        if key not in speeds:
            speeds[key] = measured_speed(run, n_classes)
        split = splits[run.dataset.name][split_name(run)]
        rows.append(
            {
                "run_id": run.run_id,
                "hours": run_seconds(run, split, speeds[key]) / 3600,
                "disk_mb": run_bytes(run, split, speeds[key], n_classes) / 1e6,
            }
        )
    return pl.DataFrame(rows)


_DECIDES_SPEED = (
    "backbone", "adaptation", "n_blocks", "pooling", "head", "head_backbone", "image_size",
)  # fmt: skip


def measured_speed(config: RunConfig, n_classes: int) -> Speed:
    """Time training steps and forward passes of a run's network, about a second in all."""
    device = run_device()
    config = config.model_copy(update={"head_pretraining": "random"})
    backbone = run_backbone(config, pretraining="random")
    network = run_network(backbone, config, n_classes=n_classes, device=device)
    frozen = [phase.frozen for phase in phases(config.adaptation, config.training)][-1:]
    freeze(network, frozen[0] if frozen else "backbone", config.n_blocks)
    size = backbone.inputs.size
    images = torch.randn(min(config.training.batch_size, MAX_BATCH), 3, size, size, device=device)
    optimiser = new_optimiser(network.parameters(), config.training)

    def train() -> None:
        optimiser.zero_grad()
        with autocast(device.type, config.training.precision):
            loss = network(images).float().square().mean()
        loss.backward()
        optimiser.step()

    def forward() -> None:
        with torch.inference_mode():
            network(images)

    network.train()
    train_s = _seconds(train, device) if frozen else 0.0
    network.eval()
    return Speed(
        train_s=train_s / len(images),
        forward_s=_seconds(forward, device) / len(images),
        n_activations=sum(layer.n_features for layer in backbone.layers),
    )


def run_seconds(run: RunConfig, split: Split, speed: Speed) -> float:
    """Seconds of the passes through the network that a run makes at most."""
    training = run.training
    is_cached = training.augmentation == "none" and run.head == "linear"
    n_epochs, seconds = 0, 0.0
    stages = phases(run.adaptation, training)
    for stage in stages:
        n_epochs += stage.settings.epochs
        n_seen = len(split.train) * stage.settings.epochs
        if stage.frozen == "backbone" and is_cached:
            seconds += len(split.train) * speed.forward_s
        elif stage.frozen == "backbone" and len(stages) > 1:
            seconds += n_seen * speed.forward_s
        else:
            seconds += n_seen * speed.train_s
    seconds *= 1 + len(training.search_learning_rates)
    n_evaluated = (n_epochs + 1) * (len(split.validation) + len(split.test))
    n_source = n_probes(run, n_epochs) * (
        run.source.n_bank + run.source.n_queries if run.source else 0
    )
    return seconds + (n_evaluated + n_source) * speed.forward_s


def run_bytes(run: RunConfig, split: Split, speed: Speed, n_classes: int) -> float:
    """Bytes of activations (two checkpoints) and predictions, before compression."""
    n_queries = run.source.n_queries if run.source else 0
    n_target = min(run.probing.n_target, len(split.test))
    n_tokens = sum(token != "spatial" for token in run.probing.tokens)
    n_kept = 2 * n_tokens * speed.n_activations * (n_target + n_queries)
    n_epochs = sum(phase.settings.epochs for phase in phases(run.adaptation, run.training))
    n_predicted = (
        len(split.validation) + len(split.test) + n_queries * len(run.probing.n_neighbours)
    )
    values = n_probes(run, n_epochs) * n_predicted * n_classes
    return N_BYTES * ((n_kept if run.probing.keep_activations else 0) + values)


def n_probes(run: RunConfig, n_epochs: int) -> int:
    """Count the probes of a run: before the first step, as asked, and at its selected epoch."""
    asked = run.probing.epochs
    if asked == "all":
        return n_epochs + 1
    if asked == "last":
        return 2
    return 1 + len({epoch for epoch in asked if 0 < epoch < n_epochs} | {n_epochs})


def _seconds(step: Callable[[], None], device: torch.device) -> float:
    """Seconds of one step: the mean over half a second, after one that warms up."""
    step()
    _wait(device)
    start, n_steps = time.perf_counter(), 0
    while n_steps == 0 or time.perf_counter() - start < MIN_SECONDS:
        step()
        _wait(device)
        n_steps += 1
    return (time.perf_counter() - start) / n_steps


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
