"""`repdrift collect plan` and `run`: CSV on stdout, messages on stderr, one line for bad input."""

import csv
import io
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from collect.cli import app
from collect.datasets.catalogue import DATASETS
from warehouse.errors import CollectError, StudyError

STUDY = """
name = "tiny"
folds = 2
[dataset]
{dataset}
[network]
backbone = ["test_resnet"]
pretraining = ["random"]
adaptation = ["scratch"]
image_size = 32
[training]
epochs = 1
[probing]
epochs = "last"
measures = ["cka_linear_debiased"]
keep_activations = false
"""


@pytest.fixture
def collect(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(command, *options, dataset='name = "demo:ihc"\nmax_images = 150'):
        (tmp_path / "study.toml").write_text(STUDY.format(dataset=dataset))
        return CliRunner().invoke(app, [command, "study.toml", "-w", "w", *options])

    return invoke


@pytest.fixture
def leaking(tmp_path, rng):
    """Save a dataset with one patient in train and test."""
    content = {}
    for split in ("train", "val", "test"):
        content[f"{split}_images"] = rng.integers(0, 256, size=(8, 32, 32), dtype=np.uint8)
        content[f"{split}_labels"] = np.arange(8) % 2
        content[f"{split}_patients"] = np.arange(8) + {"train": 0, "val": 10, "test": 7}[split]
    np.savez(tmp_path / "leaking.npz", **content)
    return 'path = "leaking.npz"\nsplit = "official"'


def test_plan_prints_one_csv_row_a_run(collect):
    result = collect("plan", "--no-cost")
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["fold"] for row in rows] == ["1", "2"]
    assert {row["is_complete"] for row in rows} == {"false"}
    assert "2 runs, 0 complete, 2 to run" in result.stderr


@pytest.mark.train
def test_run_completes_the_study_and_a_second_time_there_is_nothing_to_do(collect, tmp_path):
    result = collect("run")
    assert result.exit_code == 0, result.stderr
    assert "2 runs to go, 0 complete already" in result.stderr
    assert "2/2  finished" in result.stderr
    assert len(list((tmp_path / "w" / "runs").iterdir())) == 2
    again = collect("run")
    assert "0 runs to go, 2 complete already" in again.stderr
    assert "2 runs, 2 complete, 0 to run" in collect("plan", "--no-cost").stderr


@pytest.mark.train
def test_plan_estimates_time_and_disk(collect):
    result = collect("plan")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    hours = [float(row["hours"]) for row in rows]
    assert all(0 < hour < 0.1 for hour in hours)
    (total,) = re.findall(r"at most (\d+\.\d\d) hours on one such device", result.stderr)
    # A short run, on a machine of any speed: the rows are rounded to milliseconds, the sum to 36 s.
    assert float(total) == pytest.approx(sum(hours), abs=0.00501)


@pytest.mark.train
def test_leakage_stops_and_an_accepted_one_is_written_into_the_run(collect, leaking, tmp_path):
    stopped = collect("run", dataset=leaking)
    assert isinstance(stopped.exception, StudyError)
    assert "leaking: 1 patients in both train and test of official (7)" in str(stopped.exception)
    assert not (tmp_path / "w" / "runs").exists()
    going_on = collect("run", "--quiet", "--accept-leakage", "as the paper does", dataset=leaking)
    assert going_on.exit_code == 0
    (record,) = (tmp_path / "w" / "runs").glob("*/run.json")
    assert '"accepted_leakage": "as the paper does"' in record.read_text()


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ('path = "absent.npz"', r"absent\.npz: no such file or folder \(dataset absent\)"),
        ('name = "demo:ihc"\nfold = 3', r"dataset\.fold: unknown key"),
        ('name = "demo:ihc"\ntask = "multilabel"', r"labels of shape \(400,\) do not fit the task"),
    ],
)
def test_bad_input_is_one_line(collect, dataset, message):
    result = collect("plan", dataset=dataset)
    assert isinstance(result.exception, StudyError)
    with pytest.raises(StudyError, match=message):
        raise result.exception
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('"cka_linear_debiased"', '"cka_linaer"'),
            "no measure 'cka_linaer'; did you mean cka_lin",
        ),
        (('"test_resnet"', '"test_resnett"'), r"test_resnett: timm .* similar: test_resnet"),
        (
            ('["random"]\nadaptation = ["scratch"]', '["imagnet"]\nadaptation = ["full"]'),
            "test_resnet has no weights named 'imagnet'; it has random, r160_in1k",
        ),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_name_that_nothing_has_stops_before_the_first_run(
    tmp_path, monkeypatch, command, change, message
):
    monkeypatch.chdir(tmp_path)
    text = STUDY.format(dataset='name = "demo:ihc"\nmax_images = 150')
    (tmp_path / "study.toml").write_text(text.replace(*change))
    result = CliRunner().invoke(app, [command, "study.toml", "-w", "w"])
    assert result.stdout == ""
    assert isinstance(result.exception, CollectError)
    assert re.search(message, str(result.exception))


def test_datasets_are_listed_with_source_licence_layout_and_counts():
    result = CliRunner().invoke(app, ["datasets"])
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert {"isic2018", "isic2019", "aptos2019", "medfm_chest", "kermany_chest"} <= rows.keys()
    for row in rows.values():
        assert row["source"].startswith("http")
        assert all(row[column] for column in ("title", "licence", "layout", "papers"))
    assert "train NV 6705" in rows["isic2018"]["n_expected"]


def test_check_compares_a_download_with_the_published_counts(tmp_path, rng):
    (tmp_path / "train_images").mkdir()
    Image.fromarray(rng.integers(0, 256, size=(8, 8), dtype=np.uint8)).save(
        tmp_path / "train_images" / "a.png"
    )
    (tmp_path / "train.csv").write_text("id_code,diagnosis\na,4\n")
    result = CliRunner().invoke(app, ["datasets", "check", "aptos2019", str(tmp_path)])
    assert result.exit_code == 1
    rows = {row["count"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert (rows["images"]["n_expected"], rows["images"]["n_found"]) == ("3662", "1")
    assert (rows["severe"]["n_expected"], rows["severe"]["n_found"]) == ("193", "0")
    assert result.stderr.startswith("aptos2019: images, no, mild, moderate, severe, proliferative")


def test_check_is_content_with_what_is_complete(tmp_path, monkeypatch, rng):
    monkeypatch.setitem(
        DATASETS, "aptos2019", replace(DATASETS["aptos2019"], counts={"images": 1, "severe": 1})
    )
    (tmp_path / "train_images").mkdir()
    Image.fromarray(rng.integers(0, 256, size=(8, 8), dtype=np.uint8)).save(
        tmp_path / "train_images" / "a.png"
    )
    (tmp_path / "train.csv").write_text("id_code,diagnosis\na,3\n")
    result = CliRunner().invoke(app, ["datasets", "check", "aptos2019", str(tmp_path)])
    assert result.exit_code == 0
    assert result.stderr == ""


def test_the_command_line_does_not_load_torch_before_it_is_needed():
    code = "import collect.cli, sys; print({'torch', 'polars', 'pydantic', 'PIL'} & {*sys.modules})"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "set()"
