"""Where one network drifts further than another: paired, corrected for folds, in one family."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.settings import Settings
from analysis.steps.similarity_differences import similarity_difference_rows

FOLDS = {"n_folds": 5, "n_train": 400, "n_test": 100}
SEEDS = {"n_folds": None, "n_train": 400, "n_test": 100}


def network(adaptation, values, *, layer="late", width=8, **columns):
    """Similarities of the runs of one network at one layer, one per fold or seed."""
    n = len(values)
    numbers = list(range(1, n + 1))
    return pl.DataFrame(
        {
            "origin": "repdrift",
            "study": "made",
            "dataset": "bone",
            "backbone": "vit",
            "pretraining": columns.get("pretraining", "imagenet"),
            "adaptation": adaptation,
            "n_blocks": None,
            "variant": "",
            "pooling": "cls",
            "head": "linear",
            "run_id": [f"{adaptation}-{number}" for number in numbers],
            "fold": numbers if columns.get("folds", True) else None,
            "seed": 0 if columns.get("folds", True) else numbers,
            **(FOLDS if columns.get("folds", True) else SEEDS),
            "layer": layer,
            "reference_layer": columns.get("reference_layer", layer),
            "n_features": width,
            "n_features_reference": columns.get("reference_width", width),
            "token": "cls",
            "probe": "target",
            "measure": "cka_linear_debiased",
            "value": values,
        },
        schema_overrides={"n_blocks": pl.Int64, "n_folds": pl.Int64, "fold": pl.Int64},
    )


def differences(*networks):
    return similarity_difference_rows(pl.concat(networks), Settings())


def test_over_seeds_it_is_the_paired_t_test(rng):
    one, two = rng.uniform(0.3, 0.9, size=(2, 8))
    rows = differences(
        network("full", one, folds=False), network("head_then_full", two, folds=False)
    )
    row = rows.row(0, named=True)
    expected = stats.ttest_rel(two, one)
    interval = expected.confidence_interval()
    assert (row["method"], row["n_pairs"], len(rows)) == ("t", 8, 1)
    assert_allclose(
        [row["p_value"], row["ci_low"], row["ci_high"]], [expected.pvalue, *interval], rtol=1e-9
    )


def test_over_folds_the_variance_grows_by_shared_training_images(rng):
    one, two = rng.uniform(0.3, 0.9, size=(2, 5))
    row = differences(network("full", one), network("head_then_full", two)).row(0, named=True)
    gap = two - one
    std_error = gap.std(ddof=1) * np.sqrt(1 / 5 + 100 / 400)  # Nadeau and Bengio (2003)
    assert row["method"] == "nadeau_bengio"
    assert_allclose([row["estimate"], row["std_error"]], [gap.mean(), std_error], rtol=1e-12)


def test_only_layers_of_the_same_name_and_width_are_compared(rng):
    values = rng.uniform(0.3, 0.9, size=(4, 5))
    rows = differences(
        network("full", values[0], layer="early"),
        network("full", values[1], layer="late"),
        network("head_then_full", values[2], layer="late"),
        network("head_then_full", values[3], layer="early", width=16),
    )
    assert rows["layer"].to_list() == ["late"]


@pytest.mark.parametrize("other", [{"width": 16}, {"reference_width": 16}])
def test_both_layers_of_a_pair_must_be_as_wide(rng, other):
    values = rng.uniform(0.3, 0.9, size=(2, 5))
    sides = {"reference_layer": "early", "width": 8, "reference_width": 8}
    one, two = (
        network(name, rows, **(sides | more))
        for name, rows, more in zip(("full", "head_then_full"), values, ({}, other), strict=True)
    )
    assert differences(one, two).is_empty()


@pytest.mark.parametrize("adaptation", ["none", "linear", "scratch"])
def test_frozen_and_random_starts_are_no_drift_to_compare(rng, adaptation):
    values = rng.uniform(0.3, 0.9, size=(2, 5))
    assert differences(network("full", values[0]), network(adaptation, values[1])).is_empty()


def test_all_cells_of_a_map_are_one_family(rng):
    pairs = [(row, column) for row in "abc" for column in "abc"]
    rows = differences(
        *(
            network(adaptation, rng.uniform(0.3, 0.9, size=5), layer=row, reference_layer=column)
            for adaptation in ("full", "head_then_full")
            for row, column in pairs
        )
    )
    assert set(rows["family_size"]) == {9}
    adjusted = stats.false_discovery_control(rows["p_value"].to_numpy())
    assert_allclose(rows["p_false_discovery"].to_numpy(), adjusted, rtol=1e-12)


def test_maps_without_a_difference_have_a_mark_as_rarely_as_promised(rng):
    trials, layers = 200, 6
    values = rng.normal(0.6, 0.05, size=(2, trials * layers, 5))
    named = [
        network(adaptation, values[k, i], layer=f"l{i % layers}", folds=False).with_columns(
            study=pl.lit(f"trial {i // layers}")
        )
        for k, adaptation in enumerate(("full", "head_then_full"))
        for i in range(trials * layers)
    ]
    marked = differences(*named).group_by("study").agg((pl.col("p_false_discovery") <= 0.05).any())
    rate = marked["p_false_discovery"].mean()  # all hypotheses true: exactly the level
    assert rate == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / trials))
