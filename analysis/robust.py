"""Fits and correlations that single runs cannot drag along, and a declared rule for outliers."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import permutations

import numpy as np
import polars as pl
from scipy import stats

from analysis.least_squares import Floats, Ints
from analysis.regression import regress
from analysis.stacking import Model
from analysis.term_rows import COLUMNS

FENCES = 1.5
HUBER_K = 1.345
MIN_RUNS = 4
MAX_EXACT = 8
MAX_PAIRS = 50_000


def robust_rows(
    points: pl.DataFrame, model: Model, *, by: Sequence[str], level: float = 0.95
) -> pl.DataFrame:
    """Rank correlations and robust lines per group, runs taken as independent.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns, without controls.
    by : sequence of str
        Columns that name a group.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Rows as of `analysis.regression.regress`. Term ``rank_correlation``: ``spearman`` on runs
        and
        ``spearman_datasets`` on the means of datasets (p-values exact up to 8 points, by t beyond).
        Term ``similarity``: ``theil_sen`` (median of pairwise slopes, 50,000 of them at random
        where there are more; interval by Sen, p-value of Kendall's tau), ``huber`` (M-estimator, k
        = 1.345, normal theory) and ``without_outliers`` (least squares without runs beyond 1.5
        interquartile ranges from the quartiles of similarity or outcome; compare with ``ols``).

    References
    ----------
    .. [1] Sen (1968), JASA 63, https://doi.org/10.1080/01621459.1968.10480934
    .. [2] Huber (1981), Robust Statistics, Wiley.
    """
    points = points.drop_nulls(model.columns)
    schema = {name: points.schema[name] for name in by} | COLUMNS
    if points.is_empty():
        return pl.DataFrame(schema=schema)
    found = []
    for key, group in points.group_by(by, maintain_order=True):
        group = group.sort(model.cluster, model.run_id)
        shared = dict(zip(by, key, strict=True)) | {
            "level": level,
            "n_runs": len(group),
            "n_clusters": group[model.cluster].n_unique(),
            "run_ids": group[model.run_id].cast(pl.String).to_list(),
        }
        found += [shared | row for row in _rows_of(group, model, level)]
    rows = pl.DataFrame(found, schema=schema, orient="row")
    inside = without_outliers(points, model, by)
    trimmed = regress(inside, model, by=by, methods=["ols"], level=level)
    trimmed = trimmed.filter(pl.col("term") == "similarity").with_columns(
        method=pl.lit("without_outliers")
    )
    return pl.concat([rows, trimmed]).sort([*by, "method"], nulls_last=True)


def without_outliers(points: pl.DataFrame, model: Model, by: Sequence[str]) -> pl.DataFrame:
    """Points within Tukey's fences of similarity and of outcome, in each group.

    The fences lie 1.5 interquartile ranges outside the quartiles.
    """
    inside = pl.lit(value=True)
    for name in model.columns:
        low, high = (pl.col(name).quantile(q, "linear").over(by) for q in (0.25, 0.75))
        reach = FENCES * (high - low)
        inside &= pl.col(name).is_between(low - reach, high + reach)
    return points.filter(inside)


def _rows_of(group: pl.DataFrame, model: Model, level: float) -> list[dict[str, object]]:
    x, y = (group[name].cast(pl.Float64).to_numpy() for name in model.columns)
    means = group.group_by(model.cluster).agg(pl.col(model.columns).mean())
    mean_x, mean_y = (means[name].to_numpy() for name in model.columns)
    return [
        _row("spearman", "rank_correlation", x, y, level, _spearman),
        _row("spearman_datasets", "rank_correlation", mean_x, mean_y, level, _spearman),
        _row("theil_sen", "similarity", x, y, level, _theil_sen),
        _row("huber", "similarity", x, y, level, _huber),
    ]


_Numbers = dict[str, float]


def _row(
    method: str,
    term: str,
    x: Floats,
    y: Floats,
    level: float,
    fit: Callable[[Floats, Floats, float], _Numbers],
) -> dict[str, object]:
    """One row, or the reason why there is no number."""
    named: dict[str, object] = {"method": method, "term": term}
    if len(x) < MIN_RUNS:
        reason = f"{len(x)} points are fewer than {MIN_RUNS}"
        return named | {"status": "undefined", "reason": reason}
    for what, values in (("predictor", x), ("outcome", y)):
        if np.ptp(values) <= 1e-6 * np.abs(values).max():
            return named | {"status": "undefined", "reason": f"the {what} is constant"}
    return named | {"status": "fitted", "reason": None} | fit(x, y, level)


def _spearman(x: Floats, y: Floats, level: float) -> _Numbers:
    """Rank correlation; interval by Fisher's z with the variance of Bonett and Wright (2000)."""
    ranks_x, ranks_y = (ranks - ranks.mean() for ranks in map(stats.rankdata, (x, y)))
    scale = np.sqrt((ranks_x @ ranks_x) * (ranks_y @ ranks_y))
    estimate = float(ranks_x @ ranks_y / scale)
    if len(x) <= MAX_EXACT:
        shuffled = np.abs(ranks_y[_permutations(len(x))] @ ranks_x) / scale
        p_value = float(np.mean(shuffled >= abs(estimate) - 1e-12))
    else:
        p_value = float(stats.spearmanr(x, y).pvalue)
    numbers = {"estimate": estimate, "p_value": p_value}
    if abs(estimate) < 1 and len(x) > 3:
        std_error = np.sqrt((1 + estimate**2 / 2) / (len(x) - 3))
        half = stats.norm.ppf((1 + level) / 2) * std_error
        numbers["ci_low"] = float(np.tanh(np.arctanh(estimate) - half))
        numbers["ci_high"] = float(np.tanh(np.arctanh(estimate) + half))
    return numbers


@lru_cache(maxsize=8)
def _permutations(n: int) -> Ints:
    return np.array(list(permutations(range(n))))


def _theil_sen(x: Floats, y: Floats, level: float) -> _Numbers:
    """Median of pairwise slopes, its interval by the ranks of the slopes (Sen)."""
    i, j = _pairs(len(x))
    run = x[j] - x[i]
    slopes = np.sort((y[j] - y[i])[run != 0] / run[run != 0])
    n = len(x)
    spread = stats.norm.ppf((1 + level) / 2) * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    reach = spread / (n * (n - 1))  # as a share of the number of pairs, to either side
    low, middle, high = np.quantile(slopes, np.clip([0.5 - reach, 0.5, 0.5 + reach], 0, 1))
    return {
        "estimate": float(middle),
        "ci_low": float(low),
        "ci_high": float(high),
        "p_value": float(stats.kendalltau(x, y).pvalue),
    }


@lru_cache(maxsize=8)
def _pairs(n: int) -> tuple[Ints, Ints]:
    """Pairs of runs: all of them, or 50,000 at random where there are more."""
    i, j = np.triu_indices(n, 1)
    if len(i) > MAX_PAIRS:
        chosen = np.random.default_rng(0).choice(len(i), MAX_PAIRS, replace=False)
        i, j = i[chosen], j[chosen]
    return i, j


def _huber(x: Floats, y: Floats, level: float) -> _Numbers:
    """M-estimator with Huber's weights."""
    from statsmodels.robust.norms import HuberT
    from statsmodels.robust.robust_linear_model import RLM

    design = np.column_stack([np.ones(len(x)), x])
    fit = RLM(y, design, M=HuberT(t=HUBER_K)).fit(maxiter=200, tol=1e-10)
    low, high = fit.conf_int(alpha=1 - level)[1]
    return {
        "estimate": float(fit.params[1]),
        "std_error": float(fit.bse[1]),
        "statistic": float(fit.tvalues[1]),
        "ci_low": float(low),
        "ci_high": float(high),
        "p_value": float(fit.pvalues[1]),
    }
