"""A recorded study gives back its runs: the same ids, the same rows, nothing trained."""

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal

from tests.warehouse.small_runs import RUN, score_rows, similarity_rows
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.importers.imported import land
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.recorded import _neighbours_alike, _rounded, read_recorded, write_recorded
from warehouse.spool import RunWriter
from warehouse.views import read_view

TABLES = ("raw.runs", "raw.scores", "raw.similarities")


@pytest.fixture
def recorded(layout, add_run, tmp_path):
    """Record two runs of a study; a third one belongs to another study."""
    options = {"hyperparameters": {"training": {"epochs": 2}, "head": None}, "device": "cpu"}
    add_run("run1", scores=score_rows(1 / 3), **options)
    add_run("run2", similarities=similarity_rows(1 / 3, ci_low=0.1), seed=1, **options)
    add_run("run3", study="another")
    ingest(layout)
    directory = tmp_path / "recorded"
    with connect(layout.root) as con:
        write_recorded(con, "small", directory)
    return directory


def rows_of(root, view):
    with connect(root) as con:
        rows = read_view(con, view)
    return rows.filter(pl.col("run_id") != "run3").drop("shard_hash", strict=False)


def replayed(directory, root):
    report = land(Layout(root), read_recorded(directory))
    assert not report.problems
    ingest(Layout(root))
    return report


@pytest.mark.parametrize("view", TABLES)
def test_gives_back_runs_scores_and_similarities(recorded, layout, tmp_path, view):
    assert replayed(recorded, tmp_path / "again").n_new == 2
    was, came = rows_of(layout.root, view), rows_of(tmp_path / "again", view)
    assert_frame_equal(came, was, rel_tol=4e-5, abs_tol=0)
    assert came["run_id"].unique().sort().to_list() == ["run1", "run2"]


def test_scores_are_rounded_a_little_and_similarities_more(recorded):
    scores = pl.read_parquet(recorded / "scores.parquet")
    assert scores["value"].min() == round(2**33 / 3) / 2**33  # 32 bits from 2^-2
    assert scores["value"].max() == 0.75
    similarities = pl.read_parquet(recorded / "similarities.parquet")
    assert similarities["value"].min() == round(2**19 / 3) / 2**19  # 1/3 has its 18 bits from 2^-2
    assert similarities["ci_low"].max() == round(0.1 * 2**17) / 2**17
    assert similarities.schema["value"] == pl.Float32


@pytest.mark.parametrize("n_bits", [14, 18])
def test_rounding_keeps_sign_scale_null_and_what_is_exact(rng, n_bits):
    drawn = rng.normal(size=1000) * 10.0 ** rng.integers(-30, 30, 1000)
    was = pl.Series("x", [None, 0.0, 1.0, -0.5, *drawn], dtype=pl.Float32)
    came = _rounded(was, n_bits)
    assert came.head(4).to_list() == [None, 0.0, 1.0, -0.5]
    assert_series_equal(came, was, rel_tol=2.0**-n_bits, abs_tol=0)
    assert came.name == "x"


def test_settings_of_a_run_stay_json_objects(recorded, tmp_path):
    replayed(recorded, tmp_path / "again")
    with connect(tmp_path / "again") as con:
        epochs = con.sql("select hyperparameters.training.epochs from raw.runs").fetchall()
    assert [json.loads(value) for (value,) in epochs] == [2, 2]


def test_replaying_again_changes_nothing(recorded, tmp_path):
    replayed(recorded, tmp_path / "again")
    report = replayed(recorded, tmp_path / "again")
    assert (report.n_new, report.n_known) == (0, 2)


def test_replaying_over_what_an_older_version_replayed_changes_nothing(recorded, tmp_path):
    replayed(recorded, tmp_path / "again")
    for path in (tmp_path / "again" / "runs").glob("*/similarities.parquet"):
        old = pl.read_parquet(path).drop("n_effective", "top_image_influence")
        old.write_parquet(path)
    report = replayed(recorded, tmp_path / "again")
    assert (report.n_new, report.n_known) == (0, 2)


def test_columns_that_came_later_are_null_in_older_files(recorded, tmp_path):
    path = recorded / "similarities.parquet"
    assert "n_effective" not in pl.read_parquet_schema(path)
    replayed(recorded, tmp_path / "again")
    rows = rows_of(tmp_path / "again", "raw.similarities")
    assert rows["n_effective"].is_null().all()
    assert rows["top_image_influence"].is_null().all()


def test_leaves_out_columns_without_a_value(recorded):
    assert "null_mean" not in pl.read_parquet_schema(recorded / "similarities.parquet")
    assert "ci_low" in pl.read_parquet_schema(recorded / "similarities.parquet")


@pytest.mark.usefixtures("recorded")
def test_refuses_a_study_without_runs(layout, tmp_path):
    with (
        connect(layout.root) as con,
        pytest.raises(WarehouseError, match="no run of the study 'smal' is in the warehouse"),
    ):
        write_recorded(con, "smal", tmp_path / "x")


def test_refuses_a_directory_without_runs_and_a_file_that_is_none(recorded):
    with pytest.raises(WarehouseError, match="no recorded study is there"):
        read_recorded(recorded.parent)
    (recorded / "scores.parquet").write_text("no parquet")
    with pytest.raises(WarehouseError, match=r"scores\.parquet cannot be read"):
        read_recorded(recorded)


def test_reads_the_similarities_that_are_asked_for(recorded):
    some = read_recorded(recorded, similarities={"probe": "target", "measure": "cka_linear"})
    none = read_recorded(recorded, similarities={"probe": "source"})
    assert (len(some.tables["similarities"]), len(none.tables["similarities"])) == (2, 0)
    assert len(none.tables["scores"]) == 2


def picture_rows(value):
    """Two maps, their images and two filters."""
    place = {"probe": ["source", "source"], "sample_id": ["b", "a"]}
    grid = {"height": [2, 2], "width": [2, 2]}
    return {
        "attention": pl.DataFrame(
            {"epoch": [0], "probe": ["source"], "layer": ["last"], "statistic": ["entropy"]}
        ).with_columns(value=pl.lit(value), n_images=pl.lit(2)),
        "attention_maps": pl.DataFrame(
            {**place, **grid, "attention": [[value, 0.0, 0.0, 1 - value]] * 2}
        ).with_columns(epoch=pl.lit(0), layer=pl.lit("last"), kind=pl.lit("rollout")),
        "probe_images": pl.DataFrame(
            {**place, **grid, "n_channels": [1, 1], "pixels": [[0, 1, 2, 255]] * 2},
            schema_overrides={"pixels": pl.List(pl.UInt8)},
        ),
        "filters": pl.DataFrame(
            {**grid, "filter": [0, 1], "n_channels": [1, 1], "weights": [[value] * 4] * 2}
        ).with_columns(epoch=pl.lit(0), layer=pl.lit("first")),
    }


@pytest.fixture
def pictured(layout, add_run, tmp_path):
    """Record three runs of two cells, the first of which has no pictures."""
    add_run("run1", scores=score_rows(0.5))
    cells: list[tuple[str, float, dict[str, object]]] = [
        ("run2", 0.25, {"seed": 1}),
        ("run3", 0.75, {"seed": 2}),
        ("run4", 0.125, {"pooling": "cls"}),
    ]
    for name, value, cell in cells:
        with RunWriter(layout, name) as writer:
            for table, rows in picture_rows(value).items():
                writer.append(table, rows)
            writer.finish(RUN | cell)
    ingest(layout)
    with connect(layout.root) as con:
        write_recorded(con, "small", tmp_path / "recorded")
    return tmp_path / "recorded"


def test_pictures_are_those_of_the_first_run_of_each_cell_that_has_some(pictured):
    for name in ("attention_maps", "probe_images", "filters"):
        rows = pl.read_parquet(pictured / f"{name}.parquet")
        assert rows["run_id"].to_list() == ["run2", "run2", "run4", "run4"]
    numbers = pl.read_parquet(pictured / "attention.parquet")
    assert set(numbers["run_id"]) == {"run2", "run3", "run4"}


def test_pictures_come_back_as_they_were(pictured, tmp_path):
    assert replayed(pictured, tmp_path / "again").n_new == 4
    assert replayed(pictured, tmp_path / "again").n_known == 4
    with connect(tmp_path / "again") as con:
        maps = read_view(con, "attention_maps", where={"run_id": "run4"})
        images = read_view(con, "probe_images", where={"run_id": "run4"})
        filters = read_view(con, "filters", where={"run_id": "run2"})
    assert maps["attention"].to_list() == [[0.125, 0.0, 0.0, 0.875]] * 2
    assert maps["sample_id"].to_list() == ["a", "b"]
    assert images["pixels"].to_list() == [[0, 1, 2, 255]] * 2
    assert filters["weights"].to_list() == [[0.25] * 4] * 2


def test_rows_of_one_cell_place_and_epoch_stand_together():
    """By seed in each: so they compress best; the key decides what is left."""
    runs = pl.DataFrame(
        {
            "run_id": ["d", "c", "b", "a"],
            "dataset": ["knee", "knee", "bone", "knee"],
            "seed": [1, 0, 0, 2],
            **dict.fromkeys(("backbone", "pretraining", "adaptation", "pooling", "head"), "x"),
            **dict.fromkeys(("n_blocks", "fold"), 1),
        }
    )
    rows = pl.DataFrame(
        [(run, epoch, layer) for epoch in (0, 1) for run in "abcd" for layer in ("l2", "l1")],
        schema=["run_id", "epoch", "layer"],
        orient="row",
    )
    came = _neighbours_alike(rows, runs, ("run_id", "epoch", "layer"))
    assert came.columns == rows.columns
    assert came.rows()[:4] == [("b", 0, "l1"), ("b", 1, "l1"), ("b", 0, "l2"), ("b", 1, "l2")]
    knee = [(run, epoch, layer) for layer in ("l1", "l2") for epoch in (0, 1) for run in "cda"]
    assert came.rows()[4:] == knee
