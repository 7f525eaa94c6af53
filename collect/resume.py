"""Where an interrupted run goes on: its state after the last completed epoch, in one file."""

import pickle
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import torch
from torch import Tensor

State = dict[str, Any]


class ResumePoint:
    """The state of a run after its last completed epoch, kept until the run is complete.

    Parameters
    ----------
    path : Path
        The file.
    identity : str
        What the bits of the run depend on: configuration, code, packages, device. A state of
        another identity is not gone on from.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.identity = identity

    def save(self, state: State) -> None:
        """Replace what was saved before, in one rename.

        Parameters
        ----------
        state : dict
            Tensors, numbers, strings, and containers of them.
        """
        partial = self.path.with_suffix(".partial.pt")
        torch.save({"identity": self.identity, **state}, partial)
        partial.replace(self.path)

    def load(self) -> State | None:
        """Return the state, or None where there is none that fits."""
        if not self.path.is_file():
            return None
        try:
            state: State = torch.load(self.path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError):
            return None
        return state if state.get("identity") == self.identity else None

    def remove(self) -> None:
        """Forget the state."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".partial.pt").unlink(missing_ok=True)


def random_state() -> list[Tensor]:
    """States of torch's global generators: the CPU's, then each CUDA device's."""
    return [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]


def set_random_state(states: list[Tensor]) -> None:
    """Go on from the states of :func:`random_state`."""
    torch.set_rng_state(states[0])
    if len(states) > 1:
        torch.cuda.set_rng_state_all(states[1:])


def packed_frame(frame: pl.DataFrame) -> Tensor:
    """Return a frame as a uint8 tensor, which a file of weights may hold."""
    buffer = BytesIO()
    frame.write_ipc(buffer)
    return torch.frombuffer(bytearray(buffer.getbuffer()), dtype=torch.uint8)


def unpacked_frame(packed: Tensor) -> pl.DataFrame:
    """Return the frame of :func:`packed_frame`."""
    return pl.read_ipc(BytesIO(packed.numpy().tobytes()))
