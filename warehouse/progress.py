"""Shows how far a long work is: a bar for each of its stages on a terminal, nothing elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnProgress = Callable[[str, int, int], None]  # stage, steps done, steps in all


def unseen(stage: str, n_done: int, n_steps: int) -> None:
    """Show nothing."""


@contextmanager
def bars(*, quiet: bool = False) -> Iterator[OnProgress]:
    """Show stages as bars with the time left, on standard error if that is a terminal.

    Parameters
    ----------
    quiet : bool, default False
        Show nothing.

    Yields
    ------
    callable
        To be called with the name of a stage, and how many of how many steps are done.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield unseen
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, n_done: int, n_steps: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=n_steps)
            progress.update(tasks[stage], completed=n_done, total=n_steps)

        yield show
