"""Slopes within every dataset and layer, tested together: a joint permutation of the outcome."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import polars as pl

from analysis.regression.least_squares import Floats, Ints
from analysis.regression.wild import TIES
from analysis.testing.constancy import is_constant
from analysis.testing.multiplicity import step_down_max_t

MIN_UNITS = 4


def dataset_slopes(
    points: pl.DataFrame, *, by: Sequence[str], n_permutations: int = 1999, seed: int = 0
) -> pl.DataFrame:
    """Fit a slope per dataset and layer; adjust by the largest t of all of them, step by step.

    Parameters
    ----------
    points : DataFrame
        One row per run and layer: columns of ``by``, ``dataset, layer, fold, seed, run_id,
        similarity, outcome_value``.
    by : sequence of str
        Columns that name a family: a network, what is read of it and an outcome; neither dataset
        nor layer.
    n_permutations : int, default 1999
        Random permutations of the outcome; no p-value is below ``1 / (n_permutations + 1)``.
    seed : int, default 0
        Seed of the permutations.

    Returns
    -------
    DataFrame
        One row per slope: ``by, dataset, layer, slope, correlation, statistic`` (t of independent
        units), ``p_value`` (permutation, alone), ``p_adjusted`` (share of permutations whose
        largest absolute t, over this slope and those of the family with a smaller one, is at least
        as large; at least that of every slope with a larger one), ``family, family_size, n_units,
        n_runs, n_permutations, run_ids``. Datasets with fewer than four units, and numbers that do
        not vary, have no rows.

    Notes
    -----
    Runs of one fold share their images, so the units are folds, averaged over seeds; without folds
    they are seeds. The outcome is permuted over the units of each dataset, in the same way for all
    layers, so that layers stay as dependent as they are. What it draws for layers that are
    unrelated to the outcome does not depend on whether others are: the adjustment can go step by
    step (step-down), and one steep slope takes no power from the rest.

    References
    ----------
    .. [1] Westfall and Young (1993), Resampling-Based Multiple Testing, Wiley.
    .. [2] Romano and Wolf (2005), J. Am. Stat. Assoc. 100,
       https://doi.org/10.1198/016214504000000539
    """
    schema = {name: points.schema[name] for name in by} | _COLUMNS
    cell = [*by, "dataset", "layer"]
    has_folds = pl.col("fold").n_unique().over([*by, "dataset"]) > 1
    unit = pl.when(has_folds).then("fold").otherwise(pl.col("run_id").rank("dense").over(cell))
    cells = (
        points.drop_nulls(["similarity", "outcome_value"])
        .with_columns(unit=unit)
        .group_by([*cell, "unit"], maintain_order=True)
        .agg(pl.col("similarity", "outcome_value").mean(), pl.col("run_id"))
        .sort([*cell, "unit"], nulls_last=True)
        .group_by(cell, maintain_order=True)
        .agg("similarity", "outcome_value", run_ids=pl.col("run_id").explode().sort())
    )
    frames = []
    for key, family in cells.group_by(by, maintain_order=True):
        found = _family(family, n_permutations, seed)
        if found is not None:
            name = ", ".join(f"{column}={value}" for column, value in zip(by, key, strict=True))
            frames.append(found.with_columns(family=pl.lit(name)))
    rows = pl.concat([pl.DataFrame(schema=schema), *(f.select(*schema) for f in frames)])
    return rows.sort(cell, nulls_last=True)


def _family(cells: pl.DataFrame, n_permutations: int, seed: int) -> pl.DataFrame | None:
    """Slopes of one family, those that vary, with their p-values."""
    numbers, statistics, kept = [], [], []
    datasets = cells["dataset"].rank("dense").to_list()
    for row, (x, y) in enumerate(zip(cells["similarity"], cells["outcome_value"], strict=True)):
        x, y = x.to_numpy(), y.to_numpy()
        if len(x) < MIN_UNITS or _is_flat(x) or _is_flat(y):
            continue
        from_x, from_y = x - x.mean(), y - y.mean()
        spread = from_x @ from_x
        order = _orders(len(x), n_permutations, seed + datasets[row])
        correlations = from_y[order] @ from_x / np.sqrt(spread * (from_y @ from_y))
        statistics.append(_t(correlations, len(x)))
        numbers.append(
            {
                "slope": float(from_x @ from_y / spread),
                "correlation": float(correlations[0]),
                "statistic": float(np.sign(correlations[0]) * statistics[-1][0]),
                "n_units": len(x),
            }
        )
        kept.append(row)
    if not kept:
        return None
    drawn = np.column_stack(statistics)
    seen = drawn[0] * (1 - TIES)
    own = cells[kept]
    return pl.concat([own, pl.DataFrame(numbers)], how="horizontal").with_columns(
        pl.Series("p_value", (drawn >= seen).mean(axis=0)),
        pl.Series("p_adjusted", step_down_max_t(drawn, seen)),
        n_runs=pl.col("run_ids").list.len().cast(pl.Int64),
        family_size=pl.lit(len(kept), dtype=pl.Int64),
        n_permutations=pl.lit(n_permutations, dtype=pl.Int64),
    )


def _is_flat(values: Floats) -> bool:
    return bool(is_constant(values.min(), values.max()))


def _t(correlations: Floats, n: int) -> Floats:
    """Absolute t statistics of correlations of n pairs."""
    left = np.maximum(1 - correlations**2, 1e-15)
    return np.asarray(np.abs(correlations) * np.sqrt((n - 2) / left), dtype=np.float64)


@lru_cache(maxsize=64)
def _orders(n: int, n_permutations: int, seed: int) -> Ints:
    """Orders of n units, shape (n_permutations + 1, n); the first is the one seen."""
    places = np.tile(np.arange(n), (n_permutations + 1, 1))
    places[1:] = np.random.default_rng(seed).permuted(places[1:], axis=1)
    return places


_COLUMNS: dict[str, pl.DataType] = {
    "dataset": pl.String(),
    "layer": pl.String(),
    "slope": pl.Float64(),
    "correlation": pl.Float64(),
    "statistic": pl.Float64(),
    "p_value": pl.Float64(),
    "family": pl.String(),
    "family_size": pl.Int64(),
    "p_adjusted": pl.Float64(),
    "n_units": pl.Int64(),
    "n_runs": pl.Int64(),
    "n_permutations": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}
