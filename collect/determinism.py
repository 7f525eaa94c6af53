"""The same bits for the same seed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
import torch.utils.deterministic

SETTINGS = cast("Any", torch.utils.deterministic)  # made at run time: not in its stubs


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Seed torch and ask it for deterministic algorithms; everything is as before afterwards.

    On the CPU the promise holds bit for bit as long as the number of threads is the same. On CUDA
    an operation without a deterministic algorithm warns and goes on.

    Parameters
    ----------
    seed : int
        Of torch's generators on every device.

    Yields
    ------
    None
        While the context is open, torch's global generators start from the seed.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    was_deterministic = torch.are_deterministic_algorithms_enabled()
    was_warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = SETTINGS.fill_uninitialized_memory
    devices = range(torch.cuda.device_count())
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
        SETTINGS.fill_uninitialized_memory = False  # a help in debugging only
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(was_deterministic, warn_only=was_warn_only)
            SETTINGS.fill_uninitialized_memory = filled
