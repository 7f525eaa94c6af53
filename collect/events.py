"""What a run tells whoever started it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["started", "epoch", "finished", "diverged", "skipped", "failed"]


@dataclass(frozen=True)
class RunEvent:
    """Something happened to a run.

    Parameters
    ----------
    run_id : str
        The run.
    kind : {"started", "epoch", "finished", "diverged", "skipped", "failed"}
        What happened; ``skipped``: it was complete already.
    epoch, n_epochs : int
        Completed epochs, and how many there are at most.
    scores : mapping of str to float
        Current scores: ``train_loss``, ``validation_loss``, ``validation_accuracy`` or
        ``validation_map_macro``.
    message : str
        One line: why it failed.
    """

    run_id: str
    kind: Kind
    epoch: int = 0
    n_epochs: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    message: str = ""


OnEvent = Callable[[RunEvent], None]
