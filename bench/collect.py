"""Fine-tuning with probing at every epoch against the bare loop; two workers against one.

The bare loop trains the same network on the same batches with the same optimiser. From the run's
time come off the forward passes that it must do: over the validation and test images and the
probes. Loading, measuring, intervals and writing count as overhead. One thread, and its processor
time, which other work on the machine does not change much; the least of alternating repeats each.

Workers are timed by the clock, from the start of their processes to the end of the last run: only
an idle machine with two cores gives a valid number.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from collect.configuration.sections import (
    DatasetConfig,
    ProbingConfig,
    SourceConfig,
    TrainingConfig,
)
from collect.configuration.study import RunConfig
from collect.data.inputs import network_input
from collect.data.run_data import RunData, run_data
from collect.datasets.load import load
from collect.executors.local import run_all
from collect.networks.adaptation import freeze
from collect.networks.assembly import run_backbone, run_network
from collect.probing.reading import read
from collect.recording.provenance import run_device
from collect.run import execute
from collect.training.losses import task_loss
from collect.training.optimisation import new_optimiser
from warehouse.layout import Layout

N_IMAGES, N_SOURCE, SIDE, EPOCHS, REPEATS = 1500, 1000, 64, 10, 2
N_RUNS, SHORT = 4, 1  # runs that workers share, and epochs of each


class Measured(NamedTuple):
    """One line of the table that `make bench` prints."""

    what: str
    against: str
    ratio: float
    goal: str


def rows() -> Iterator[Measured]:
    """Measure; takes about ten minutes on two cores."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder))
        yield Measured(
            "fine-tuning, probed at every epoch, less its forward passes",
            "the bare loop",
            overhead(config, Path(folder)),
            "<= 1.1",
        )
        yield Measured(
            f"runs per hour of two workers, {N_RUNS} runs",
            "one worker",
            speed_up(config, Path(folder)),
            ">= 1.7",
        )


def overhead(config: RunConfig, folder: Path) -> float:
    """Time of a run without its necessary forward passes, over that of the bare loop."""
    backbone = run_backbone(config)
    data = run_data(config, backbone.inputs, run_device())
    bare, passes, whole = [], [], []
    for repeat in range(REPEATS):
        bare.append(_seconds(partial(_bare_loop, config, data)))
        passes.append(_seconds(partial(_forward_passes, config, data)))
        layout = Layout(folder / f"overhead{repeat}")
        whole.append(_seconds(partial(execute, config, layout, lambda _: None)))
    return (min(whole) - min(passes)) / min(bare)


def speed_up(config: RunConfig, folder: Path) -> float:
    """Time in which one worker executes some runs, over that of two workers."""
    short = config.training.model_copy(update={"epochs": SHORT})
    runs = [
        config.model_copy(update={"seed": seed, "training": short}) for seed in range(1, 1 + N_RUNS)
    ]
    durations = []
    for workers in (1, 2):
        layout = Layout(folder / f"workers{workers}")
        start = time.perf_counter()
        run_all(runs, layout, workers=workers, on_event=lambda _: None)
        durations.append(time.perf_counter() - start)
    return durations[0] / durations[1]


def _bare_loop(config: RunConfig, data: RunData) -> None:
    device = run_device()
    torch.manual_seed(0)
    network = run_network(
        run_backbone(config), config, n_classes=data.target.n_classes, device=device
    )
    freeze(network, "nothing", None)
    optimiser = new_optimiser(network.parameters(), config.training)
    loss = task_loss(data.target.task)
    for _ in range(config.training.epochs):
        network.train()
        for positions in torch.randperm(len(data.train)).split(config.training.batch_size):  # type: ignore[no-untyped-call]
            inputs = network_input(data.train.images[positions], network.description.inputs)
            optimiser.zero_grad()
            loss(network(inputs), data.train.labels[positions]).backward()
            optimiser.step()


def _forward_passes(config: RunConfig, data: RunData) -> None:
    network = run_network(
        run_backbone(config), config, n_classes=data.target.n_classes, device=run_device()
    )
    if data.source is None:
        raise ValueError("the benchmark needs a source")
    read(network, data.train_sample(config.probing.n_known).images)
    for _ in range(config.training.epochs + 1):
        for part in (data.validation, data.test, data.source.bank, data.source.queries):
            read(network, part.images)


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _config(folder: Path) -> RunConfig:
    rng = np.random.default_rng(0)
    for name, n, n_classes in (("target", N_IMAGES, 2), ("natural", N_SOURCE, 10)):
        np.savez(
            folder / f"{name}.npz",
            train_images=rng.integers(0, 256, size=(n, SIDE, SIDE), dtype=np.uint8),
            train_labels=(np.arange(n) % n_classes).astype(np.uint8)[:, None],
        )
    dataset = DatasetConfig(path=str(folder / "target.npz"))
    return RunConfig(
        study="bench",
        dataset=dataset,
        data_hash=load(dataset).content_hash,
        source=SourceConfig(path=str(folder / "natural.npz"), n_bank=600, n_queries=300),
        backbone="tf_efficientnet_lite0",
        pretraining="random",
        adaptation="full",
        image_size=SIDE,
        fold=1,
        n_folds=5,
        training=TrainingConfig(epochs=EPOCHS),
        probing=ProbingConfig(n_target=200),
    )
