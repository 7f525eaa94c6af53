"""What Slurm refuses to queue is one line; no Slurm is needed to see it."""

import pytest

from collect.executors.slurm import SlurmSettings, run_all
from tests.collect.small_runs import small_run
from warehouse.errors import CollectError
from warehouse.layout import Layout

REFUSAL = "sbatch: error: invalid partition specified: gpux"


def test_a_refused_array_is_one_line(tmp_path, monkeypatch):
    pytest.importorskip("submitit")
    for name in ("srun", "sbatch"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{REFUSAL}' >&2\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    layout = Layout(tmp_path / "w")
    settings = SlurmSettings(partition="gpux")
    config = small_run(tmp_path)
    with pytest.raises(CollectError, match=f"--executor slurm: {REFUSAL}"):
        run_all([config], layout, settings=settings, on_event=lambda _: None)
