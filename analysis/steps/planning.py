"""From scores and points to rows of results: variation and power."""

import polars as pl

from analysis.means.comparisons import paired_differences, run_differences
from analysis.means.intervals import mean_intervals
from analysis.means.power import planned, whole
from analysis.means.power_curves import power_curves
from analysis.means.variance import variance_components
from analysis.regression.detectable_slopes import detectable_slopes
from analysis.settings import Settings
from analysis.steps.comparisons import COMPARED, compared_networks
from analysis.steps.slopes import BY
from analysis.testing.constancy import constant_over

UNITS = {"nadeau_bengio": "fold", "t": "seed", "t_datasets": "dataset"}


def variance_rows(scores: pl.DataFrame, _settings: Settings) -> pl.DataFrame:
    """Variance of every score over datasets, folds and seeds, per network."""
    networks = compared_networks(scores)
    by = ["origin", "network", *COMPARED[1:]]
    return variance_components(networks, by=by, nested=("dataset", "fold"))


def detectable_rows(scores: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Effects that every comparison could have found, and what the wanted one needs."""
    rows = _comparisons(compared_networks(scores)).filter(pl.col("std_error") > 0)
    sd, error, n = (rows[name].to_numpy() for name in ("sd", "std_error", "n_units"))
    test = {"power": settings.power, "level": settings.level}
    plan = planned(settings.effect, sd, error, n, **test)
    return rows.select(
        *COMPARED,
        *("dataset", "first", "second", "method", "std_error"),
        pl.Series("df", plan.df),
        *(pl.lit(value).alias(name) for name, value in test.items()),
        pl.Series("minimal_effect", plan.minimal_effect),
        pl.Series("minimal_effect_high", plan.minimal_effect_high),
        wanted_effect=pl.lit(settings.effect),
        unit=pl.col("method").replace_strict(UNITS),
        n_units="n_units",
        n_units_needed=whole(plan.n_needed),
        n_units_needed_high=whole(plan.n_needed_high),
    )


def power_curve_rows(scores: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Power of every pair of networks with other numbers of datasets, folds and seeds."""
    return power_curves(
        run_differences(compared_networks(scores), by=COMPARED),
        by=[*COMPARED, "first", "second"],
        effect=settings.effect,
        power=settings.power,
        level=settings.level,
    )


def detectable_slope_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Slopes that the datasets at hand could have found, and datasets that the margin needs."""
    return detectable_slopes(
        points.filter(pl.col("adaptation") != "none"),
        by=BY,
        effect=settings.slope_margin,
        power=settings.power,
        level=settings.level,
    )


def _comparisons(networks: pl.DataFrame) -> pl.DataFrame:
    """Spread and standard error of every difference: on each dataset, and over datasets.

    A difference that is always the same, as that of frozen networks on the source, has no row:
    nothing is known of its spread.
    """
    differences = paired_differences(networks, by=COMPARED)
    pair = [*COMPARED, "first", "second"]
    cell = [*pair, "dataset"]
    named = differences.with_columns(run_id=pl.lit(""))
    within = mean_intervals(named.filter(~constant_over("value", cell)), by=cell)
    across = (
        differences.group_by(cell, maintain_order=True)
        .agg(pl.col("value").mean())
        .filter(~constant_over("value", pair))
        .group_by(pair, maintain_order=True)
        .agg(sd=pl.col("value").std(), n_units=pl.len().cast(pl.Int64))
        .with_columns(
            dataset=pl.lit(None, pl.String),
            method=pl.lit("t_datasets"),
            std_error=pl.col("sd") / pl.col("n_units").sqrt(),
        )
    )
    columns = [*cell, "method", "sd", "std_error", "n_units"]
    return pl.concat([frame.select(columns) for frame in (within, across)]).sort(
        cell, nulls_last=True
    )
