"""A warehouse directory, and a way to put small runs into it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.warehouse.small_runs import write_run
from warehouse.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Paths of an empty warehouse."""
    return Layout(tmp_path / "warehouse")


@pytest.fixture
def add_run(layout: Layout) -> Callable[..., Path]:
    """Write one complete run: `add_run("run1", scores=..., similarities=..., fold=2)`."""
    return partial(write_run, layout)
