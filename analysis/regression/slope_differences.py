"""Whether two networks differ in their slopes: an interaction, not two separate p-values.

That one slope is significant and another is not does not show that they differ.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import polars as pl

from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from analysis.regression.term_rows import COLUMNS
from analysis.testing.constancy import constant_over

METHODS = ("ols", "cluster_cr1", "cluster_cr2", "cluster_cr3", "wild_cluster")


def slope_differences(
    points: pl.DataFrame,
    model: Model,
    *,
    by: Sequence[str],
    between: str = "pretraining",
    level: float = 0.95,
) -> pl.DataFrame:
    """Test the difference of slopes of every pair of networks.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns.
    by : sequence of str
        Columns that name a group in which networks are compared; not ``between``.
    between : str, default "pretraining"
        Column that names the networks.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per group, pair and method: ``first, second`` and the columns of
        `analysis.regression.fits.regress`, for the term ``slope_difference``: slope of the second
        less slope of the first.

    Notes
    -----
    ``outcome ~ 1 + is_second + similarity + is_second * similarity``; both networks have their own
    intercept. Clusters are the datasets, which the two networks share.
    """
    group = [*by, "first", "second"]
    paired, interaction = with_interaction(
        _pairs(points.drop_nulls(model.columns), by, between),
        model,
        is_second=pl.col(between) == pl.col("second"),
        by=[*group, between],
    )
    rows = regress(paired, interaction, by=group, methods=METHODS, level=level)
    return (
        rows.filter(pl.col("term") == interaction.terms[-1])
        .with_columns(term=pl.lit("slope_difference"))
        .select(*by, "first", "second", *COLUMNS)
    )


def with_interaction(
    points: pl.DataFrame, model: Model, *, is_second: pl.Expr, by: Sequence[str]
) -> tuple[pl.DataFrame, Model]:
    """Add the columns of a difference of slopes, and the model whose last coefficient it is.

    Parameters
    ----------
    points : DataFrame
        Runs of the first and of the second network.
    model : Model
        Columns of a slope.
    is_second : Expr
        Whether a run is of the second network.
    by : sequence of str
        Columns that name a network in a pair. A similarity that does not vary there, but for
        rounding, is made constant: it has no slope.
    """
    similarity = model.predictor or "similarity"
    own = (
        pl.when(constant_over(similarity, by))
        .then(pl.col(similarity).first().over(by))
        .otherwise(similarity)
    )
    columns = points.with_columns(is_second=is_second.cast(pl.Float64), own_similarity=own)
    product = pl.col("is_second") * pl.col("own_similarity")
    controls = (*model.controls, "is_second", "own_similarity")
    return (
        columns.with_columns(interaction=product),
        replace(model, predictor="interaction", controls=controls),
    )


def _pairs(points: pl.DataFrame, by: Sequence[str], between: str) -> pl.DataFrame:
    """Points of every pair of networks that occur in the same group."""
    names = points.select(*by, between).unique().sort(*by, between, nulls_last=True)
    pairs = [
        dict(zip(by, key, strict=True)) | {"first": first, "second": second}
        for key, group in names.group_by(by, maintain_order=True)
        for first, second in combinations(group[between], 2)
    ]
    schema = {name: points.schema[name] for name in by} | {
        "first": pl.String(),
        "second": pl.String(),
    }
    table = pl.DataFrame(pairs, schema=schema, orient="row")
    joined = table.join(points, on=list(by), how="inner", nulls_equal=True)
    return joined.filter(
        (pl.col(between) == pl.col("first")) | (pl.col(between) == pl.col("second"))
    )
