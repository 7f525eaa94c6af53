"""Which slope the datasets at hand could have found, and how many datasets a wanted one needs."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.means.power import planned, power_of_t, whole
from analysis.regression.dataset_slopes import dataset_slopes
from analysis.testing.constancy import constant_over


def detectable_slopes(
    points: pl.DataFrame,
    *,
    by: Sequence[str],
    effect: float,
    power: float = 0.8,
    level: float = 0.95,
) -> pl.DataFrame:
    """Smallest mean slope within datasets that is found, and datasets that a wanted one needs.

    Parameters
    ----------
    points : DataFrame
        As `analysis.regression.dataset_slopes.dataset_slopes` takes them.
    by : sequence of str
        Columns that name a slope; not the dataset.
    effect : float
        Slope that is asked for, in units of the outcome per 1 of similarity.
    power : float, default 0.8
        Wanted probability of finding it.
    level : float, default 0.95
        One minus the level of the two-sided t test.

    Returns
    -------
    DataFrame
        One row per slope: ``by, n_datasets, mean_slope, sd`` (of the slopes of datasets),
        ``std_error, df, level, power, minimal_effect, wanted_effect, wanted_power,
        n_datasets_needed`` (null where 100,000 are not enough); ``minimal_effect_high`` and
        ``n_datasets_needed_high`` count that the spread of the datasets at hand may be too small;
        ``n_runs, run_ids``. Slopes of fewer than two datasets, or equal in all of them, have none.

    Notes
    -----
    The test is that of the mean of the slopes within datasets, which count the same, against their
    spread over datasets: Student's t with ``n_datasets - 1`` degrees of freedom. That spread holds
    what slopes truly differ by, and how far the runs of a dataset leave its slope open: more runs
    of each dataset lower the second only. A dataset gives a slope if it has four folds, or seeds.
    """
    slopes = dataset_slopes(
        points, by=[name for name in by if name != "layer"], n_permutations=0
    ).filter(~constant_over("slope", by))
    rows = (
        slopes.group_by(by, maintain_order=True)
        .agg(
            n_datasets=pl.len().cast(pl.Int64),
            mean_slope=pl.col("slope").mean(),
            sd=pl.col("slope").std(),
            n_runs=pl.col("n_runs").sum(),
            run_ids=pl.col("run_ids").explode().unique().sort(),
        )
        .filter(pl.col("n_datasets") > 1)
        .sort(by, nulls_last=True)
    )
    n, sd = rows["n_datasets"].to_numpy(), rows["sd"].to_numpy()
    std_error = sd / np.sqrt(n)
    plan = planned(effect, sd, std_error, n, power=power, level=level)
    return rows.select(
        *by,
        "n_datasets",
        "mean_slope",
        "sd",
        pl.Series("std_error", std_error),
        pl.Series("df", plan.df),
        level=pl.lit(level),
        power=pl.lit(power),
        minimal_effect=pl.Series(plan.minimal_effect),
        minimal_effect_high=pl.Series(plan.minimal_effect_high),
        wanted_effect=pl.lit(effect),
        wanted_power=pl.Series(power_of_t(effect, std_error, plan.df, level=level)),
        n_datasets_needed=whole(plan.n_needed),
        n_datasets_needed_high=whole(plan.n_needed_high),
        n_runs="n_runs",
        run_ids="run_ids",
    )
