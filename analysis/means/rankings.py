"""Networks ranked over datasets: Friedman, Nemenyi, intervals of ranks, interquartile means."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from analysis.regression.least_squares import Floats


@dataclass(frozen=True)
class Friedman:
    """Friedman test of one table of datasets by networks.

    Attributes
    ----------
    statistic, p_value : float
        Chi-squared with ties corrected; of no difference between networks.
    critical_difference : float
        Mean ranks further apart than this differ (Nemenyi).
    """

    statistic: float
    p_value: float
    critical_difference: float


def friedman(values: Floats, *, level: float = 0.95) -> Friedman:
    """Test whether networks differ over datasets, and by how much ranks must.

    Parameters
    ----------
    values : float array of shape (n_datasets, n_networks)
        One score per dataset and network; at least two datasets and three networks.
    level : float, default 0.95
        One minus it is the level of the Nemenyi test.

    Returns
    -------
    Friedman
        The test and the critical difference.

    References
    ----------
    .. [1] Demsar (2006), JMLR 7, https://jmlr.org/papers/v7/demsar06a.html

    Examples
    --------
    >>> round(friedman(np.arange(30.0).reshape(10, 3)).critical_difference, 3)
    1.048
    """
    n, k = values.shape
    if n < 2 or k < 3:
        raise ValueError(f"{n} datasets and {k} networks: needs at least 2 and 3")
    test = stats.friedmanchisquare(*values.T)
    quantile = stats.studentized_range.ppf(level, k, np.inf) / np.sqrt(2)
    difference = quantile * np.sqrt(k * (k + 1) / (6 * n))
    return Friedman(float(test.statistic), float(test.pvalue), float(difference))


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
        One row per run: columns of ``by``, ``dataset, network, run_id, value``; larger is better.
    by : sequence of str
        Columns that name a set of networks.
    level : float, default 0.95
        Coverage of the intervals, and one minus the level of the Nemenyi test.
    n_resamples : int, default 2000
        Resamples of the bootstrap.
    seed : int, default 0
        Seed of the bootstrap.

    Returns
    -------
    DataFrame
        One row per network: ``mean_rank`` (1 is best) with ``rank_low, rank_high`` (bootstrap over
        datasets), ``iqm`` (interquartile mean over runs) with ``iqm_low, iqm_high`` (bootstrap of
        runs within datasets), ``n_wins`` (datasets on which it is best, ties shared),
        ``friedman_statistic, friedman_p_value, critical_difference`` (null below three networks),
        ``not_different`` (networks whose mean rank is within the critical difference: the data do
        not tell them apart, which does not make them the same), ``n_datasets, level, run_ids``.

    References
    ----------
    .. [1] Agarwal et al. (2021), "Deep RL at the edge of the statistical precipice", NeurIPS.
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
    complete = runs.group_by("dataset").agg(pl.col("network").n_unique())
    shared = complete.filter(pl.col("network") == runs["network"].n_unique())["dataset"]
    runs = runs.filter(pl.col("dataset").is_in(shared.implode()))
    if runs.is_empty():
        return pl.DataFrame(schema=_COLUMNS)
    networks = runs["network"].unique(maintain_order=True).to_list()
    table = runs.pivot("network", index="dataset", values="value", aggregate_function="mean")
    values = table.sort("dataset").select(networks).to_numpy()
    ranks = stats.rankdata(-values, axis=1)
    rng = np.random.default_rng(seed)
    tails = [(1 - level) / 2, (1 + level) / 2]
    drawn = rng.integers(0, len(values), size=(n_resamples, len(values)))
    rank_ends = np.quantile(ranks[drawn].mean(axis=1), tails, axis=0)
    best = ranks == ranks.min(axis=1, keepdims=True)
    iqms = [_iqm(runs.filter(pl.col("network") == n), n_resamples, rng, tails) for n in networks]
    test = friedman(values, level=level) if min(values.shape[0], values.shape[1] - 1) > 1 else None
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


def _close(networks: list[str], ranks: Floats, j: int, test: Friedman | None) -> list[str] | None:
    """Other networks within the critical difference of one."""
    if test is None:
        return None
    near = np.abs(ranks - ranks[j]) <= test.critical_difference
    return [name for i, name in enumerate(networks) if near[i] and i != j]


def _iqm(
    runs: pl.DataFrame, n_resamples: int, rng: np.random.Generator, tails: list[float]
) -> tuple[float, float, float]:
    """Interquartile mean over runs, and its interval by resampling runs within datasets."""
    groups = [g["value"].to_numpy() for _, g in runs.group_by("dataset", maintain_order=True)]
    drawn = [g[rng.integers(0, len(g), size=(n_resamples, len(g)))] for g in groups]
    low, high = np.quantile(interquartile_mean(np.hstack(drawn)), tails)
    return float(interquartile_mean(np.concatenate(groups)[None])[0]), float(low), float(high)


def interquartile_mean(values: Floats) -> Floats:
    """Mean of the middle half of each row, whole values only; shape (n,) from (n, m).

    Examples
    --------
    >>> interquartile_mean(np.array([[9.0, 1.0, 2.0, -50.0]])).tolist()
    [1.5]
    """
    return np.asarray(stats.trim_mean(values, 0.25, axis=1), dtype=np.float64)


_COLUMNS: dict[str, pl.DataType] = {
    "network": pl.String(),
    "mean_rank": pl.Float64(),
    "rank_low": pl.Float64(),
    "rank_high": pl.Float64(),
    "iqm": pl.Float64(),
    "iqm_low": pl.Float64(),
    "iqm_high": pl.Float64(),
    "n_wins": pl.Float64(),
    "friedman_statistic": pl.Float64(),
    "friedman_p_value": pl.Float64(),
    "critical_difference": pl.Float64(),
    "not_different": pl.List(pl.String()),
    "n_datasets": pl.Int64(),
    "level": pl.Float64(),
    "run_ids": pl.List(pl.String()),
}
