"""Shows how far a study is: bars with the time left on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from collect.configuration.study import RunConfig
from collect.events import OnEvent, RunEvent


@contextmanager
def shown(runs: Sequence[RunConfig], console: Console, *, quiet: bool) -> Iterator[OnEvent]:
    """Show events of these runs on the console until the block is left.

    Parameters
    ----------
    runs : sequence of RunConfig
        The runs that are going to be executed.
    console : rich.console.Console
        Where to write, usually standard error.
    quiet : bool
        Show nothing but failures.
    """
    names = {run.run_id: described(run) for run in runs}
    if quiet or not console.is_terminal:
        yield _PlainLines(names, console, quiet=quiet)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[scores]}"),
    )
    # The rate is that of the whole study: rich forgets steps of more than half a minute by default.
    with Progress(*columns, console=console, speed_estimate_period=float("inf")) as progress:
        yield _Bars(names, progress)


def described(run: RunConfig) -> str:
    """One run in a line: ``pneumonia tf_efficientnet_lite0 full fold 2/5 seed 0``."""
    adaptation = run.adaptation if run.n_blocks is None else f"{run.adaptation} {run.n_blocks}"
    words = [run.dataset.name, run.backbone, run.pretraining, adaptation, run.pooling]
    if run.fold is not None:
        words.append(f"fold {run.fold}/{run.n_folds}")
    return " ".join([*words, f"seed {run.seed}"])


class _PlainLines:
    """A line when a run ends."""

    def __init__(self, names: dict[str, str], console: Console, *, quiet: bool) -> None:
        self._names, self._console, self._quiet = names, console, quiet
        self._n_ended = 0
        self._began = time.monotonic()

    def __call__(self, event: RunEvent) -> None:
        if event.kind in ("started", "epoch"):
            return
        self._n_ended += 1
        if self._quiet and event.kind not in ("failed", "diverged"):
            return
        elapsed = time.monotonic() - self._began
        left = elapsed / self._n_ended * (len(self._names) - self._n_ended)
        words = [
            f"{self._n_ended}/{len(self._names)}",
            event.kind,
            self._names.get(event.run_id, event.run_id),
            _scores(event),
            event.message,
            f"{_minutes(elapsed)} elapsed, about {_minutes(left)} left",
        ]
        self._console.print(
            "  ".join(word for word in words if word), markup=False, highlight=False, soft_wrap=True
        )


class _Bars:
    """One bar for the study, one for each run under way."""

    def __init__(self, names: dict[str, str], progress: Progress) -> None:
        self._names, self._progress = names, progress
        self._study = progress.add_task("runs", total=len(names), scores="")
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, float] = {}  # share of each run

    def __call__(self, event: RunEvent) -> None:
        name = self._names.get(event.run_id, event.run_id)
        if event.kind in ("started", "epoch"):
            if event.run_id not in self._tasks:
                total = event.n_epochs or None
                self._tasks[event.run_id] = self._progress.add_task(name, total=total, scores="")
            self._progress.update(
                self._tasks[event.run_id],
                completed=event.epoch,
                total=event.n_epochs or None,
                scores=_scores(event),
            )
            self._count(event.run_id, event.epoch / max(event.n_epochs, 1))
            return
        if event.run_id in self._tasks:
            self._progress.remove_task(self._tasks.pop(event.run_id))
        self._count(event.run_id, 1)
        if event.kind in ("failed", "diverged"):
            self._progress.console.print(f"{event.kind}  {name}  {event.message}", markup=False)

    def _count(self, run_id: str, share: float) -> None:
        """Move the bar of the study: its time left is known from the second epoch on."""
        self._done[run_id] = share
        self._progress.update(self._study, completed=sum(self._done.values()))


def _scores(event: RunEvent) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in event.scores.items())


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
