"""What a slope becomes without one of the datasets."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.regression.clustered import changes_without_cluster
from analysis.regression.stacking import Model, stack


def leave_one_dataset_out(points: pl.DataFrame, model: Model, *, by: Sequence[str]) -> pl.DataFrame:
    """Slope without each dataset in turn.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns.
    by : sequence of str
        Columns that name a group.

    Returns
    -------
    DataFrame
        One row per group and dataset left out: ``left_out, slope, slope_without, share`` (change of
        the slope over the slope), ``changes_sign, n_runs``. Slopes are null where they are
        undefined; groups without a fit are left out.

    Notes
    -----
    Exact and without refitting: the change of the coefficients follows from the cross products of
    the cluster.

    Examples
    --------
    >>> points = pl.DataFrame(
    ...     {
    ...         "layer": "a",
    ...         "run_id": list("uvwxyz"),
    ...         "dataset": list("ppqqrr"),
    ...         "similarity": [0.0, 1.0, 0.0, 1.0, 0.0, 1.0],
    ...         "outcome_value": [0.0, 1.0, 0.0, 1.0, 0.0, -5.0],
    ...     }
    ... )
    >>> rows = leave_one_dataset_out(points, Model(), by=["layer"])
    >>> rows.select("left_out", pl.col("slope_without").round(9), "changes_sign").rows()
    [('p', -2.0, False), ('q', -2.0, False), ('r', 1.0, True)]
    """
    points = points.drop_nulls(model.columns)
    schema = {name: points.schema[name] for name in by} | _COLUMNS
    if points.is_empty():
        return pl.DataFrame(schema=schema)
    stacked = stack(points, model, by)
    fits, clusters = stacked.fits, stacked.clusters
    scale = fits.inverse_r[:, -1, -1][clusters.groups]
    slope = fits.coefficients[:, -1][clusters.groups]
    without = slope + scale * changes_without_cluster(fits, clusters)[:, -1]
    defined = np.array([problem is None for problem in stacked.problems])[clusters.groups]
    rows = stacked.keys.select(*by, "n_runs")[clusters.groups]
    return (
        rows.with_columns(
            pl.Series("left_out", stacked.cluster_names, dtype=pl.String),
            pl.Series("slope", slope).fill_nan(None),
            pl.Series("slope_without", without).fill_nan(None),
        )
        .filter(pl.Series(defined))
        .with_columns(
            share=(pl.col("slope_without") - pl.col("slope")) / pl.col("slope"),
            changes_sign=pl.col("slope_without") * pl.col("slope") < 0,
        )
        .select(*schema)
    )


_COLUMNS: dict[str, pl.DataType] = {
    "left_out": pl.String(),
    "slope": pl.Float64(),
    "slope_without": pl.Float64(),
    "share": pl.Float64(),
    "changes_sign": pl.Boolean(),
    "n_runs": pl.Int64(),
}
