"""One run after another, each in all processes that torchrun started."""

import os
from collections.abc import Sequence
from datetime import timedelta

from collect.configuration.study import RunConfig
from collect.events import OnEvent, RunEvent
from warehouse.errors import CollectError
from warehouse.layout import Layout
from warehouse.spool import is_complete

PATIENCE = timedelta(days=1)  # the others wait while the first process measures


def is_first() -> bool:
    """Whether this process is the one that shows and records."""
    return os.environ.get("RANK", "0") == "0"


def run_all(configs: Sequence[RunConfig], layout: Layout, *, on_event: OnEvent) -> None:
    """Execute every run that is not complete yet, in all processes together.

    Each process trains on its part of every batch; gradients are averaged, so the batch of the
    study is the batch of all. The first process reads, measures and records. On GPUs each process
    has one, and batch norms take their statistics over all.

    Parameters
    ----------
    configs : sequence of RunConfig
        The runs, the same in every process.
    layout : Layout
        The warehouse; only the first process writes.
    on_event : callable
        Told what happens, in the first process.

    Raises
    ------
    CollectError
        If torchrun did not start this process, or a run cannot be trained this way.
    RepdriftError
        As soon as a run fails: it ends the processes.
    """
    if "RANK" not in os.environ:
        raise CollectError(
            "--executor torchrun: start with torchrun --nproc-per-node N --no-python "
            "repdrift collect run ... --executor torchrun"
        )
    import torch
    from torch import distributed

    from collect.following import follow
    from collect.run import execute
    from collect.training.parallel import of_first

    for config in configs:
        _require_divisible(config)
    has_gpu = torch.cuda.is_available()
    if has_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.set_num_threads(1)
    distributed.init_process_group("nccl" if has_gpu else "gloo", timeout=PATIENCE)
    try:
        for config in configs:
            if of_first(is_complete(layout, config.run_id)):
                on_event(RunEvent(config.run_id, "skipped"))
            elif is_first():
                execute(config, layout, on_event)
            else:
                follow(config)
    finally:
        distributed.destroy_process_group()


def _require_divisible(config: RunConfig) -> None:
    """Refuse what parts of a batch would not add up to."""
    training, n = config.training, int(os.environ["WORLD_SIZE"])
    if training.batch_size < 2 * n:
        raise CollectError(f"--executor torchrun: batch_size = {training.batch_size} for {n}")
    if training.out_of_memory != "stop":
        raise CollectError(
            "--executor torchrun: training.out_of_memory = 'halve_batch' would halve the batch of "
            "one process; more processes need less memory each"
        )
    if training.compile:
        raise CollectError("--executor torchrun: training.compile is for one process; leave it out")
    if training.class_weights != "none" and config.dataset.task != "multilabel":
        raise CollectError(
            "--executor torchrun: training.class_weights = 'balanced' weighs within a batch, "
            "which its parts do not add up to"
        )
