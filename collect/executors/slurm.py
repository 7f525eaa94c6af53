"""Runs on a Slurm cluster: one array of jobs, each of which goes on where it was interrupted."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collect.configuration.study import RunConfig
from collect.events import OnEvent, RunEvent
from collect.executors.outcome import report_failures
from warehouse.errors import CollectError
from warehouse.layout import Layout
from warehouse.spool import is_complete

ENDED = ("CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")


@dataclass(frozen=True)
class SlurmSettings:
    """What a job asks of the cluster.

    Parameters
    ----------
    partition, account : str, optional
        The cluster's defaults if None.
    time_min : int, default 240
        Minutes after which a job is interrupted; it is put back into the queue and goes on after
        its last completed epoch.
    n_gpus : int, default 0
        GPUs of a job.
    n_cpus : int, default 1
        CPU cores of a job.
    memory_gb : int, default 8
        Memory of a job.
    n_parallel : int, default 64
        Jobs that may run at a time.
    """

    partition: str | None = None
    account: str | None = None
    time_min: int = 240
    n_gpus: int = 0
    n_cpus: int = 1
    memory_gb: int = 8
    n_parallel: int = 64

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as submitit names them."""
        found: dict[str, Any] = {
            "timeout_min": self.time_min,
            "cpus_per_task": self.n_cpus,
            "mem_gb": self.memory_gb,
            "nodes": 1,
            "tasks_per_node": 1,
            "slurm_array_parallelism": self.n_parallel,
        }
        if self.n_gpus:
            found["gpus_per_node"] = self.n_gpus
        for name in ("partition", "account"):
            if getattr(self, name) is not None:
                found[f"slurm_{name}"] = getattr(self, name)
        return found


def run_all(
    configs: Sequence[RunConfig],
    layout: Layout,
    *,
    settings: SlurmSettings,
    on_event: OnEvent,
    poll_s: float = 10.0,
) -> None:
    """Submit every run that is not complete as one array of jobs, and wait for them.

    When this process is killed the jobs go on; the same command later submits what is missing.

    Parameters
    ----------
    configs : sequence of RunConfig
        The runs. Paths in them must mean the same on every node.
    layout : Layout
        The warehouse, on a file system that every node sees.
    settings : SlurmSettings
        What a job asks for.
    on_event : callable
        Told when a run starts, ends or fails.
    poll_s : float, default 10
        Seconds between two looks at the queue.

    Raises
    ------
    CollectError
        If submitit or Slurm is not there, or, after all the others have ended, if a run failed.
    """
    pending = []
    for config in configs:
        if is_complete(layout, config.run_id):
            on_event(RunEvent(config.run_id, "skipped"))
        else:
            pending.append(config)
    if not pending:
        return
    absolute = Layout(layout.root.resolve())
    jobs = _submitted(pending, absolute, settings)
    failures = _watched(jobs, absolute, on_event, poll_s)
    report_failures(failures, n_runs=len(configs))


def job_states(job_ids: Sequence[str]) -> dict[str, str]:
    """Ask the queue for the state of jobs; one that it has forgotten is absent.

    The queue is asked, not the accounting, which many clusters do not have.
    """
    command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i %T"]
    done = subprocess.run([*command, f"--jobs={','.join(job_ids)}"], capture_output=True, text=True)
    if done.returncode and "Invalid job id" not in done.stderr:
        raise CollectError(f"squeue: {done.stderr.strip()}")
    pairs = (line.split() for line in done.stdout.splitlines())
    return {job: state for job, state in pairs if job in job_ids}


class SlurmRun:
    """One run as a job: executed, and handed in again when the job is interrupted.

    Parameters
    ----------
    config : RunConfig
        The run.
    layout : Layout
        The warehouse.
    """

    def __init__(self, config: RunConfig, layout: Layout) -> None:
        self.config = config
        self.layout = layout

    def __call__(self) -> None:
        """Execute the run, unless an earlier job finished it."""
        import torch

        from collect.run import execute

        torch.set_num_threads(1)
        if not is_complete(self.layout, self.config.run_id):
            execute(self.config, self.layout, lambda _: None)

    def checkpoint(self) -> Any:  # noqa: ANN401 # submitit's type, which is not always installed
        """Hand the run in again when the job runs out of time or is preempted."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def _submitted(
    configs: Sequence[RunConfig], layout: Layout, settings: SlurmSettings
) -> dict[str, tuple[str, Any]]:
    """Job id to run id and submitit's handle."""
    try:
        import submitit
    except ImportError as error:
        raise CollectError("--executor slurm needs submitit: pip install submitit") from error
    layout.runs.mkdir(parents=True, exist_ok=True)
    try:
        executor = submitit.AutoExecutor(folder=layout.root / "slurm" / "%j", cluster="slurm")
    except RuntimeError as error:
        raise CollectError(
            "--executor slurm: there is no Slurm here (srun is not found)"
        ) from error
    executor.update_parameters(name="repdrift", **settings.parameters())
    try:
        with executor.batch():
            jobs = [executor.submit(SlurmRun(config, layout)) for config in configs]
    except submitit.core.utils.FailedJobError as error:
        reason = "; ".join(str(error).strip().splitlines())
        raise CollectError(f"--executor slurm: {reason}") from error
    pairs = zip(jobs, configs, strict=True)
    return {str(job.job_id): (config.run_id, job) for job, config in pairs}


def _watched(
    jobs: dict[str, tuple[str, Any]], layout: Layout, on_event: OnEvent, poll_s: float
) -> list[str]:
    """Tell what happens until no job is left; return why runs failed."""
    left, started, failures = dict(jobs), set(), list[str]()
    while left:
        time.sleep(poll_s)
        states = job_states(list(left))
        for job_id, (run_id, job) in list(left.items()):
            state = states.get(job_id, "GONE")
            if state in ("RUNNING", "COMPLETING") and run_id not in started:
                started.add(run_id)
                on_event(RunEvent(run_id, "started"))
            if is_complete(layout, run_id):
                on_event(RunEvent(run_id, "finished"))
            elif state in (*ENDED, "COMPLETED", "GONE"):
                failures.append(_reason(run_id, job, state))
                on_event(RunEvent(run_id, "failed", message=failures[-1]))
            else:
                continue
            del left[job_id]
    return failures


def _reason(run_id: str, job: Any, state: str) -> str:  # noqa: ANN401
    """Last line of the job's error output, which names the reason, or the state alone."""
    log = Path(str(job.paths.stderr))
    lines = log.read_text(errors="replace").strip().splitlines() if log.is_file() else []
    reasons = [line for line in lines if "Error" in line]
    return f"run {run_id}: {reasons[-1] if reasons else f'its job was {state.lower()}'} (see {log})"
