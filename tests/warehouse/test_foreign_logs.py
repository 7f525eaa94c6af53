"""Files that MLflow, Weights & Biases and TensorBoard wrote become the same two runs."""

import contextlib
import gzip
import math
import shutil
import sqlite3
import struct
from pathlib import Path

import pytest

from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.importers.imported import land
from warehouse.importers.mapping import read_mapping
from warehouse.importers.mlflow import read_mlflow
from warehouse.importers.tabular import read_tables
from warehouse.importers.tensorboard import read_tensorboard
from warehouse.importers.wandb import read_wandb
from warehouse.importers.wire import fields
from warehouse.ingest import ingest
from warehouse.views import read_view

LOGS = Path(__file__).parent / "foreign_logs"
ROWS = """
[[rows]]
files = "{files}"
table = "scores"
match = {{ text = "{text}", pattern = '{pattern}' }}

[rows.columns]
epoch = "{{step}}"
split = {{ text = "{{where}}", values = {{ train = "train", val = "validation", test = "test" }} }}
confidence_source = "head"
token = "mean"
n_neighbours = 0
score = "{{score}}"
value = "{{value}}"
"""
HEAD = """
name = "pilot"
description = "two fine-tunings"
reader = "{reader}"
[run]
study = "pilot"
backbone = "{{backbone}}"
pretraining = "{{weights}}"
adaptation = "{{mode}}"
dataset = "{{target}}"
fold = "{{fold}}"
n_folds = 2
pooling = "mean"
head = "linear"
task = "binary"
selected_epoch = 3
"""
METRIC = "(?P<where>train|val|test)/(?P<score>loss|auc)"
IN_PATH = r"(?P<backbone>\w+)-(?P<weights>\w+)-(?P<mode>\w+)-(?P<target>\w+)-fold(?P<fold>\d+) "
STORES = {
    "mlflow database": ("mlflow", "mlflow.db", "{metric}", METRIC),
    "mlflow files": ("mlflow", "mlruns", "{metric}", METRIC),
    "wandb": ("wandb", "wandb", "{metric}", METRIC),
    "tensorboard": ("tensorboard", "tensorboard", "{run} {metric}", IN_PATH + METRIC),
}


@pytest.fixture
def logs(tmp_path):
    """Copy the files, the database unpacked."""
    copy = tmp_path / "logs"
    shutil.copytree(LOGS, copy)
    (copy / "mlflow.db").write_bytes(gzip.decompress((copy / "mlflow.db.gz").read_bytes()))
    return copy


def read(logs, tmp_path, store):
    reader, files, text, pattern = STORES[store]
    rows = ROWS.format(files=files, text=text, pattern=pattern)
    (tmp_path / "pilot.toml").write_text(HEAD.format(reader=reader) + rows)
    return read_tables(logs, read_mapping(str(tmp_path / "pilot.toml")))


@pytest.mark.parametrize("store", STORES)
def test_the_same_two_runs_come_from_every_store(logs, tmp_path, layout, store):
    imported = read(logs, tmp_path, store)
    assert land(layout, imported).n_new == 2
    again = land(layout, read(logs, tmp_path, store))
    assert (again.n_new, again.n_known, again.problems) == (0, 2, ())
    ingest(layout)
    with connect(layout.root) as con:
        runs = read_view(con, "raw.runs").sort("fold")
        scores = read_view(con, "raw.scores").join(runs.select("run_id", "fold"), on="run_id")
    assert runs.select("backbone", "pretraining", "adaptation", "dataset", "fold").rows() == [
        ("resnet18", "imagenet", "full", "knee", 1),
        ("resnet18", "imagenet", "linear", "knee", 2),
    ]
    logged = {
        (fold, epoch, split, score): value
        for fold, epoch, split, score, value in scores.select(
            "fold", "epoch", "split", "score", "value"
        ).iter_rows()
    }
    expected = {(fold, 3, "test", "auc"): 0.75 + (fold - 1) / 10 for fold in (1, 2)}
    for fold in (1, 2):
        for epoch in (1, 2, 3):
            expected[fold, epoch, "train", "loss"] = 1 / epoch + (fold - 1)
            expected[fold, epoch, "validation", "loss"] = 2 / epoch + (fold - 1)
    expected[2, 3, "train", "loss"] = math.nan
    # MLflow keeps 15 digits in SQLite and TensorBoard 32 bits; the others keep every bit.
    tolerance = {"mlflow database": 1e-14, "tensorboard": 1e-7}.get(store, 0)
    assert logged.keys() == expected.keys()
    for key, value in expected.items():
        assert logged[key] == pytest.approx(value, rel=tolerance, nan_ok=True, abs=0), key


@pytest.mark.parametrize("store", STORES)
def test_says_what_it_could_not_map(logs, tmp_path, store):
    unmapped = read(logs, tmp_path, store).unmapped
    assert any("2 rows fit no [[rows]]" in line and "speed" in line for line in unmapped)
    if store.startswith("mlflow"):
        assert any("1 deleted runs" in line for line in unmapped)
    if store == "wandb":
        assert "wandb: run run0: note is no number" in unmapped


def test_a_killed_process_leaves_what_it_wrote(logs):
    file = next(logs.glob("tensorboard/*fold2/*"))
    whole = len(read_tensorboard(logs / "tensorboard").rows)
    file.write_bytes(file.read_bytes()[:-3])
    cut = read_tensorboard(logs / "tensorboard")
    assert len(cut.rows) == whole - 4
    assert "bytes at the end are no whole record" in cut.notes[0]
    file = next(logs.glob("wandb/*run1/*.wandb"))
    whole = len(read_wandb(logs / "wandb").rows)
    file.write_bytes(file.read_bytes()[:-600])
    assert 0 < len(read_wandb(logs / "wandb").rows) < whole


def test_of_two_values_at_one_step_the_last_logged_counts(logs):
    file = next(logs.glob("mlruns/*/*/metrics/test/auc"))
    step = file.read_text().split()[2]
    file.write_text(file.read_text() + f"99 0.125 {step}\n")
    values = [
        row["value"] for row in read_mlflow(logs / "mlruns").rows if row["metric"] == "test/auc"
    ]
    assert "0.125" in values
    assert len(values) == 2


def test_a_deleted_run_is_left_out_and_counted(logs):
    with contextlib.closing(sqlite3.connect(logs / "mlflow.db")) as con:
        con.execute("update runs set lifecycle_stage = 'deleted' where name = 'run 1'")
        con.commit()
    logged = read_mlflow(logs / "mlflow.db")
    assert {row["name"] for row in logged.rows} == {"run 0"}
    assert logged.notes == ["2 deleted runs"]


def framed(records):
    """Pack records as LevelDB's log does: no header in the last 6 bytes of a block of 32 KiB."""
    block, content = 32 * 1024, b":W&B" + bytes(3)
    for record in records:
        is_first, rest = True, record
        while is_first or rest:
            left = block - len(content) % block
            if left < 7:
                content += bytes(left)
                left = block
            piece, rest = rest[: left - 7], rest[left - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}
            content += struct.pack("<IHB", 0, len(piece), kind[is_first, not rest]) + piece
            is_first = False
    return content


def history(step, value, padding):
    """Encode a Record with one History of two numbers, and a text as long as wanted."""

    def field(number, content):
        length, encoded = len(content), b""
        while True:
            byte, length = length & 127, length >> 7
            encoded += bytes([byte | (128 if length else 0)])
            if not length:
                break
        tag = number << 3 | 2
        head = bytes([tag]) if tag < 128 else bytes([tag & 127 | 128, tag >> 7])
        return head + encoded + content

    items = [("_step", str(step)), ("loss", str(value)), ("text", f'"{"x" * padding}"')]
    item = b"".join(
        field(1, field(1, key.encode()) + field(16, text.encode())) for key, text in items
    )
    return field(2, item)


@pytest.mark.parametrize("padding", [0, 100, 32_600, 32_690, 32_695, 32_700, 70_000])
def test_records_of_weights_and_biases_may_cross_blocks(tmp_path, padding):
    records = [history(step, step / 8, padding) for step in range(4)]
    (tmp_path / "run-x.wandb").write_bytes(framed(records))
    rows = read_wandb(tmp_path).rows
    assert [(row["step"], row["value"]) for row in rows] == [
        ("0", "0.0"),
        ("1", "0.125"),
        ("2", "0.25"),
        ("3", "0.375"),
    ]


@pytest.mark.parametrize(
    ("read_store", "name", "message"),
    [
        (read_mlflow, "mlflow.db", "is no database of MLflow"),
        (read_wandb, "wandb", "is no run of Weights & Biases"),
    ],
)
def test_refuses_files_of_something_else(tmp_path, read_store, name, message):
    path = tmp_path / name
    if name == "wandb":
        path.mkdir()
    file = path / "run-x.wandb" if name == "wandb" else path
    file.write_bytes(b"something else" * 100)
    with pytest.raises(WarehouseError, match=message):
        read_store(path)


def test_refuses_an_empty_folder_and_an_unknown_reader(tmp_path):
    (tmp_path / "empty" / "wandb").mkdir(parents=True)
    with pytest.raises(WarehouseError, match="wandb has no rows that can be read"):
        read(tmp_path / "empty", tmp_path, "wandb")
    (tmp_path / "x.toml").write_text("rows = []" + HEAD.format(reader="neptune"))
    with pytest.raises(WarehouseError, match="reader 'neptune' is none of tables, mlflow"):
        read_mapping(str(tmp_path / "x.toml"))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"\x08\x96\x01", [(1, 150)]),
        (b"\x12\x03abc", [(2, b"abc")]),
        (b"\x1d\x00\x00\x80\x3f", [(3, b"\x00\x00\x80\x3f")]),
        (b"\x21" + b"\x00" * 8, [(4, b"\x00" * 8)]),
    ],
)
def test_fields_of_the_encoding_guide_come_out(message, expected):
    assert list(fields(message)) == expected


@pytest.mark.parametrize("message", [b"\x08\x96", b"\x12\x05abc", b"\x0b", b"\x1d\x00"])
def test_refuses_bytes_that_are_no_message(message):
    with pytest.raises(ValueError, match=r"ends after the message|wire type"):
        list(fields(message))
