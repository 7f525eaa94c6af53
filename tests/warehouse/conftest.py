"""A warehouse directory, and a way to put small runs into it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.warehouse.small_runs import RUN, score_rows, similarity_rows
from warehouse.layout import Layout
from warehouse.spool import RunWriter


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Paths of an empty warehouse."""
    return Layout(tmp_path / "warehouse")


@pytest.fixture
def add_run(layout: Layout) -> Callable[..., Path]:
    """Write one complete run: `add_run("run1", scores=..., similarities=..., fold=2)`."""

    def write(run_id: str, *, scores=None, similarities=None, **run) -> Path:
        with RunWriter(layout, run_id) as writer:
            writer.append("scores", score_rows() if scores is None else scores)
            writer.append(
                "similarities", similarity_rows() if similarities is None else similarities
            )
            return writer.finish(RUN | run)

    return write
