"""How often forecasts of one confidence are right, with intervals that respect patients."""

from collections.abc import Sequence

import polars as pl

from analysis.means.wilson import wilson_ends

N_BINS = 15


def reliability_bins(
    forecasts: pl.DataFrame, *, by: Sequence[str], level: float = 0.95
) -> pl.DataFrame:
    """Accuracy by confidence, a row per bin that holds a forecast.

    Parameters
    ----------
    forecasts : DataFrame
        ``bin`` (1 to 15), ``patient``, ``n``, ``sum_of_confidence``, ``n_correct``, ``run_id`` and
        the columns of ``by``: forecasts of one patient and run in one bin.
    by : sequence of str
        Columns that name a diagram; its runs are pooled, and a patient is the same in all of them.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    DataFrame
        ``lower, upper, confidence, accuracy, ci_low, ci_high``, all in [0, 1], ``n_forecasts``,
        ``n_patients``, ``n_effective``, ``ece`` (of the whole diagram), ``level``, ``run_ids``.

    Notes
    -----
    The interval is Wilson's [1]_ with as many forecasts as would be as uncertain if they were
    independent: their number over the design effect of the patients, the variance of a ratio over
    clusters relative to that of a binomial fraction [2]_. Where every forecast is right, or none,
    that effect is undefined, and a patient counts once.

    References
    ----------
    .. [1] Wilson (1927), JASA 22, https://doi.org/10.1080/01621459.1927.10502953
    .. [2] Rao and Scott (1992), "A simple method for the analysis of clustered binary data",
       Biometrics 48, 577-585. https://doi.org/10.2307/2532311
    """
    keys = [*by, "bin"]
    sums = ("n", "sum_of_confidence", "n_correct")
    patients = (
        forecasts.sort("run_id", "patient", "bin", *by)
        .group_by(*keys, "patient", maintain_order=True)
        .agg(*(pl.col(name).cast(pl.Float64).sum() for name in sums), pl.col("run_id").unique())
    )
    n, right, confident = pl.col("n"), pl.col("n_correct"), pl.col("sum_of_confidence")
    bins = (
        patients.group_by(keys, maintain_order=True)
        .agg(
            n=n.sum(),
            n_patients=pl.len(),
            accuracy=right.sum() / n.sum(),
            confidence=confident.sum() / n.sum(),
            squares=((right - n * right.sum() / n.sum()) ** 2).sum(),
            gap=(right.sum() - confident.sum()).abs(),
            run_ids=pl.col("run_id").explode().unique().sort(),
        )
        .with_columns(n_effective=_n_effective())
        .sort(*by, "bin", nulls_last=True)
    )
    ci_low, ci_high = wilson_ends(pl.col("accuracy"), pl.col("n_effective"), level=level)
    return bins.with_columns(
        lower=(pl.col("bin") - 1) / N_BINS,
        upper=pl.col("bin") / N_BINS,
        ci_low=ci_low,
        ci_high=ci_high,
        n_forecasts=n.cast(pl.Int64),
        ece=(pl.col("gap").sum() / n.sum()).over(by),
        level=pl.lit(level),
    ).drop("n", "squares", "gap")


def _n_effective() -> pl.Expr:
    """Return the number of independent forecasts that would be as uncertain as those of a bin."""
    n, patients, accuracy = pl.col("n"), pl.col("n_patients"), pl.col("accuracy")
    binomial = n**2 * accuracy * (1 - accuracy)
    effect = pl.col("squares") * patients * (n - 1) / ((patients - 1) * binomial)
    is_defined = (patients > 1) & (binomial > 0)
    return (n / pl.when(is_defined).then(effect).otherwise(n / patients).clip(1.0)).clip(1.0)
