"""Rows are printed so that each reader gets what it can take."""

import csv
import io
import json
import math

import polars as pl
import pytest

from warehouse.output import FORMATS

ROWS = pl.DataFrame(
    {
        "run_id": ["a_1", "b|2"],
        "value": [1 / 3, None],
        "n": [10, 2],
        "ids": [["x", "y"], []],
    }
)


def test_a_table_aligns_numbers_right():
    assert FORMATS["table"](ROWS).decode() == (
        "run_id     value   n  ids\n"
        "------  --------  --  ----------\n"
        'a_1     0.333333  10  ["x", "y"]\n'
        "b|2                2  []\n"
    )


def test_markdown_escapes_what_would_end_a_cell():
    assert FORMATS["markdown"](ROWS).decode() == (
        "| run_id | value | n | ids |\n"
        "| --- | ---: | ---: | --- |\n"
        '| a_1 | 0.333333 | 10 | ["x", "y"] |\n'
        "| b\\|2 |  | 2 | [] |\n"
    )


def test_latex_escapes_what_would_be_a_command():
    rows = pl.DataFrame({"a_b": [r"50 % & \x{~^#$"], "n": [1]})
    assert FORMATS["latex"](rows).decode() == (
        "\\begin{tabular}{lr}\n\\toprule\na\\_b & n \\\\\n\\midrule\n"
        "50 \\% \\& \\textbackslash{}x\\{\\textasciitilde{}\\textasciicircum{}\\#\\$ & 1 \\\\\n"
        "\\bottomrule\n\\end{tabular}\n"
    )


def test_csv_keeps_every_digit_and_writes_lists_as_json():
    first, second = csv.DictReader(io.StringIO(FORMATS["csv"](ROWS).decode()))
    assert float(first["value"]) == 1 / 3
    assert json.loads(first["ids"]) == ["x", "y"]
    assert second["value"] == ""


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_has_null_for_what_json_cannot_say(value):
    text = FORMATS["json"](pl.DataFrame({"v": [value, 0.1], "l": [[value], [1.0]]}))
    assert json.loads(text) == [{"v": None, "l": [None]}, {"v": 0.1, "l": [1.0]}]


def test_parquet_comes_back_as_it_went():
    assert pl.read_parquet(io.BytesIO(FORMATS["parquet"](ROWS))).equals(ROWS)


@pytest.mark.parametrize("name", ["table", "csv", "json", "markdown", "latex", "parquet"])
def test_no_rows_are_an_empty_table(name):
    assert FORMATS[name](ROWS.clear())
