"""Reports read the names of networks as analysis writes them."""

import polars as pl
import pytest

from analysis.dimensions import network_name
from reports.network_names import NetworkName, differ_in_one

CELL = {"backbone": "vit", "pretraining": "dino", "adaptation": "full", "n_blocks": None}
CELL |= {"variant": "", "pooling": "cls", "head": "linear"}


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"adaptation": "freeze_first_k", "n_blocks": 3},
        {"variant": "image_size 224, learning_rate 0.001"},
        {"backbone": "hub / vit"},
    ],
    ids=["plain", "depth", "variant", "slash"],
)
def test_a_name_is_that_of_analysis_and_comes_apart_again(other):
    cell = CELL | other
    rows = pl.DataFrame([cell], schema_overrides={"n_blocks": pl.Int64})
    name = rows.select(network_name()).item()
    assert str(NetworkName.of(cell)) == name
    assert NetworkName.parsed(name) == NetworkName.of(cell)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"pooling": "mean"}, True),
        ({"head": "transformer"}, True),
        ({"pooling": "mean", "head": "transformer"}, False),
        ({"pretraining": "random", "adaptation": "scratch"}, True),
        ({"pretraining": "random"}, True),
        ({"pretraining": "random", "adaptation": "scratch", "pooling": "mean"}, False),
        ({"pretraining": "mae", "adaptation": "linear"}, False),
    ],
    ids=str,
)
def test_networks_differ_in_one_thing(changes, expected):
    first, second = str(NetworkName.of(CELL)), str(NetworkName.of(CELL | changes))
    assert differ_in_one(first, second) == differ_in_one(second, first) == expected
