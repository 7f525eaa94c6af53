"""Paired comparisons of networks across datasets: the dataset is the unit."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import polars as pl
from scipy import stats

from analysis.means.comparisons import Comparison, judged, paired_differences
from analysis.means.drawn_runs import drawn_runs
from analysis.means.improvement import Redrawn, improvement, redrawn
from analysis.regression.least_squares import Floats
from analysis.testing.constancy import is_constant
from analysis.testing.student import t_quantile

PRIOR_STRENGTH = 0.5
MIN_POSTERIOR_DATASETS = 3


def compare_across_datasets(
    scores: pl.DataFrame, comparison: Comparison, *, by: Sequence[str]
) -> pl.DataFrame:
    """Compare every pair of networks over the datasets that both were run on.

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
        One row per pair: as `compare_within_datasets`, with method ``t_datasets`` (the unit is the
        dataset); also ``p_wilcoxon`` (signed rank, exact without ties), ``p_first, p_rope,
        p_second`` (Bayesian signed-rank probabilities that the median difference favours the first,
        neither, the second), ``improvement`` (probability that a run of the second beats one of the
        first, averaged over datasets) with ``improvement_low, improvement_high,
        improvement_uncertainty`` (fold or seed; null where there is no interval, see
        `analysis.means.improvement`), ``n_datasets``. Where the difference is the same on every
        dataset it has no standard error and no test.

    Notes
    -----
    A frozen backbone has the same score on the source whatever it is trained for. The difference of
    two of them is one number, found once for every dataset: neither its spread of 0 or 1e-17 nor
    its sign says anything of other datasets.

    References
    ----------
    .. [1] Benavoli et al. (2014), "A Bayesian Wilcoxon signed-rank test", ICML.
    """
    pair = [*by, "first", "second"]
    differences = paired_differences(scores, by=by)
    pairs = (
        differences.group_by([*pair, "dataset"], maintain_order=True)
        .agg(pl.col("value").mean(), pl.col("run_ids").explode())
        .sort([*pair, "dataset"])
        .group_by(pair, maintain_order=True)
        .agg("value", run_ids=pl.col("run_ids").explode().unique().sort())
    )
    networks = redrawn(
        drawn_runs(scores, by=[*by, "network", "dataset"]),
        n_resamples=comparison.n_resamples,
        seed=comparison.seed,
    )
    rows = []
    for *key, first, second, values, run_ids in pairs.iter_rows():
        rows.append(
            dict(zip(pair, (*key, first, second), strict=True))
            | _across(np.array(values), comparison)
            | _improvement(networks[*key, first], networks[*key, second], comparison.level)
            | {"run_ids": run_ids}
        )
    schema = {name: pairs.schema[name] for name in pair} | _ACROSS
    return judged(pl.DataFrame(rows, schema=schema, orient="row"), comparison)


def _across(values: Floats, comparison: Comparison) -> dict[str, object]:
    n = len(values)
    is_testable = not is_constant(values.min(), values.max())
    std_error = float(values.std(ddof=1) / np.sqrt(n)) if is_testable else None
    half = t_quantile((1 + comparison.level) / 2, n - 1) * std_error if std_error else None
    first, rope, second = _posterior(values, comparison) if is_testable else (None, None, None)
    return {
        "dataset": None,
        "method": "t_datasets",
        "estimate": float(values.mean()),
        "std_error": std_error,
        "ci_low": float(values.mean() - half) if half else None,
        "ci_high": float(values.mean() + half) if half else None,
        "level": comparison.level,
        "p_wilcoxon": float(stats.wilcoxon(values).pvalue) if is_testable else None,
        "p_first": first,
        "p_rope": rope,
        "p_second": second,
        "n_pairs": n,
        "n_datasets": n,
    }


def _posterior(
    values: Floats, comparison: Comparison
) -> tuple[float, float, float] | tuple[None, None, None]:
    """Posterior of the signed rank; none of one or two datasets, which are sure of anything."""
    if len(values) < MIN_POSTERIOR_DATASETS:
        return None, None, None
    return signed_rank_probabilities(
        values, margin=comparison.margin, n_draws=comparison.n_draws, seed=comparison.seed
    )


def signed_rank_probabilities(
    differences: Floats, *, margin: float, n_draws: int = 10_000, seed: int = 0
) -> tuple[float, float, float]:
    """Bayesian signed-rank test with a region of practical equivalence.

    Parameters
    ----------
    differences : float array of shape (n_datasets,)
        Second less first on each dataset.
    margin : float
        Half-width of the region.
    n_draws : int, default 10000
        Draws from the posterior.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    tuple of float
        Probabilities that the first is better, neither, the second; summing to 1.

    Notes
    -----
    Dirichlet process with a prior observation of weight 0.5 in the middle of the region, as in
    ``baycomp``. It is no test: where networks do not differ (normal differences, no region), one
    side or the other has more than 0.95 in 48 % of cases with 2 datasets, 25 % with 3 or 4, 19 %
    with 5, 14 % with 7 and 11 % with 20.

    References
    ----------
    .. [1] Benavoli et al. (2017), JMLR 18, section 4.2, https://jmlr.org/papers/v18/16-305.html
    """
    values = np.concatenate([[0.0], differences])
    sums = values[:, None] + values
    weights = _dirichlet_weights(len(differences), n_draws, seed)
    first, second = (
        ((weights @ side.astype(np.float64)) * weights).sum(axis=1)
        for side in (sums < -2 * margin, sums > 2 * margin)
    )
    winners = np.argmax([first, 1 - first - second, second], axis=0)
    shares = np.bincount(winners, minlength=3) / n_draws
    return float(shares[0]), float(shares[1]), float(shares[2])


def _improvement(
    first: dict[str, Redrawn], second: dict[str, Redrawn], level: float
) -> dict[str, object]:
    found = improvement(first, second, level=level)
    return {
        "improvement": found.estimate,
        "improvement_low": found.low,
        "improvement_high": found.high,
        "improvement_uncertainty": found.uncertainty,
    }


@lru_cache(maxsize=32)
def _dirichlet_weights(n: int, n_draws: int, seed: int) -> Floats:
    alpha = np.concatenate([[PRIOR_STRENGTH], np.ones(n)])
    return np.random.default_rng(seed).dirichlet(alpha, size=n_draws)


_ACROSS: dict[str, pl.DataType] = {
    "dataset": pl.String(),
    "method": pl.String(),
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "level": pl.Float64(),
    "p_wilcoxon": pl.Float64(),
    "p_first": pl.Float64(),
    "p_rope": pl.Float64(),
    "p_second": pl.Float64(),
    "improvement": pl.Float64(),
    "improvement_low": pl.Float64(),
    "improvement_high": pl.Float64(),
    "improvement_uncertainty": pl.String(),
    "n_pairs": pl.Int64(),
    "n_datasets": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}
