"""A plan knows the data of every run, what is complete, and what the gate finds."""

import numpy as np
import pytest

from collect.configuration.plan import plan
from collect.configuration.study import Study
from warehouse.errors import StudyError
from warehouse.layout import Layout

STUDY = """
name = "tissue"
folds = 4
[dataset]
name = "demo:ihc"
[source]
name = "demo:photographs"
n_bank = {n_bank}
n_queries = 50
[network]
backbone = ["resnet18"]
pretraining = ["imagenet"]
adaptation = ["full", "scratch"]
"""


def study(tmp_path, n_bank=100):
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(n_bank=n_bank))
    return Study.load(path)


def test_every_run_has_an_id_and_none_is_complete_at_first(tmp_path):
    planned = plan(study(tmp_path), Layout(tmp_path / "w"))
    assert len({run.run_id for run in planned.runs}) == 8
    assert planned.to_run == planned.runs
    assert planned.findings == []


def test_complete_runs_are_left_out(tmp_path):
    layout = Layout(tmp_path / "w")
    first = plan(study(tmp_path), layout).runs[0]
    layout.run(first.run_id).mkdir(parents=True)
    (layout.run(first.run_id) / "manifest.json").write_text("{}")
    planned = plan(study(tmp_path), layout)
    assert len(planned.to_run) == 7
    assert planned.table()["is_complete"].to_list() == [True] + [False] * 7
    assert planned.table()["run_id"].n_unique() == 8


def test_other_images_are_other_runs(tmp_path, rng):
    ids = []
    for _ in range(2):
        np.savez(
            tmp_path / "x.npz",
            train_images=rng.integers(0, 256, size=(40, 8, 8), dtype=np.uint8),
            train_labels=np.arange(40) % 2,
        )
        path = tmp_path / "study.toml"
        text = STUDY.format(n_bank=100).replace(
            'name = "demo:ihc"', f'path = "{tmp_path / "x.npz"}"'
        )
        path.write_text(text)
        ids.append(plan(Study.load(path), Layout(tmp_path / "w")).runs[0].run_id)
    assert ids[0] != ids[1]


def test_refuses_a_source_that_is_too_small(tmp_path):
    with pytest.raises(StudyError, match="source demo:photographs: n_bank = 5000, but only"):
        plan(study(tmp_path, n_bank=5000), Layout(tmp_path / "w"))
