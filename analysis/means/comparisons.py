"""Paired comparisons of networks on a dataset, over its folds or seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from analysis.means.intervals import mean_intervals
from analysis.testing.constancy import is_constant
from analysis.testing.equivalence import equivalence_p_value, rope_probabilities
from analysis.testing.student import t_quantile, t_upper_tail
from analysis.testing.verdicts import verdict


@dataclass(frozen=True)
class Comparison:
    """Choices of a comparison.

    Attributes
    ----------
    level : float
        Coverage of the intervals.
    margin : float
        Difference of scores below which networks count as equivalent, in units of the score.
    n_draws : int
        Draws of the Bayesian signed-rank test.
    n_resamples : int
        Resamples of runs behind the probability of improvement.
    seed : int
        Seed of the draws.
    """

    level: float = 0.95
    margin: float = 0.01
    n_draws: int = 2000
    n_resamples: int = 1000
    seed: int = 0


def paired_differences(scores: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Differences of every pair of networks on the same dataset, fold and seed.

    Parameters
    ----------
    scores : DataFrame
        One row per run: columns of ``by``, ``dataset, network, run_id, value, fold, n_folds, seed,
        n_train, n_test``; and ``split_hash``, where runs record which images a fold has.
    by : sequence of str
        Columns that name a set of networks to compare; neither dataset nor network.

    Returns
    -------
    DataFrame
        One row per pair of networks and fold, ``by, dataset, first, second, fold ... n_test,
        value`` (second less first) and ``run_ids``: the means over the seeds of a fold are paired.
        Where there are no folds, or both networks have the same single one, one per pair and seed
        that both have, as `analysis.means.intervals.mean_intervals` takes them. Runs whose split is
        known to differ are no pair: their folds have other images under the same number.
    """
    scores = _with_splits(scores)
    unit = [*by, "dataset", "fold", "n_folds"]
    folds = scores.group_by([*unit, "network", "split_hash"], maintain_order=True).agg(
        pl.col("value").mean(),
        pl.col("n_train", "n_test").mean(),
        pl.col("seed").sort(),
        pl.col("run_id").sort(),
    )
    single = scores.group_by([*unit, "seed", "network", "split_hash"], maintain_order=True).agg(
        pl.col("value").mean(), pl.col("n_train", "n_test").mean(), pl.col("run_id").sort()
    )
    has_one = pl.col("fold").n_unique().over([*by, "dataset", "network"]) == 1
    by_seed = _pair(single.filter(has_one).cast({"seed": pl.Int64}), [*unit, "seed"])
    has_folds = pl.col("fold").is_not_null()
    by_fold = _pair(folds.filter(has_folds).with_columns(seed=pl.lit(None, pl.Int64)), unit)
    pair = [*by, "dataset", "first", "second"]
    left = by_fold.join(by_seed, on=pair, how="anti", nulls_equal=True, maintain_order="left")
    return pl.concat([left, by_seed], how="diagonal")


def run_differences(scores: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Differences of every pair of networks on the same dataset, fold and seed, run by run.

    As `paired_differences`, but for networks whose seeds do not match, which have no rows.
    """
    unit = [*by, "dataset", "fold", "n_folds", "seed"]
    runs = (
        _with_splits(scores)
        .group_by([*unit, "network", "split_hash"], maintain_order=True)
        .agg(pl.col("value", "n_train", "n_test").mean(), pl.col("run_id").sort())
    )
    differences = _pair(runs, unit)
    return differences.with_columns(run_id=pl.col("run_ids").list.join(" ")).drop("run_ids")


def _with_splits(scores: pl.DataFrame) -> pl.DataFrame:
    if "split_hash" in scores.columns:
        return scores
    return scores.with_columns(split_hash=pl.lit(None, pl.String))


def _pair(cells: pl.DataFrame, unit: list[str]) -> pl.DataFrame:
    """Join every unit with itself, the first network before the second.

    An unknown split may be that of any other run: published scores come without.
    """
    right = cells.select(
        *unit, second="network", other="value", other_ids="run_id", other_split="split_hash"
    )
    has_same_images = (pl.col("split_hash") == pl.col("other_split")).fill_null(value=True)
    return (
        cells.rename({"network": "first"})
        .join(right, on=unit, nulls_equal=True)
        .filter(pl.col("first") < pl.col("second"), has_same_images)
        .with_columns(
            value=pl.col("other") - pl.col("value"),
            run_ids=pl.concat_list("run_id", "other_ids"),
        )
        .drop("other", "other_ids", "run_id", "split_hash", "other_split")
        .sort(*unit, "first", "second")  # sums of the same numbers in another order differ
    )


def compare_within_datasets(
    scores: pl.DataFrame, comparison: Comparison, *, by: Sequence[str]
) -> pl.DataFrame:
    """Compare every pair of networks on each dataset by the corrected paired t test.

    Parameters
    ----------
    scores : DataFrame
        As `paired_differences` takes it.
    comparison : Comparison
        Choices.
    by : sequence of str
        Columns that name a set of networks.

    Returns
    -------
    DataFrame
        One row per pair and dataset: ``method`` (``nadeau_bengio`` over folds, ``t`` over seeds),
        ``estimate`` (second less first), ``std_error, df, ci_low, ci_high, level, p_value``,
        ``margin, p_equivalent, p_below, p_within, p_above`` (posterior probabilities), ``verdict``
        on "the second is better", ``n_pairs, run_ids``. Pairs with one fold, or the same
        difference in all of them, have no standard error and no inference.

    References
    ----------
    .. [1] Nadeau and Bengio (2003), Machine Learning 52, https://doi.org/10.1023/A:1024068626366
    """
    differences = paired_differences(scores, by=by)
    cell = [*by, "dataset", "first", "second"]
    ids = differences.group_by(cell, maintain_order=True).agg(
        run_ids=pl.col("run_ids").explode().unique().sort(),
        n_pairs=pl.len().cast(pl.Int64),
        low=pl.col("value").min(),
        high=pl.col("value").max(),
    )
    pairs = differences.drop("run_ids").with_columns(run_id=pl.lit(""))
    rows = mean_intervals(pairs, by=cell, level=comparison.level).drop(
        "run_ids", "n_runs", "unit", "n_units"
    )
    joined = rows.join(ids, on=cell, nulls_equal=True)
    constant = pl.Series(is_constant(joined["low"].to_numpy(), joined["high"].to_numpy()))
    # Equal differences have a spread of 0 or, by rounding, 1e-17: neither is a standard error.
    known = joined.drop("low", "high").with_columns(
        pl.when(~constant).then(name).alias(name) for name in ("std_error", "ci_low", "ci_high")
    )
    return judged(known, comparison).sort(cell)


def judged(rows: pl.DataFrame, comparison: Comparison) -> pl.DataFrame:
    """Add p-value, equivalence, posterior and verdict to rows with estimate, error and interval."""
    numbers = rows.select("estimate", "std_error", "n_pairs").iter_rows()
    found = [_judge(estimate, error, n, comparison) for estimate, error, n in numbers]
    return pl.concat([rows, pl.DataFrame(found, schema=_JUDGEMENT, orient="row")], how="horizontal")


def _judge(
    estimate: float, std_error: float | None, n_pairs: int, comparison: Comparison
) -> dict[str, object]:
    df, margin = n_pairs - 1, comparison.margin
    if not std_error:
        return {"margin": margin, "verdict": "inconclusive"}
    ends = [
        t_quantile(tail, df) * std_error for tail in ((1 + comparison.level) / 2, comparison.level)
    ]
    below, within, above = rope_probabilities(estimate, std_error, df, margin=margin)
    return {
        "df": float(df),
        "p_value": 2 * t_upper_tail(abs(estimate) / std_error, df),
        "margin": margin,
        "p_equivalent": equivalence_p_value(estimate, std_error, df, margin=margin),
        "p_below": below,
        "p_within": within,
        "p_above": above,
        "verdict": verdict(
            "greater",
            (estimate - ends[0], estimate + ends[0]),
            narrow=(estimate - ends[1], estimate + ends[1]),
            margin=margin,
        ),
    }


_JUDGEMENT: dict[str, pl.DataType] = {
    "df": pl.Float64(),
    "p_value": pl.Float64(),
    "margin": pl.Float64(),
    "p_equivalent": pl.Float64(),
    "p_below": pl.Float64(),
    "p_within": pl.Float64(),
    "p_above": pl.Float64(),
    "verdict": pl.String(),
}
