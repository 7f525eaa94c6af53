"""Networks that do not depend on the dataset, as frozen ones on the source, are one observation."""

import numpy as np
import polars as pl
import pytest

from analysis.means.across_datasets import compare_across_datasets
from analysis.means.comparisons import Comparison, compare_within_datasets, run_differences
from analysis.means.power_curves import power_curves
from analysis.means.rankings import rank_networks
from analysis.settings import Settings
from analysis.steps.comparisons import COMPARED, comparison_rows, ranking_rows
from analysis.steps.planning import detectable_rows

FROZEN = {"a": 0.732, "b": 0.734, "c": 0.61}
DATASETS = "tuvwxyz"
UNKNOWN = ["p_value", "p_equivalent", "p_below", "p_within", "p_above", "std_error", "ci_low"]
ACROSS = [*UNKNOWN, "p_wilcoxon", "p_first", "p_rope", "p_second", "ci_high"]


def source_scores(rng, *, frozen=FROZEN, moving=()):
    """Scores on the source of five folds of seven datasets, give or take the last bit.

    The means of a different number of equal seeds differ by that much.
    """
    rows = [
        {
            "score": "accuracy",
            "dataset": dataset,
            "network": network,
            "run_id": f"{network}-{dataset}-{fold}",
            "fold": fold,
            "n_folds": 5,
            "seed": 0,
            "n_train": 400,
            "n_test": 100,
            "value": value + 2.0**-53 * rng.integers(-2, 3)
            if value is not None
            else rng.uniform(0.3, 0.9),
        }
        for network, value in [*frozen.items(), *((name, None) for name in moving)]
        for dataset in DATASETS
        for fold in range(5)
    ]
    return pl.DataFrame(rows)


def nulls(rows, names):
    return {name for name in names if rows[name].null_count() == len(rows)}


def test_a_difference_that_is_the_same_on_every_dataset_has_no_test(rng):
    rows = compare_across_datasets(source_scores(rng), Comparison(), by=["score"])
    assert nulls(rows, ACROSS) == set(ACROSS)
    assert rows["verdict"].to_list() == ["inconclusive"] * 3
    assert rows["estimate"].to_list() == pytest.approx([0.002, -0.122, -0.124])
    assert set(rows["n_datasets"]) == {7}


def test_nor_has_one_that_is_exactly_the_same():
    # Without rounding the signed rank alone would give 2 / 2^7 = 0.016.
    exact = source_scores(np.random.default_rng(0), frozen={"a": 0.5, "b": 0.75}).with_columns(
        pl.col("value").round(6)
    )
    assert nulls(compare_across_datasets(exact, Comparison(), by=["score"]), ACROSS) == set(ACROSS)


def test_nor_has_one_that_is_the_same_in_every_fold(rng):
    rows = compare_within_datasets(source_scores(rng), Comparison(), by=["score"])
    assert nulls(rows, [*UNKNOWN, "ci_high"]) == {*UNKNOWN, "ci_high"}
    assert set(rows["verdict"]) == {"inconclusive"}
    assert rows["estimate"].null_count() == 0


def test_a_frozen_network_is_tested_against_one_that_changes(rng):
    scores = source_scores(rng, frozen={"a": 0.95}, moving=["m"])
    row = compare_across_datasets(scores, Comparison(), by=["score"]).row(0, named=True)
    assert row["p_value"] < 0.05
    assert row["p_wilcoxon"] == pytest.approx(2 / 2**7)
    assert row["verdict"] == "contradicted"


def test_networks_that_never_vary_have_ranks_without_a_test_or_an_interval(rng):
    rows = rank_networks(source_scores(rng), by=["score"])
    assert rows["mean_rank"].to_list() == [1.0, 2.0, 3.0]
    names = ["rank_low", "rank_high", "friedman_statistic", "friedman_p_value"]
    names += ["critical_difference", "not_different"]
    assert nulls(rows, names) == set(names)


@pytest.mark.parametrize(("n_frozen", "is_tested"), [(0, True), (1, True), (2, False), (3, False)])
def test_the_order_of_frozen_networks_is_not_counted_once_per_dataset(rng, n_frozen, is_tested):
    frozen = dict(list(FROZEN.items())[:n_frozen])
    rows = rank_networks(source_scores(rng, frozen=frozen, moving="mno"), by=["score"])
    tests = rows.select("friedman_p_value", "critical_difference", "not_different")
    assert set(tests.null_count().row(0)) == ({0} if is_tested else {len(rows)})
    # Where a network stands among those that do change differs from dataset to dataset.
    assert rows["rank_low"].null_count() == 0


def test_a_single_frozen_network_keeps_the_size_of_the_friedman_test(rng):
    # Three networks change all alike, around the score of the one that does not change.
    trials = [source_scores(rng, frozen={"a": 0.6}, moving="mno") for _ in range(150)]
    scores = pl.concat(
        trial.with_columns(trial=pl.lit(index)) for index, trial in enumerate(trials)
    )
    found = rank_networks(scores, by=["trial"], n_resamples=2).unique("trial")["friedman_p_value"]
    assert (found < 0.05).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / len(trials))


def test_one_dataset_keeps_the_bound_on_its_ranks(rng):
    scores = source_scores(rng).filter(dataset="t")
    assert rank_networks(scores, by=["score"])["rank_low"].null_count() == 0


def test_nothing_is_planned_with_a_spread_of_rounding(rng):
    scores = source_scores(rng)
    differences = run_differences(scores, by=["score"])
    assert power_curves(differences, by=["score", "first", "second"], effect=0.01).is_empty()


def final_scores(rng, **options):
    """Scores as ``marts.final_scores`` has them."""
    scores = source_scores(rng, **options).rename({"network": "backbone"})
    missing = [name for name in COMPARED if name not in scores.columns]
    return scores.with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in missing),
    ).with_columns(
        origin=pl.lit("repdrift"),
        split=pl.lit("source"),
        confidence_source=pl.lit("knn"),
        n_neighbours=pl.lit(10),
        pretraining=pl.lit("imagenet"),
        adaptation=pl.lit("linear"),
        n_blocks=pl.lit(None, pl.Int64),
        variant=pl.lit(""),
        pooling=pl.lit("cls"),
        token=pl.lit("cls"),
        head=pl.lit("linear"),
    )


def test_results_hold_no_p_value_for_them(rng):
    scores = final_scores(rng)
    compared = comparison_rows(scores, Settings())
    p_values = [name for name in compared.columns if name.startswith("p_")]
    assert nulls(compared, p_values) == set(p_values)
    ranked = ranking_rows(scores, Settings())
    assert nulls(ranked, ["friedman_p_adjusted", "rank_low"]) == {"friedman_p_adjusted", "rank_low"}
    assert detectable_rows(scores, Settings()).is_empty()
