"""Which checkpoint stands for a run, and when to stop: from the inner validation split alone."""

import math
from collections.abc import Mapping
from typing import Literal

from collect.networks.heads import Network
from collect.resume import State

LOWER_IS_BETTER = ("loss", "nll", "brier", "ece_")


def cost(monitor: str, scores: Mapping[str, float]) -> float:
    """Turn the score that is watched into a number that is better when lower.

    Returns
    -------
    float
        The score, or its negative; infinite where it is not defined.

    Examples
    --------
    >>> cost("auc", {"auc": 0.75}), cost("ece_smooth", {"ece_smooth": 0.25}), cost("nll", {})
    (-0.75, 0.25, inf)
    """
    if monitor not in scores:
        return math.inf
    return scores[monitor] if monitor.startswith(LOWER_IS_BETTER) else -scores[monitor]


class Selection:
    """Keeps the state of the network that stands for the run.

    Parameters
    ----------
    select : {"last", "best"}
        The last epoch, or the one with the lowest cost; the earlier one on a tie.

    Attributes
    ----------
    epoch : int
        Epoch that stands for the run so far.
    n_worse : int
        Epochs since the lowest cost of the phase.
    """

    def __init__(self, select: Literal["last", "best"]) -> None:
        self.select = select
        self.start_phase()

    def start_phase(self) -> None:
        """Start afresh: only an epoch of the last phase can stand for the run."""
        self.epoch = 0
        self.n_worse = 0
        self._lowest = math.inf
        self._state: State = {}

    def state_dict(self) -> State:
        """State from which the selection goes on."""
        return vars(self).copy()

    def load_state_dict(self, state: State) -> None:
        """Go on from a saved state."""
        vars(self).update(state)

    def update(self, epoch: int, validation_cost: float, network: Network) -> bool:
        """Take note of an epoch; return whether it stands for the run now.

        Parameters
        ----------
        epoch : int
            Completed epochs.
        validation_cost : float
            Of the score that is watched, on the inner validation split, as :func:`cost` gives it.
        network : Network
            Its state is copied when it may be needed later.
        """
        is_lowest = validation_cost < self._lowest
        self.n_worse = 0 if is_lowest else self.n_worse + 1
        self._lowest = min(self._lowest, validation_cost)
        if self.select == "best" and not is_lowest:
            return False
        self.epoch = epoch
        if self.select == "best":
            self._state = {name: value.clone() for name, value in network.trained_state().items()}
        return True

    def state_after(self, epoch: int, network: Network) -> State:
        """State of the network after the epoch just completed: the copy, where there is one.

        What is in a file twice as the same tensors takes its space once.
        """
        return self._state if self._state and epoch == self.epoch else network.trained_state()

    def restore(self, network: Network) -> None:
        """Put the network into the state that stands for the run."""
        if self._state:
            network.load_trained_state(self._state)
