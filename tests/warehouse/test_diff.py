"""Two warehouses differ in exactly the runs, numbers and conclusions that were made to differ."""

import polars as pl
import pytest

from tests.warehouse.small_runs import score_rows, similarity_rows, write_run
from warehouse.connection import connect
from warehouse.diff import NUMBERS, differences
from warehouse.errors import WarehouseError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.results import write_results
from warehouse.tables import table

ANALYSIS = {
    "name": "regressions",
    "query": "from x",
    "parameters": {},
    "n_runs": 2,
    "data_hash": "",
    "code_version": "",
}


def slope(low, high):
    """One row for `results.regressions` with an interval."""
    samples = {pl.String: "x", pl.Int32: 1, pl.Float64: 0.5, pl.Boolean: False}
    row = {
        name: samples.get(dtype.base_type(), ["run1"])
        for name, dtype in table("results.regressions").types.items()
        if name != "analysis_id"
    }
    said = {"status": "fitted", "term": "similarity", "ci_low": low, "ci_high": high}
    return pl.DataFrame([row | said])


def make(root, *, values, low=0.1, extra=None):
    layout = Layout(root)
    for number, value in enumerate(values):
        write_run(layout, f"run{number}", scores=score_rows(value), fold=number + 1)
    if extra:
        write_run(layout, extra, fold=5)
    ingest(layout)
    with connect(root, read_only=False) as con:
        write_results(con, analysis=ANALYSIS, tables={"regressions": slope(low, 0.9)})
    return root


def test_equal_warehouses_do_not_differ(tmp_path):
    a, b = (make(tmp_path / name, values=[0.1, 0.2]) for name in "ab")
    assert differences(a, b).is_empty()


def test_runs_numbers_and_conclusions_are_told_apart(tmp_path):
    a = make(tmp_path / "a", values=[0.1, 0.2], low=0.1, extra="only_a")
    b = make(tmp_path / "b", values=[0.1, 0.2000000001], low=-0.1, extra="only_b")
    found = differences(a, b)
    assert found.select("kind", "relation", "a", "b").rows() == [
        ("conclusion", "results.regressions", "above 0", "0 is possible"),
        ("number", "raw.scores", "0.2", "0.2000000001"),
        ("run", "raw.runs", "knee resnet18 imagenet full fold 5", None),
        ("run", "raw.runs", None, "knee resnet18 imagenet full fold 5"),
    ]
    assert "run_id = run1, epoch = 1, split = test" in found["key"][1]


def test_a_number_that_only_one_has_differs_too(tmp_path):
    a = make(tmp_path / "a", values=[0.1])
    layout = Layout(tmp_path / "b")
    more = pl.concat([similarity_rows(), similarity_rows(0.7, layer="block9")])
    write_run(layout, "run0", scores=score_rows(0.1), similarities=more)
    ingest(layout)
    found = differences(a, tmp_path / "b").filter(kind="number")
    assert found.select("a", "b").rows() == [(None, "0.7")]


def test_intervals_of_scores_differ_by_their_ends(tmp_path):
    for name, high in (("a", 0.8), ("b", 0.9)):
        layout = Layout(tmp_path / name)
        rows = (
            score_rows(0.75)
            .drop("value", "n_samples")
            .with_columns(ci_low=0.7, ci_high=high, level=0.95, unit=pl.lit("image"), n_units=20)
        )
        write_run(layout, "run0", score_intervals=rows)
        ingest(layout)
    found = differences(tmp_path / "a", tmp_path / "b")
    assert found.select("relation", "a", "b").rows() == [
        ("raw.score_intervals", "0.7 to 0.8", "0.7 to 0.9")
    ]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_every_table_are_compared(tmp_path, name):
    a, b = (make(tmp_path / name, values=[0.1]) for name in "ab")
    samples = {pl.String: "x", pl.Boolean: True, pl.Int32: 1, pl.Int64: 1, pl.Float64: 0.5}
    row = {
        column: samples[dtype.base_type()] for column, dtype in table(f"raw.{name}").types.items()
    }
    allowed = {"split": "test", "confidence_source": "head", "reference": "run", "unit": "image"}
    allowed |= {"measure": "relative_l2", "statistic": "entropy"}
    row |= {"run_id": "run0", **{key: value for key, value in allowed.items() if key in row}}
    with connect(b, read_only=False) as con:
        con.register("row", pl.DataFrame([row]).to_arrow())
        con.execute(f"insert into raw.{name} by name from row")
    found = differences(a, b)
    assert found.select("kind", "relation", "a").rows() == [("number", f"raw.{name}", None)]
    assert found["b"].item().startswith("0.5")


def test_refuses_what_is_no_warehouse(tmp_path):
    a = make(tmp_path / "a", values=[0.1])
    with pytest.raises(WarehouseError, match=r"no warehouse in .*nothing"):
        differences(a, tmp_path / "nothing")
