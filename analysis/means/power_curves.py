"""What a comparison of another size would find: more datasets, more folds, more seeds.

The differences between two networks vary over datasets, over folds within a dataset and over seeds
within a fold. Each of the three averages out over its own number only.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.means.intervals import shared_ratio
from analysis.means.power import (
    minimal_detectable_effect,
    power_of_t,
    spread_limit,
    units_needed,
)
from analysis.means.variance import variance_components
from analysis.regression.least_squares import Floats
from analysis.testing.constancy import constant_over

N_UNITS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50)
UNITS = ("dataset", "fold", "seed")
_NEGLIGIBLE = 1e-9  # share of a variance that stands for none, so that it can be divided by


def power_curves(
    differences: pl.DataFrame,
    *,
    by: Sequence[str],
    effect: float,
    power: float = 0.8,
    level: float = 0.95,
) -> pl.DataFrame:
    """Smallest effect found, and probability of finding a wanted one, over numbers of units.

    Parameters
    ----------
    differences : DataFrame
        One row per pair of runs: columns of ``by``, ``dataset, fold, n_folds, seed, run_id, value``
        (the difference), ``n_train, n_test``.
    by : sequence of str
        Columns that name a comparison.
    effect : float
        Difference that is asked for.
    power : float, default 0.8
        Wanted probability of finding it.
    level : float, default 0.95
        One minus the level of the two-sided t test.

    Returns
    -------
    DataFrame
        One row per comparison, ``unit`` and ``n_units``, the other numbers of the design as they
        are: ``dataset`` (null where the test is over datasets), ``n_datasets, n_folds, n_seeds,
        is_current, std_error, df, level, power, minimal_effect, wanted_effect, wanted_power,
        n_units_needed`` (null where no number is enough); ``minimal_effect_high`` and
        ``n_units_needed_high`` count that the spread of the runs at hand may be too small.
        Comparisons whose differences do not vary have no rows; neither have units of which there is
        one, as nothing is known of their variance.

    Notes
    -----
    Over D datasets of F folds of S seeds the standard error is the root of
    ``(dataset + fold / F + seed / (F S)) / D``, with D - 1 degrees of freedom. On one dataset it is
    that of Nadeau and Bengio, ``(fold + seed / S) (1 / F + n_test / n_train)`` with F - 1, or
    ``seed / S`` with S - 1 where there are no folds. F and S are medians.
    """
    differences = differences.filter(~constant_over("value", by))
    rows = _sizes(_designs(differences, by), by)
    # What more units do not average out is left with infinitely many of them.
    constant = _error_variance(rows, np.full(len(rows), np.inf))
    falling = _error_variance(rows, np.ones(len(rows))) - constant
    varies = constant + falling > 0
    rows, constant, falling = rows.filter(pl.Series(varies)), constant[varies], falling[varies]
    if rows.is_empty():
        return pl.DataFrame(schema={name: differences.schema[name] for name in by} | _COLUMNS)
    falling = np.maximum(falling, _NEGLIGIBLE * constant)
    df = rows["df"].to_numpy()
    std_error = np.sqrt(constant + falling / rows["n_units"].to_numpy())
    test = {"power": power, "level": level}
    limit = spread_limit(rows["pilot_df"].to_numpy(), level=level)
    minimal = minimal_detectable_effect(std_error, df, **test)
    found = {
        "std_error": std_error,
        "minimal_effect": minimal,
        "minimal_effect_high": minimal * limit,
        "wanted_power": power_of_t(effect, std_error, df, level=level),
    }
    # How many are needed is the same along a curve: it is asked for once, at the design at hand.
    once = rows["is_current"].to_numpy()
    spread, tested = np.sqrt(falling[once]), (rows["tested"] == rows["unit"]).to_numpy()
    design = {"shared": constant[once] / falling[once], "df": np.where(tested, np.nan, df)[once]}
    curves = rows.filter("is_current").select(
        *by,
        "unit",
        pl.Series("n_units_needed", units_needed(effect, spread, **design, **test)),
        pl.Series(
            "n_units_needed_high", units_needed(effect, spread * limit[once], **design, **test)
        ),
    )
    return (
        rows.with_columns(
            *(pl.Series(name, values) for name, values in found.items()),
            wanted_effect=pl.lit(effect),
            power=pl.lit(power),
            level=pl.lit(level),
        )
        .join(curves.fill_nan(None), on=[*by, "unit"], nulls_equal=True)
        .select(*by, *(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items()))
        .sort(*by, "unit", "n_units", nulls_last=True)
    )


def _designs(differences: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """One row per comparison: its numbers of units and its variances, 0 where not estimable."""
    cells = differences.group_by([*by, "dataset"], maintain_order=True).agg(
        n_folds=pl.col("fold").n_unique(),
        n_seeds=pl.len() / pl.col("fold").n_unique(),
        ratio=shared_ratio(),
    )
    sizes = cells.group_by(by, maintain_order=True).agg(
        pl.len().cast(pl.Float64).alias("n_datasets"),
        pl.col("dataset").first(),
        pl.col("n_folds", "n_seeds").median().round(),
        pl.col("ratio").mean(),
    )
    components = variance_components(differences, by=by, nested=("dataset", "fold"))
    variances = components.group_by(by, maintain_order=True).agg(
        pl.col("variance").filter(pl.col("component") == name).sum().alias(f"of_{name}")
        for name in ("dataset", "fold", "residual")
    )
    has_seeds, has_folds = pl.col("n_seeds") > 1, pl.col("n_folds") > 1
    residual = pl.col("of_residual")
    return sizes.join(variances, on=by, nulls_equal=True).with_columns(
        of_dataset=pl.col("of_dataset")
        + pl.when(has_seeds | has_folds).then(0.0).otherwise(residual),
        of_fold=pl.col("of_fold") + pl.when(~has_seeds & has_folds).then(residual).otherwise(0.0),
        of_seed=pl.when(has_seeds).then(residual).otherwise(0.0),
        dataset=pl.when(pl.col("n_datasets") == 1).then("dataset"),
        tested=pl.when(pl.col("n_datasets") > 1)
        .then(pl.lit("dataset"))
        .otherwise(pl.when(has_folds).then(pl.lit("fold")).otherwise(pl.lit("seed"))),
        pilot_df=pl.when(pl.col("n_datasets") > 1)
        .then("n_datasets")
        .otherwise(pl.when(has_folds).then("n_folds").otherwise("n_seeds"))
        - 1.0,
    )


def _sizes(designs: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Every design at hand, and with other numbers of every unit of which it has several."""
    grid = pl.DataFrame({"n_units": [float(n) for n in N_UNITS]})
    frames = []
    for unit in UNITS:
        current = pl.col(f"n_{unit}s")
        several = designs.filter(current > 1)
        least = pl.when(pl.col("tested") == unit).then(2.0).otherwise(1.0)
        frames.append(
            pl.concat([several.join(grid, how="cross"), several.with_columns(n_units=current)])
            .unique([*by, "n_units"], maintain_order=True)
            .filter(pl.col("n_units") >= least)
            .with_columns(
                unit=pl.lit(unit),
                is_current=pl.col("n_units") == current,
            )
            .with_columns(pl.col("n_units").alias(f"n_{unit}s"))
        )
    tested = {unit: pl.col("tested") == unit for unit in UNITS}
    return pl.concat(frames).with_columns(
        df=pl.when(tested["dataset"])
        .then("n_datasets")
        .otherwise(pl.when(tested["fold"]).then("n_folds").otherwise("n_seeds"))
        - 1.0
    )


def _error_variance(rows: pl.DataFrame, n_units: Floats) -> Floats:
    """Squared standard error of every row, were there this many of its unit."""
    n_datasets, n_folds, n_seeds = (
        np.where((rows["unit"] == unit).to_numpy(), n_units, rows[f"n_{unit}s"].to_numpy())
        for unit in UNITS
    )
    of_dataset, of_fold, of_seed, ratio = (
        rows[name].to_numpy() for name in ("of_dataset", "of_fold", "of_seed", "ratio")
    )
    of_a_fold = of_fold + of_seed / n_seeds
    cases = [(rows["tested"] == unit).to_numpy() for unit in ("dataset", "fold")]
    over_datasets = (of_dataset + of_a_fold / n_folds) / n_datasets
    over_folds = of_a_fold * (1 / n_folds + ratio)
    return np.select(cases, [over_datasets, over_folds], of_seed / n_seeds)


_COLUMNS: dict[str, pl.DataType] = {
    "dataset": pl.String(),
    "unit": pl.String(),
    "n_units": pl.Int64(),
    "n_datasets": pl.Int64(),
    "n_folds": pl.Int64(),
    "n_seeds": pl.Int64(),
    "is_current": pl.Boolean(),
    "std_error": pl.Float64(),
    "df": pl.Float64(),
    "level": pl.Float64(),
    "power": pl.Float64(),
    "minimal_effect": pl.Float64(),
    "minimal_effect_high": pl.Float64(),
    "wanted_effect": pl.Float64(),
    "wanted_power": pl.Float64(),
    "n_units_needed": pl.Int64(),
    "n_units_needed_high": pl.Int64(),
}
