"""Unrelated layers are worth nothing, whatever the measure: their calibrated value is 0."""

import re

import duckdb
import numpy as np
import polars as pl
import pytest
import torch

from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.registry import OWN_MEASURES
from warehouse.views import view_sql

PAIRED = [name for name, measure in OWN_MEASURES.items() if measure.sees_pairing]
SHAPES = {"few features": (40, 4), "many features": (40, 18), "more rows": (90, 12)}
N_PAIRS, N_POSITIONS = 40, 3
INFERENCE = Inference(interval=False, n_permutations=39)


def calibrated(rows):  # noqa: ARG001 -- DuckDB reads it by name
    """As the warehouse gives it."""
    expression = re.search(
        r"(case\n.*?end) as calibrated_value", view_sql("staging.similarities"), re.S
    )
    assert expression
    with duckdb.connect() as con:
        found = con.execute(f"select {expression[1]} from rows").fetchall()
    return np.array(found).ravel()


def of_unrelated_layers(rng, measure, n_images, n_features, n_positions):
    images = torch.arange(n_images).repeat_interleave(n_positions)
    groups = images if n_positions > 1 else None
    found = []
    for _ in range(N_PAIRS):
        x, y = (
            rng.normal(size=(n_images, n_features)).repeat(n_positions, axis=0)
            + 0.5 * rng.normal(size=(n_images * n_positions, n_features))
            for _ in range(2)
        )
        layers = [{"a": torch.from_numpy(z + 1)} for z in (x, y)]
        found += compare(*layers, measures=[measure], groups=groups, inference=INFERENCE)
    return pl.DataFrame(found)


@pytest.mark.slow
@pytest.mark.parametrize("n_positions", [1, N_POSITIONS], ids=["one row", "positions"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("measure", PAIRED)
def test_unrelated_layers_are_calibrated_to_0_and_rarely_significant(
    rng, measure, shape, n_positions
):
    rows = of_unrelated_layers(rng, measure, *SHAPES[shape], n_positions)
    values = calibrated(rows)
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(N_PAIRS)
    assert (rows["null_p_value"] <= 0.05).sum() <= 8  # of 40; more has a probability of 0.0007


@pytest.mark.parametrize("measure", ["cka_linear", "cca_mean", "mutual_knn"])
def test_a_biased_value_of_unrelated_layers_is_calibrated_to_0(rng, measure):
    rows = of_unrelated_layers(rng, measure, 40, 18, 1)
    values = calibrated(rows)
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(N_PAIRS)
    assert rows["value"].mean() > 0.1
