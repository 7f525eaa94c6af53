"""Runs on a Ray cluster: one task each, which goes on from its last epoch on another worker."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

from collect.configuration.study import RunConfig
from collect.events import OnEvent, RunEvent
from collect.executors.outcome import report_failures
from warehouse.errors import CollectError, RepdriftError
from warehouse.layout import Layout
from warehouse.spool import is_complete

STORE_BYTES = 100 * 2**20  # configurations travel, nothing else


@dataclass(frozen=True)
class RaySettings:
    """Which cluster, and what a run asks of it.

    Parameters
    ----------
    address : str, optional
        A running cluster (``auto``, ``host:port`` or ``ray://host:port``); a local one is started,
        and ended afterwards, if None.
    n_workers : int, default 1
        Runs at a time on a local cluster.
    n_cpus : int, default 1
        CPU cores that a run reserves; it uses one thread, as with every executor.
    n_gpus : float, default 0
        GPUs, or the share of one, that a run reserves.
    n_retries : int, default 3
        How often a run whose worker was lost goes on with another one.
    """

    address: str | None = None
    n_workers: int = 1
    n_cpus: int = 1
    n_gpus: float = 0
    n_retries: int = 3


def run_all(
    configs: Sequence[RunConfig],
    layout: Layout,
    *,
    settings: RaySettings,
    on_event: OnEvent,
    poll_s: float = 0.5,
) -> None:
    """Execute every run that is not complete yet; one that fails does not stop the others.

    Parameters
    ----------
    configs : sequence of RunConfig
        The runs. Paths in them must mean the same on every node.
    layout : Layout
        The warehouse, on a file system that every node sees.
    settings : RaySettings
        The cluster, and what a run asks of it.
    on_event : callable
        Told what happens, in this process.
    poll_s : float, default 0.5
        Longest time in seconds until it is told.

    Raises
    ------
    CollectError
        If Ray or the cluster is not there or too small for a run; or, after all the others have
        ended, if a run failed.
    """
    pending = []
    for config in configs:
        if is_complete(layout, config.run_id):
            on_event(RunEvent(config.run_id, "skipped"))
        else:
            pending.append(config)
    if not pending:
        return
    with _cluster(settings) as ray:
        _require_room(ray, settings)
        failures = _distributed(ray, pending, layout, settings, on_event, poll_s)
    report_failures(failures, n_runs=len(configs))


@contextmanager
def _cluster(settings: RaySettings) -> Iterator[Any]:
    """Connect to the cluster, or start one on the loopback interface; leave, or end it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise CollectError("--executor ray needs Ray: pip install ray") from error
    if settings.address is None:
        where: dict[str, Any] = {
            "num_cpus": settings.n_workers * settings.n_cpus,
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
            "_node_ip_address": "127.0.0.1",
        }
    else:
        where = {"address": settings.address}
    try:
        ray.init(log_to_driver=False, configure_logging=False, **where)
    except (ConnectionError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise CollectError(f"--executor ray: no cluster at {settings.address}: {reason}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _require_room(ray: Any, settings: RaySettings) -> None:  # noqa: ANN401 # an optional module
    """Refuse what would wait for ever."""
    there = ray.cluster_resources()
    for name, wanted in (("CPU", settings.n_cpus), ("GPU", settings.n_gpus)):
        if wanted > there.get(name, 0):
            raise CollectError(
                f"--executor ray: a run asks for {wanted:g} {name} and the cluster has "
                f"{there.get(name, 0):g}"
            )


def _distributed(
    ray: Any,  # noqa: ANN401
    configs: Sequence[RunConfig],
    layout: Layout,
    settings: RaySettings,
    on_event: OnEvent,
    poll_s: float,
) -> list[str]:
    """Hand out all runs and tell what happens until the last has ended; return why some failed."""
    from ray.exceptions import RayError
    from ray.util.queue import Queue

    events = Queue(actor_options={"num_cpus": 0})
    task = ray.remote(_execute).options(
        name="repdrift", num_cpus=settings.n_cpus, num_gpus=settings.n_gpus,
        max_retries=settings.n_retries,
    )  # fmt: skip
    absolute = Layout(layout.root.resolve())
    left = {task.remote(config, absolute, Path.cwd(), events): config for config in configs}
    failures: list[str] = []
    while left:
        ended, _ = ray.wait(list(left), timeout=poll_s)
        _tell(events, on_event)
        for one in ended:
            config = left.pop(one)
            try:
                reason = ray.get(one)
            except RayError as error:
                kind = type(error).__name__
                reason = f"run {config.run_id}: its worker was lost too often ({kind})"
            if reason:
                failures.append(reason)
                on_event(RunEvent(config.run_id, "failed", message=reason))
    return failures


def _tell(events: Any, on_event: OnEvent) -> None:  # noqa: ANN401
    """Pass on what the runs have said since the last time."""
    while True:
        try:
            on_event(events.get_nowait())
        except Empty:
            return


def _execute(config: RunConfig, layout: Layout, folder: Path, events: Any) -> str:  # noqa: ANN401
    """Execute a run on a worker; return why it failed, or nothing."""
    import torch

    from collect.run import execute

    torch.set_num_threads(1)
    try:
        os.chdir(folder)  # paths of a study are relative to where the command was given
        if is_complete(layout, config.run_id):  # the worker was lost after its last step
            events.put(RunEvent(config.run_id, "finished"))
        else:
            execute(config, layout, events.put)
    except RepdriftError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 # one run's bug must not stop the others
        return f"run {config.run_id}: {type(error).__name__}: {error}"
    return ""
