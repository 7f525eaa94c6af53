"""Many runs as one line: a gap between each, so that a thousand runs are drawn as fast as one."""

import numpy as np
import numpy.typing as npt
import polars as pl

MOST_VECTOR_POINTS = 2500  # more are drawn as an image


def separate_runs(
    rows: pl.DataFrame, x: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return x and ``value`` of every run in turn, a NaN after each.

    Parameters
    ----------
    rows : DataFrame
        ``run_id, value`` and x; in the order of x within each run.
    x : str
        Column of the x axis.

    Examples
    --------
    >>> rows = pl.DataFrame(
    ...     {"run_id": ["a", "a", "b"], "epoch": [0, 1, 0], "value": [1.0, 2.0, 3.0]}
    ... )
    >>> separate_runs(rows, "epoch")[1].tolist()
    [1.0, 2.0, nan, 3.0, nan]
    """
    order = pl.col("run").first().over("run_id")
    parts = rows.with_row_index("run").select(order, pl.col(x, "value").cast(pl.Float64))
    gap = pl.lit(float("nan"))
    gaps = parts.unique("run").with_columns(gap.alias(x), gap.alias("value"))
    joined = pl.concat([parts, gaps]).sort("run", maintain_order=True)
    return joined[x].to_numpy(), joined["value"].to_numpy()
