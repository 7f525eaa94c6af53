"""Runs on this machine: worker processes with one thread each, or one GPU each."""

import multiprocessing
import os
import threading
import traceback
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait

from collect.configuration.study import RunConfig
from collect.events import OnEvent, RunEvent
from collect.executors.outcome import report_failures
from warehouse.errors import RepdriftError
from warehouse.layout import Layout
from warehouse.spool import is_complete


def run_all(
    configs: Sequence[RunConfig], layout: Layout, *, workers: int = 1, on_event: OnEvent
) -> None:
    """Execute every run that is not complete yet; one that fails does not stop the others.

    Each worker is a process with one thread, however many there are, so that the numbers do not
    depend on how many. With CUDA devices, worker i uses device i modulo their number.

    Parameters
    ----------
    configs : sequence of RunConfig
        The runs.
    layout : Layout
        The warehouse.
    workers : int, default 1
        Processes that train at a time.
    on_event : callable
        Told what happens, in this process.

    Raises
    ------
    CollectError
        After all the others have ended, if a run failed; the message counts them and has the first
        reason.
    """
    pending: deque[RunConfig] = deque()
    for config in configs:
        if is_complete(layout, config.run_id):
            on_event(RunEvent(config.run_id, "skipped"))
        else:
            pending.append(config)
    failures: list[str] = []

    def told(event: RunEvent) -> None:
        if event.kind == "failed":
            failures.append(event.message)
        on_event(event)

    pool = [_Worker(index, layout) for index in range(min(workers, len(pending)))]
    try:
        _distribute(pending, pool, told)
    finally:
        for worker in pool:
            worker.stop()
    report_failures(failures, n_runs=len(configs))


def _distribute(pending: deque[RunConfig], pool: list["_Worker"], told: OnEvent) -> None:
    for worker in pool:
        worker.give(pending)
    while any(worker.run_id for worker in pool):
        busy = {worker.connection: worker for worker in pool if worker.run_id}
        for connection in wait(list(busy)):
            worker = busy[connection]  # type: ignore[index] # wait returns what it was given
            event = worker.receive()
            told(event)
            if event.kind not in ("started", "epoch"):
                worker.give(pending)


class _Worker:
    """A process that executes one run after another."""

    def __init__(self, index: int, layout: Layout) -> None:
        self.index = index
        self.layout = layout
        self.run_id = ""
        self._start()

    def give(self, pending: deque[RunConfig]) -> None:
        """Hand it the next run, if there is one."""
        self.run_id = ""
        if not pending:
            return
        if not self.process.is_alive():
            self._start()
        config = pending.popleft()
        self.run_id = config.run_id
        self.connection.send(config)

    def receive(self) -> RunEvent:
        """Return what it has to say; that it died, if it did."""
        try:
            event: RunEvent = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            code = self.process.exitcode
            reason = f"its process died (exit code {code}); killed, or out of memory"
            return RunEvent(self.run_id, "failed", message=f"run {self.run_id}: {reason}")
        return event

    def stop(self) -> None:
        """End the process: at once when it is in the middle of a run."""
        if self.run_id:
            self.process.terminate()
        self.connection.close()
        self.process.join()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=_work, args=(theirs, self.layout, self.index), daemon=True
        )
        self.process.start()
        theirs.close()


def _work(connection: Connection, layout: Layout, index: int) -> None:
    """Execute what the parent sends until it hangs up."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    import torch

    torch.set_num_threads(1)
    if torch.cuda.is_available():
        torch.cuda.set_device(index % torch.cuda.device_count())
    while True:
        try:
            config: RunConfig = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        _execute(config, layout, connection.send)


def _die_with_parent() -> None:
    """End this process when its parent was killed: a new one must find the runs unlocked."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _execute(config: RunConfig, layout: Layout, send: OnEvent) -> None:
    from collect.run import execute

    try:
        execute(config, layout, send)
    except RepdriftError as error:
        send(RunEvent(config.run_id, "failed", message=str(error)))
    except Exception as error:  # noqa: BLE001 # one run's bug must not stop the others
        traceback.print_exc()
        message = f"run {config.run_id}: {type(error).__name__}: {error}"
        send(RunEvent(config.run_id, "failed", message=message))
