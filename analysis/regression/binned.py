"""The binned fit of Zu et al., never without what it hides.

They cut similarity into intervals, average the runs of each, and regress the averages. Averaging
removes the scatter that R-squared is about: 400 unrelated points can give a binned R-squared above
0.7. Beside the binned fit stand here the fit on runs, and what the same bins give when outcomes are
shuffled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from analysis.regression.least_squares import Floats, Ints
from analysis.regression.robust import inside_fences
from analysis.regression.stacking import Model
from analysis.testing.constancy import is_constant

MIN_BINS = 3


@dataclass(frozen=True)
class Binning:
    """How the fit is made; the paper states none of it.

    Attributes
    ----------
    n_bins : int
        Intervals of equal width over the range of similarity; empty ones are dropped.
    drops_outliers : bool
        Whether runs beyond 1.5 interquartile ranges from the quartiles are left out first.
    n_permutations : int
        Shuffles of the outcome.
    seed : int
        Seed of the shuffles.
    """

    n_bins: int = 10
    drops_outliers: bool = True
    n_permutations: int = 99
    seed: int = 0


def binned_fits(
    points: pl.DataFrame, model: Model, binning: Binning, *, by: Sequence[str]
) -> pl.DataFrame:
    """Fit a line to bin means, beside the line through the runs.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns, without controls.
    binning : Binning
        How the fit is made.
    by : sequence of str
        Columns that name a group.

    Returns
    -------
    DataFrame
        One row per group with at least three bins: ``n_bins, n_outliers, n_runs, bin_counts,
        bin_similarities, bin_outcomes``; ``slope, r_squared`` (runs, nothing left out),
        ``binned_slope, binned_r_squared``; ``inflation`` (binned over unbinned R-squared);
        ``null_r_squared, null_r_squared_high`` (median and 95 % point of the binned R-squared when
        outcomes are shuffled) and ``p_value`` (share of shuffles with a binned R-squared at least
        as large; runs taken as exchangeable).

    References
    ----------
    .. [1] Zu et al. (2025), Figure 5.
    """
    rows = []
    points = points.drop_nulls(model.columns).sort(model.cluster, model.run_id)
    points = points.with_columns(
        is_inside=inside_fences(model, by) if binning.drops_outliers else pl.lit(value=True)
    )
    groups = points.group_by(by, maintain_order=True).agg(
        *(pl.col(name).cast(pl.Float64).alias(f"_{i}") for i, name in enumerate(model.columns)),
        is_inside=pl.col("is_inside"),
        run_ids=pl.col(model.run_id).cast(pl.String).sort(),
    )
    named = groups.select(*by, "run_ids").iter_rows(named=True)
    columns = (groups[name] for name in ("_0", "_1", "is_inside"))
    for key, x, y, is_inside in zip(named, *columns, strict=True):
        row = _binned(x.to_numpy(), y.to_numpy(), is_inside.to_numpy(), binning)
        if row:
            rows.append(key | row)
    schema = {name: points.schema[name] for name in by} | _COLUMNS
    return pl.DataFrame(rows, schema=schema, orient="row").sort(by, nulls_last=True)


def _binned(
    all_x: Floats, all_y: Floats, is_inside: np.ndarray, binning: Binning
) -> dict[str, object] | None:
    x, y = all_x[is_inside], all_y[is_inside]
    if not len(x) or is_constant(x.min(), x.max()) or is_constant(all_y.min(), all_y.max()):
        return None
    bins = equal_width_bins(x, binning.n_bins)
    counts = np.bincount(bins)
    if len(counts) < MIN_BINS:
        return None
    mean_x, mean_y = _bin_means(bins, x), _bin_means(bins, y)
    slope, r_squared = line(all_x, all_y)
    binned_slope, binned_r_squared = line(mean_x, mean_y)
    null = _shuffled_r_squared(bins, mean_x, y, binning)
    at_least = np.sum(null >= binned_r_squared - 1e-12)
    return {
        "n_bins": len(counts),
        "n_outliers": len(all_x) - len(x),
        "n_runs": len(all_x),
        "bin_counts": counts.tolist(),
        "bin_similarities": mean_x.tolist(),
        "bin_outcomes": mean_y.tolist(),
        "slope": slope,
        "r_squared": r_squared,
        "binned_slope": binned_slope,
        "binned_r_squared": binned_r_squared,
        "inflation": binned_r_squared / r_squared if r_squared > 0 else None,
        "null_r_squared": float(np.median(null)),
        "null_r_squared_high": float(np.quantile(null, 0.95)),
        "p_value": float((1 + at_least) / (1 + binning.n_permutations)),
    }


def equal_width_bins(x: Floats, n_bins: int) -> Ints:
    """Bin of each value, empty bins left out of the numbering.

    Examples
    --------
    >>> equal_width_bins(np.array([0.0, 0.1, 0.9, 1.0]), 10).tolist()
    [0, 1, 2, 2]
    """
    low, width = x.min(), np.ptp(x) / n_bins
    if width == 0:
        return np.zeros(len(x), dtype=np.int64)
    bins = np.minimum(((x - low) / width).astype(np.int64), n_bins - 1)
    return np.asarray(np.unique(bins, return_inverse=True)[1], dtype=np.int64)


def line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and R-squared of a least-squares line; both 0 where the outcome does not vary."""
    x, y = x - x.mean(), y - y.mean()
    total = y @ y
    slope = float(x @ y / (x @ x))
    return slope, float(slope * (x @ y) / total) if total > 0 else 0.0


def _shuffled_r_squared(bins: Ints, mean_x: Floats, y: Floats, binning: Binning) -> Floats:
    """Binned R-squared of every shuffle of the outcome, shape (n_permutations,)."""
    shuffled = y[_shuffles(len(y), binning.n_permutations, binning.seed)]
    membership = np.equal.outer(bins, np.arange(len(mean_x))) / np.bincount(bins)
    means = shuffled @ membership
    means -= means.mean(axis=1, keepdims=True)
    x = mean_x - mean_x.mean()
    explained = (means @ x) ** 2 / (x @ x)
    total = (means**2).sum(axis=1)
    found: Floats = np.divide(explained, total, out=np.zeros(len(total)), where=total > 0)
    return found


@lru_cache(maxsize=8)
def _shuffles(n: int, n_permutations: int, seed: int) -> Ints:
    """Permutations of n places, shape (n_permutations, n): the same for all groups of a size."""
    places = np.tile(np.arange(n), (n_permutations, 1))
    return np.asarray(np.random.default_rng(seed).permuted(places, axis=1), dtype=np.int64)


def _bin_means(bins: Ints, values: Floats) -> Floats:
    return np.bincount(bins, weights=values) / np.bincount(bins)


_COLUMNS: dict[str, pl.DataType] = {
    "n_bins": pl.Int64(),
    "n_outliers": pl.Int64(),
    "n_runs": pl.Int64(),
    "bin_counts": pl.List(pl.Int64()),
    "bin_similarities": pl.List(pl.Float64()),
    "bin_outcomes": pl.List(pl.Float64()),
    "slope": pl.Float64(),
    "r_squared": pl.Float64(),
    "binned_slope": pl.Float64(),
    "binned_r_squared": pl.Float64(),
    "inflation": pl.Float64(),
    "null_r_squared": pl.Float64(),
    "null_r_squared_high": pl.Float64(),
    "p_value": pl.Float64(),
    "run_ids": pl.List(pl.String()),
}
