"""Every analysis takes whatever runs there are: it gives rows or none, and no NaN."""

import polars as pl
import pytest

from analysis.analyses import ANALYSES
from analysis.computing import STUDIES, analysis_tables
from analysis.settings import Settings
from warehouse.connection import connect
from warehouse.views import read_view

NUMBERS = {
    "value": 1.0,
    "outcome_value": 1.0,
    "similarity": 1.0,
    "is_right": 1,
    "was_right": 1,
    "is_correct": True,
}
SIZES = dict.fromkeys(["n_folds", "n_train", "n_test"])


def with_values(rows, values):
    """Return rows with the same value throughout in those of some columns that they have."""
    known = [name for name in values if name in rows.columns]
    return rows.with_columns(pl.lit(values[name], rows.schema[name]).alias(name) for name in known)


FEW = {
    "nothing fine-tuned": lambda rows: with_values(rows, {"adaptation": "none"}),
    "one run": lambda rows: rows.filter(pl.col("run_id") == pl.col("run_id").min()),
    "one dataset": lambda rows: rows.filter(pl.col("dataset") == "bone"),
    "one fold": lambda rows: rows.filter(pl.col("fold") == 1) if "fold" in rows.columns else rows,
    "all alike": lambda rows: with_values(rows, NUMBERS),
    "sizes unknown": lambda rows: with_values(rows, SIZES),
}


@pytest.fixture(scope="module")
def frames(made_warehouse):
    """Rows of every query, and the studies."""
    with connect(made_warehouse) as con:
        rows = {analysis.query: con.sql(analysis.query).pl() for analysis in ANALYSES}
        return rows, read_view(con, STUDIES)


@pytest.mark.parametrize("few", FEW)
def test_every_analysis_takes_few_runs(frames, few):
    rows, studies = frames
    tables: list[str] = []
    for analysis in ANALYSES:
        left = FEW[few](rows[analysis.query])
        for name, table in analysis_tables(analysis, left, studies, Settings()).items():
            tables.append(name)
            numbers = table.select(pl.col(pl.Float64).is_nan().any())
            assert not any(numbers.row(0)), (analysis.name, numbers)
    assert "intervals" in tables
