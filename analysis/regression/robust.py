"""Fits and correlations that single runs cannot drag along, and a declared rule for outliers."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import permutations

import numpy as np
import polars as pl
from scipy import special, stats

from analysis.regression.fits import regress
from analysis.regression.huber import huber_line
from analysis.regression.least_squares import Floats, Ints
from analysis.regression.stacking import Model
from analysis.regression.term_rows import COLUMNS
from analysis.testing.constancy import is_constant
from analysis.testing.student import t_upper_tail

FENCES = 1.5
MIN_RUNS = 4
MIN_ASYMPTOTIC = 10
TIED_DECIMALS = 7  # runs that differ by less are tied
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
        Rows as of `analysis.regression.fits.regress`. Term ``rank_correlation``: ``spearman`` on
        runs and ``spearman_datasets`` on the means of datasets; with fewer than 10 points their
        p-values are exact and there is no interval, beyond that both are approximate. Term
        ``similarity``: ``theil_sen`` (median of pairwise slopes, 50,000 of them at random where
        there are more; interval by Sen, p-value of Kendall's tau), ``huber`` (M-estimator, k =
        1.345, normal theory), both undefined with fewer than 10 runs, and ``without_outliers``
        (least squares without runs beyond 1.5 interquartile ranges from the quartiles of similarity
        or outcome; compare with ``ols``).

    References
    ----------
    .. [1] Sen (1968), JASA 63, https://doi.org/10.1080/01621459.1968.10480934
    .. [2] Huber (1981), Robust Statistics, Wiley.
    """
    points = points.drop_nulls(model.columns)
    schema = {name: points.schema[name] for name in by} | COLUMNS
    if points.is_empty():
        return pl.DataFrame(schema=schema)
    groups = _gathered(points, model, by)
    found = [
        {"group": group} | row
        for group, arrays in enumerate(zip(*(groups[name] for name in _ARRAYS), strict=True))
        for row in _rows_of([array.to_numpy() for array in arrays], level)
    ]
    numbers = pl.DataFrame(found, schema=_NUMBERS, orient="row")
    rows = pl.concat([groups.drop(_ARRAYS)[numbers["group"]], numbers], how="horizontal")
    rows = rows.with_columns(level=pl.lit(level)).select(*schema)
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
    return points.filter(inside_fences(model, by))


def inside_fences(model: Model, by: Sequence[str]) -> pl.Expr:
    """Whether a point is within the fences of its group, as `without_outliers` has them."""
    inside = pl.lit(value=True)
    for name in model.columns:
        low, high = (pl.col(name).quantile(q, "linear").over(by) for q in (0.25, 0.75))
        reach = FENCES * (high - low)
        inside &= pl.col(name).is_between(low - reach, high + reach)
    return inside


_ARRAYS = ("x", "y", "mean_x", "mean_y")
_NUMBERS = {"group": pl.UInt32()} | {
    name: dtype
    for name, dtype in COLUMNS.items()
    if name not in {"level", "n_runs", "n_clusters", "run_ids"}
}


def _gathered(points: pl.DataFrame, model: Model, by: Sequence[str]) -> pl.DataFrame:
    """One row per group, with the numbers of its runs and the means of its datasets as lists."""
    x, y = (pl.col(name).cast(pl.Float64) for name in model.columns)
    means = (
        points.group_by([*by, model.cluster], maintain_order=True)
        .agg(mean_x=x.mean(), mean_y=y.mean())
        .group_by(by, maintain_order=True)
        .agg("mean_x", "mean_y")
    )
    runs = (
        points.sort(model.cluster, model.run_id)
        .group_by(by, maintain_order=True)
        .agg(
            x=x,
            y=y,
            n_runs=pl.len().cast(pl.Int64),
            n_clusters=pl.col(model.cluster).n_unique().cast(pl.Int64),
            run_ids=pl.col(model.run_id).cast(pl.String),
        )
    )
    return runs.join(means, on=by, nulls_equal=True)


def _rows_of(arrays: Sequence[Floats], level: float) -> list[dict[str, object]]:
    x, y, mean_x, mean_y = arrays
    return [
        _row("spearman", x, y, level, _spearman),
        _row("spearman_datasets", mean_x, mean_y, level, _spearman),
        _row("theil_sen", x, y, level, _theil_sen),
        _row("huber", x, y, level, _huber),
    ]


_Numbers = dict[str, float]


def _row(
    method: str,
    x: Floats,
    y: Floats,
    level: float,
    fit: Callable[[Floats, Floats, float], _Numbers],
) -> dict[str, object]:
    """One row, or the reason why there is no number."""
    is_rank = fit is _spearman
    term = "rank_correlation" if is_rank else "similarity"
    named: dict[str, object] = {"method": method, "term": term, "status": "undefined"}
    for what, values in (("predictor", x), ("outcome", y)):
        if is_constant(values.min(), values.max()):
            return named | {"reason": f"the {what} is constant"}
    if len(x) < MIN_RUNS:
        return named | {"reason": f"{len(x)} points are fewer than {MIN_RUNS}"}
    if not is_rank and len(x) < MIN_ASYMPTOTIC:
        return named | {"reason": f"{len(x)} runs are too few: {method} needs {MIN_ASYMPTOTIC}"}
    try:
        return named | {"status": "fitted", "reason": None} | fit(x, y, level)
    except ValueError as error:
        return named | {"reason": str(error)}


def _spearman(x: Floats, y: Floats, level: float) -> _Numbers:
    """Rank correlation; interval by Fisher's z with the variance of Bonett and Wright (2000)."""
    x, y = np.round(x, TIED_DECIMALS), np.round(y, TIED_DECIMALS)
    ranks_x, ranks_y = (ranks - ranks.mean() for ranks in map(mean_ranks, (x, y)))
    scale = np.sqrt((ranks_x @ ranks_x) * (ranks_y @ ranks_y))
    estimate = float(ranks_x @ ranks_y / scale)
    if len(x) < MIN_ASYMPTOTIC:
        shuffled = np.abs(ranks_y[_permutations(len(x))] @ ranks_x) / scale
        p_value = float(np.mean(shuffled >= abs(estimate) - 1e-12))
        return {"estimate": estimate, "p_value": p_value}
    left, df = (1 - estimate) * (1 + estimate), len(x) - 2
    p_value = 2 * t_upper_tail(abs(estimate) * np.sqrt(df / left), df) if left > 0 else 0.0
    numbers = {"estimate": estimate, "p_value": p_value}
    if abs(estimate) < 1:
        std_error = np.sqrt((1 + estimate**2 / 2) / (len(x) - 3))
        half = float(special.ndtri((1 + level) / 2)) * std_error
        numbers["ci_low"] = float(np.tanh(np.arctanh(estimate) - half))
        numbers["ci_high"] = float(np.tanh(np.arctanh(estimate) + half))
    return numbers


def mean_ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing their mean.

    Examples
    --------
    >>> mean_ranks(np.array([0.5, 0.1, 0.5])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = np.cumsum(counts) - (counts - 1) / 2
    return ranks[which]


@lru_cache(maxsize=8)
def _permutations(n: int) -> Ints:
    return np.array(list(permutations(range(n))), dtype=np.int64)


def _theil_sen(x: Floats, y: Floats, level: float) -> _Numbers:
    """Median of pairwise slopes, its interval by the ranks of the slopes (Sen, 1968, eq. 2.6)."""
    i, j = _pairs(len(x))
    run = x[j] - x[i]
    differ = np.abs(run) > 10.0**-TIED_DECIMALS
    slopes = np.sort((y[j] - y[i])[differ] / run[differ])
    n = len(x)
    spread = float(special.ndtri((1 + level) / 2)) * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    reach = spread / (n * (n - 1))  # as a share of the number of pairs, to either side
    last = len(slopes) - 1
    low = max(int(np.floor(len(slopes) * (0.5 - reach))) - 1, 0)  # outwards: never too narrow
    high = min(int(np.ceil(len(slopes) * (0.5 + reach))), last)
    return {
        "estimate": float(np.median(slopes)),
        "ci_low": float(slopes[low]),
        "ci_high": float(slopes[high]),
        "p_value": float(stats.kendalltau(*np.round((x, y), TIED_DECIMALS)).pvalue),
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
    """M-estimator with Huber's weights, by normal theory."""
    line = huber_line(x, y)
    half = float(special.ndtri((1 + level) / 2)) * line.std_error
    return {
        "estimate": line.slope,
        "std_error": line.std_error,
        "statistic": line.slope / line.std_error,
        "ci_low": line.slope - half,
        "ci_high": line.slope + half,
        "p_value": float(2 * special.ndtr(-abs(line.slope) / line.std_error)),
    }
