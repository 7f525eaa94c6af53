"""Networks ranked over datasets: intervals of ranks, interquartile means, who is told apart."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats

from analysis.means.drawn_runs import DrawnRuns, common_uncertainty, drawn_runs
from analysis.means.friedman import Friedman, friedman
from analysis.means.interquartile import interquartile_interval, interquartile_mean
from analysis.regression.least_squares import Floats
from analysis.testing.constancy import is_constant
from analysis.testing.student import t_quantile

PSEUDO_DATASETS = 0.5  # with the rank furthest away: what is added to ranks that hardly vary


def rank_networks(
    scores: pl.DataFrame,
    *,
    by: Sequence[str],
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> pl.DataFrame:
    """Rank networks over the datasets that all of them were run on.

    Parameters
    ----------
    scores : DataFrame
        One row per run: columns of ``by``, ``dataset, network, run_id, value, fold, n_folds,
        n_train, n_test``; larger is better.
    by : sequence of str
        Columns that name a set of networks.
    level : float, default 0.95
        Coverage of the intervals, and one minus the level of the Nemenyi test.
    n_resamples : int, default 2000
        Resamples behind the intervals of interquartile means.
    seed : int, default 0
        Their seed.

    Returns
    -------
    DataFrame
        One row per network: ``mean_rank`` (1 is best) with ``rank_low, rank_high`` (see
        `rank_intervals`; null where every network has one score on all of two datasets or more),
        ``iqm`` (interquartile mean over runs) with ``iqm_low, iqm_high,
        iqm_uncertainty`` (fold or seed; null where there is no interval, see
        `analysis.means.interquartile`), ``n_wins`` (datasets on which it is best, ties shared),
        ``friedman_statistic, friedman_p_value, critical_difference`` (null below three networks or
        two datasets, where all networks tie on every dataset, and where two or more networks have
        one score on all datasets), ``not_different`` (networks whose mean rank is within the
        critical difference: the data do not tell them apart, which does not make them the same),
        ``n_datasets, level, run_ids``.

    Notes
    -----
    A frozen backbone has the same score on the source whatever it is trained for. The order of two
    of them is one observation, which the Friedman test would count once for every dataset. A single
    one is a fixed reference for the others, whose ranks do vary.
    """
    frames = [
        _ranked(group, level, n_resamples, seed).select(
            *(
                pl.lit(value, dtype=scores.schema[name]).alias(name)
                for name, value in zip(by, key, strict=True)
            ),
            *_COLUMNS,
        )
        for key, group in scores.group_by(by, maintain_order=True)
        if group["network"].n_unique() > 1
    ]
    schema = {name: scores.schema[name] for name in by} | _COLUMNS
    return pl.concat([pl.DataFrame(schema=schema), *frames]).sort(*by, "mean_rank", nulls_last=True)


def _ranked(runs: pl.DataFrame, level: float, n_resamples: int, seed: int) -> pl.DataFrame:
    runs = runs.sort("network", "dataset", "run_id")
    complete = runs.group_by("dataset", maintain_order=True).agg(pl.col("network").n_unique())
    shared = complete.filter(pl.col("network") == runs["network"].n_unique())["dataset"]
    runs = runs.filter(pl.col("dataset").is_in(shared.implode()))
    if runs.is_empty():
        return pl.DataFrame(schema=_COLUMNS)
    networks = runs["network"].unique(maintain_order=True).to_list()
    table = runs.pivot("network", index="dataset", values="value", aggregate_function="mean")
    values = table.sort("dataset").select(networks).to_numpy()
    ranks = stats.rankdata(-values, axis=1)
    rng = np.random.default_rng(seed)
    n_constant = int(is_constant(values.min(axis=0), values.max(axis=0)).sum())
    is_fixed = len(values) > 1 and n_constant == len(networks)
    rank_ends = (None, None) if is_fixed else rank_intervals(ranks, level=level)
    best = ranks == ranks.min(axis=1, keepdims=True)
    drawn = drawn_runs(runs, by=["network", "dataset"])
    iqms = [
        _iqm([one for (name, _), one in drawn.items() if name == n], level, n_resamples, rng)
        for n in networks
    ]
    has_enough = min(values.shape[0], values.shape[1] - 1) > 1
    is_testable = has_enough and n_constant < 2 and not best.all()
    test = friedman(values, level=level) if is_testable else None
    mean_ranks = ranks.mean(axis=0)
    return pl.DataFrame(
        {
            "network": networks,
            "mean_rank": mean_ranks,
            "rank_low": rank_ends[0],
            "rank_high": rank_ends[1],
            "iqm": [iqm[0] for iqm in iqms],
            "iqm_low": [iqm[1] for iqm in iqms],
            "iqm_high": [iqm[2] for iqm in iqms],
            "iqm_uncertainty": [iqm[3] for iqm in iqms],
            "n_wins": (best / best.sum(axis=1, keepdims=True)).sum(axis=0),
            "friedman_statistic": test.statistic if test else None,
            "friedman_p_value": test.p_value if test else None,
            "critical_difference": test.critical_difference if test else None,
            "not_different": [_close(networks, mean_ranks, j, test) for j in range(len(networks))],
            "n_datasets": len(values),
            "level": level,
            "run_ids": [
                runs.filter(pl.col("network") == n)["run_id"].sort().to_list() for n in networks
            ],
        },
        schema=_COLUMNS,
    )


def _iqm(
    runs: Sequence[DrawnRuns], level: float, n_resamples: int, rng: np.random.Generator
) -> tuple[float, float | None, float | None, str | None]:
    pooled = np.concatenate([one.values.ravel() for one in runs])
    found = float(interquartile_mean(pooled[None])[0])
    ends = interquartile_interval(runs, level=level, n_resamples=n_resamples, rng=rng)
    return (found, *ends, common_uncertainty(runs)) if ends else (found, None, None, None)


def _close(networks: list[str], ranks: Floats, j: int, test: Friedman | None) -> list[str] | None:
    """Other networks within the critical difference of one."""
    if test is None:
        return None
    near = np.abs(ranks - ranks[j]) <= test.critical_difference
    return [name for i, name in enumerate(networks) if near[i] and i != j]


def rank_intervals(ranks: Floats, *, level: float = 0.95) -> Floats:
    """Intervals of the mean ranks of networks over datasets.

    Parameters
    ----------
    ranks : float array of shape (n_datasets, n_networks)
        Rank of each network on each dataset, from 1.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    float array of shape (2, n_networks)
        Lower and upper ends, in [1, n_networks]: t over datasets. A network with the same rank on
        every dataset shows no spread: there the share of datasets on which it would have another
        has the upper bound of Clopper and Pearson, and these may have the first or last rank.

    Notes
    -----
    A rank that seldom changes shows too little of its spread. The variance is therefore at least
    what it is with half a dataset more, on which the network has the rank furthest from its mean;
    in the spirit of Agresti and Coull. Of three to five networks, equal or up to four standard
    deviations apart, it covers 94 to 100 % of their mean ranks with 3 to 60 datasets; t alone 86 to
    100 %, the percentile bootstrap of 5 datasets 68 to 82 %.

    References
    ----------
    .. [1] Agresti and Coull (1998), The American Statistician 52,
       https://doi.org/10.1080/00031305.1998.10480550

    Examples
    --------
    >>> rank_intervals(np.array([[1.0, 2.0, 3.0]] * 7)).round(2).tolist()
    [[1.0, 1.59, 2.18], [1.82, 2.41, 3.0]]
    """
    n, k = ranks.shape
    means = ranks.mean(axis=0)
    has_one_rank = (ranks == ranks[0]).all(axis=0)
    others = 1 - ((1 - level) / 2) ** (1 / n)
    half = 0.0
    if n > 1:
        squares = ((ranks - means) ** 2).sum(axis=0)
        furthest = np.maximum(means - 1, k - means)
        variance = np.maximum(squares / (n - 1), (squares + PSEUDO_DATASETS * furthest**2) / n)
        half = t_quantile((1 + level) / 2, n - 1) * np.sqrt(variance / n)
    low = np.where(has_one_rank, means - others * (means - 1), means - half)
    high = np.where(has_one_rank, means + others * (k - means), means + half)
    ends: Floats = np.clip([low, high], 1, k)
    return ends


_COLUMNS: dict[str, pl.DataType] = {
    "network": pl.String(),
    "mean_rank": pl.Float64(),
    "rank_low": pl.Float64(),
    "rank_high": pl.Float64(),
    "iqm": pl.Float64(),
    "iqm_low": pl.Float64(),
    "iqm_high": pl.Float64(),
    "iqm_uncertainty": pl.String(),
    "n_wins": pl.Float64(),
    "friedman_statistic": pl.Float64(),
    "friedman_p_value": pl.Float64(),
    "critical_difference": pl.Float64(),
    "not_different": pl.List(pl.String()),
    "n_datasets": pl.Int64(),
    "level": pl.Float64(),
    "run_ids": pl.List(pl.String()),
}
