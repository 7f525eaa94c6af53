"""The slope that a ratio owes to its denominator alone.

A relative gain divides by the score from scratch. Where datasets with a low score from scratch also
have another similarity, equal gains give unequal ratios, and these follow similarity.
"""

from collections.abc import Sequence

import polars as pl

from analysis.regression.fits import regress
from analysis.regression.stacking import Model


def shared_denominators(points: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Fit the slope that the ratio would have if every run had gained the same.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group: columns of ``by``, ``run_id, dataset, similarity``,
        ``difference`` (the gain) and ``scratch_value``, above 0.
    by : sequence of str
        Columns that name a group.

    Returns
    -------
    DataFrame
        One row per group: ``slope_denominator``, the mean gain times the slope of ``1 / scratch``
        on similarity, over runs; and ``p_denominator``, of no such slope: the larger of two
        p-values over the means of datasets, that the mean gain is 0 and that ``1 / scratch`` does
        not go with similarity. Null with fewer than three datasets, or where something is constant.

    Notes
    -----
    The slope of the ratio is this slope and that of ``(gain - mean gain) / scratch``. A product is
    0 when one factor is, so both must be shown not to be (an intersection-union test): the rate of
    false rejections is at most the level, and reaches it where there is a gain. Dataset means are
    compared by t, because the denominator is the same for all runs of a fold.

    References
    ----------
    .. [1] Kronmal (1993), "Spurious correlation and the fallacy of the ratio standard revisited",
       JRSS A 156, https://doi.org/10.2307/2983064
    .. [2] Berger (1982), "Multiparameter hypothesis testing and acceptance sampling",
       Technometrics 24, https://doi.org/10.2307/1267823
    """
    points = points.with_columns(reciprocal=1 / pl.col("scratch_value"))
    numbers = ["similarity", "difference", "reciprocal"]
    means = points.group_by([*by, "dataset"], maintain_order=True).agg(
        pl.col(numbers).mean(), pl.col("run_id").first()
    )
    on_similarity = Model(outcome="reciprocal")
    gain = Model(predictor=None, outcome="difference")
    mean_gain = points.group_by(by, maintain_order=True).agg(mean_gain=pl.col("difference").mean())
    found = (
        mean_gain.join(_term(points, on_similarity, by, "run"), on=by, nulls_equal=True)
        .join(_term(means, on_similarity, by, "between"), on=by, nulls_equal=True)
        .join(_term(means, gain, by, "gain"), on=by, nulls_equal=True)
    )
    p_values = [pl.col("p_between"), pl.col("p_gain")]
    return found.select(
        *by,
        slope_denominator=pl.col("mean_gain") * pl.col("estimate_run"),
        p_denominator=pl.when(pl.all_horizontal(p.is_not_null() for p in p_values)).then(
            pl.max_horizontal(p_values)
        ),
    )


def _term(points: pl.DataFrame, model: Model, by: Sequence[str], name: str) -> pl.DataFrame:
    """Estimate and p-value of the last coefficient, independent rows."""
    rows = regress(points, model, by=by, methods=["ols"])
    return rows.filter(pl.col("term") == model.terms[-1]).select(
        *by, **{f"estimate_{name}": "estimate", f"p_{name}": "p_value"}
    )
