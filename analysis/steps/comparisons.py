"""From scores of runs to rows of results: intervals, gains, comparisons, rankings."""

import polars as pl

from analysis.dimensions import CELL, HIGHER_IS_BETTER, RUNS, SCORE, network_name
from analysis.means.across_datasets import compare_across_datasets
from analysis.means.bounds import within_range
from analysis.means.comparisons import Comparison, compare_within_datasets
from analysis.means.intervals import mean_intervals
from analysis.means.rankings import rank_networks
from analysis.settings import Settings
from analysis.testing.multiplicity import adjust

COMPARED = (*RUNS, "split", "confidence_source", "n_neighbours", "score")


def interval_rows(scores: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Mean of every score in every cell, from ``marts.final_scores``."""
    rows = mean_intervals(scores, by=[*CELL, *SCORE], level=settings.level)
    return within_range(rows, name="score")


def gain_rows(gains: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Mean gain over scratch in every cell, from ``marts.gains``.

    Gains are taken within a fold and a seed before they are averaged, so the interval is a paired
    one.
    """
    kinds = ["gain_difference", "gain_ratio"]
    index = [name for name in gains.columns if name not in {*kinds, "value"}]
    long = gains.unpivot(kinds, index=index, variable_name="kind", value_name="gain").with_columns(
        score=pl.format("{}:{}", "kind", "score"),
        split=pl.lit("test"),
        confidence_source=pl.lit("head"),
        token=pl.col("pooling"),
        n_neighbours=pl.lit(0),
    )
    rows = mean_intervals(long, by=[*CELL, *SCORE], value="gain", level=settings.level)
    return within_range(rows, name="score")


def comparison_rows(scores: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Every pair of networks on every dataset and across datasets, from ``marts.final_scores``.

    P-values of all pairs and datasets of one score and method form a family.
    """
    comparison = Comparison(
        level=settings.level,
        margin=settings.margin,
        n_draws=settings.n_posterior_draws,
        n_resamples=settings.n_comparison_resamples,
        seed=settings.seed,
    )
    rows = all_comparisons(scores, comparison).drop("uncertainty", "sd")
    bounded = within_range(
        rows.with_columns(difference=pl.format("gain_difference:{}", "score")), name="difference"
    )
    rows = bounded.drop("difference", "is_cut")
    return adjust(rows, family=[*COMPARED, "method"], others=["p_wilcoxon", "p_equivalent"])


def all_comparisons(scores: pl.DataFrame, comparison: Comparison) -> pl.DataFrame:
    """Comparisons within datasets and across them, not adjusted."""
    compared = compared_networks(scores)
    return pl.concat(
        [
            compare_within_datasets(compared, comparison, by=COMPARED),
            compare_across_datasets(compared, comparison, by=COMPARED),
        ],
        how="diagonal_relaxed",
    )


def ranking_rows(scores: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Networks ranked over datasets, from ``marts.final_scores``; a Friedman test per score."""
    rows = rank_networks(
        compared_networks(scores),
        by=COMPARED,
        level=settings.level,
        n_resamples=settings.n_ranking_resamples,
        seed=settings.seed,
    )
    rows = within_range(rows, name="score", ends=(("iqm_low", "iqm_high"),)).drop("is_cut")
    family = [name for name in COMPARED if name != "score"]
    tests = rows.select(*COMPARED, "friedman_p_value").unique()
    adjusted = adjust(tests, family=family, p_value="friedman_p_value").select(
        *COMPARED, "family", "family_size", friedman_p_adjusted="p_adjusted"
    )
    return rows.join(adjusted, on=COMPARED, nulls_equal=True, maintain_order="left")


def compared_networks(scores: pl.DataFrame) -> pl.DataFrame:
    """Scores of which more is better, on images that selected nothing, with the network's name.

    The one-against-rest AUC goes by the name ``auc``, which it is where there are two classes. Of
    features read in several ways, those that the head takes are compared.
    """
    is_own = (pl.col("confidence_source") == "head") | (pl.col("token") == pl.col("pooling"))
    return scores.filter(
        pl.col("split").is_in(["test", "source"]),
        pl.col("score").is_in(HIGHER_IS_BETTER),
        is_own,
    ).with_columns(network=network_name(), score=pl.col("score").replace("auc_ovr_weighted", "auc"))
