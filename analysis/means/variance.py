"""Where the variation of a score comes from: datasets, folds within them, seeds within folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from analysis.regression.least_squares import Floats, Ints

COLUMNS: dict[str, pl.DataType] = {
    "component": pl.String(),
    "variance": pl.Float64(),
    "sd": pl.Float64(),
    "share": pl.Float64(),
    "n_levels": pl.Int64(),
    "n_runs": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}


def variance_components(
    scores: pl.DataFrame, *, by: Sequence[str], nested: Sequence[str], value: str = "value"
) -> pl.DataFrame:
    """Split the variance of a score over nested levels, the last of which are the runs.

    Parameters
    ----------
    scores : DataFrame
        One row per run: columns of ``by``, of ``nested``, ``run_id`` and ``value``.
    by : sequence of str
        Columns that name a set of runs.
    nested : sequence of str
        Levels from the outside in: ``("dataset", "fold")`` splits into datasets, folds within
        datasets and what is left within folds (``residual``: seeds).
    value : str, default "value"
        The score.

    Returns
    -------
    DataFrame
        One row per set and component: ``component, variance, sd, share, n_levels, n_runs,
        run_ids``. A negative estimate is set to 0; a level without replication is missing, its
        variance being part of the next one out.

    Notes
    -----
    Henderson's first method: mean squares of a nested analysis of variance, equated to their
    expectations for unequal numbers. Equal to REML for balanced data with positive components.

    References
    ----------
    .. [1] Searle, Casella and McCulloch (1992), Variance Components, Wiley, section 5.3.
    """
    scores = scores.drop_nulls(value)
    schema = {name: scores.schema[name] for name in by} | COLUMNS
    sets = scores.group_by(by, maintain_order=True).agg(
        n_runs=pl.len().cast(pl.Int64), run_ids=pl.col("run_id").cast(pl.String).sort()
    )
    sets = sets.with_row_index("set")
    numbered = scores.join(sets.select(*by, "set"), on=by, nulls_equal=True)
    sums = _Sums.of(numbered, nested, value)
    rows = [
        named | component
        for named in sets.iter_rows(named=True)
        for component in _components(sums, named.pop("set"), nested)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


@dataclass(frozen=True)
class _Sums:
    """What the mean squares of every set of runs need; level 0 is the whole set.

    Attributes
    ----------
    units : int array of shape (n_sets, n_levels + 1)
        Units of each level.
    totals : float array of shape (n_sets, n_levels + 2)
        Sum over units of their squared total over their number of runs; last, over runs.
    coefficients : float array of shape (n_sets, n_levels + 1, n_levels + 1)
        How often the variance of an inner level is in the expectation of the total of an outer one.
    """

    units: Ints
    totals: Floats
    coefficients: Floats

    @classmethod
    def of(cls, scores: pl.DataFrame, nested: Sequence[str], value: str) -> Self:
        keys = [["set", *nested[:level]] for level in range(len(nested) + 1)]
        n = pl.col("n").cast(pl.Float64)
        tables = [
            scores.group_by(key, maintain_order=True)
            .agg(total=pl.col(value).sum(), n=pl.len())
            .sort(key)
            for key in keys
        ]
        per_set = [
            table.group_by("set", maintain_order=True).agg(
                units=pl.len(), total=(pl.col("total") ** 2 / n).sum()
            )
            for table in tables
        ]
        per_set = [table.sort("set") for table in per_set]
        squares = (
            scores.group_by("set", maintain_order=True)
            .agg((pl.col(value) ** 2).sum())
            .sort("set")[value]
        )
        size = len(keys)
        coefficients = np.empty((len(squares), size, size))
        for outer in range(size):
            for inner in range(size):
                shares = (
                    tables[max(inner, outer)]
                    .group_by(keys[outer], maintain_order=True)
                    .agg((n**2).sum() / n.sum())
                )
                own = shares if inner > outer else tables[outer].select(*keys[outer], "n")
                summed = own.group_by("set", maintain_order=True).agg(pl.col("n").sum()).sort("set")
                coefficients[:, outer, inner] = summed["n"].to_numpy()
        return cls(
            units=np.column_stack([table["units"].to_numpy() for table in per_set]).astype(int),
            totals=np.column_stack([*(table["total"].to_numpy() for table in per_set), squares]),
            coefficients=coefficients,
        )


def _components(sums: _Sums, which: int, nested: Sequence[str]) -> list[dict[str, object]]:
    """Components of one set, from the outermost to the residual."""
    units, totals, inside = sums.units[which], sums.totals[which], sums.coefficients[which]
    n = float(inside[0, 0])
    if n < 2:
        return []
    levels = [i for i in range(1, len(units)) if units[i - 1] < units[i] < n]
    kept = [0, *levels]
    names = [*(nested[i - 1] for i in levels), "residual"]
    counts = np.array([*units[kept], n])
    coefficients = np.full((len(kept) + 1, len(kept)), n)  # the last row: every run by itself
    coefficients[:-1, :-1] = inside[np.ix_(kept, levels)]
    coefficients[:-1, -1] = units[kept]
    df = np.diff(counts)
    # Mean square of level i has expectation sum over j >= i of coefficient (i, j) times variance j.
    mean_squares = np.diff(totals[[*kept, -1]]) / df
    expected = np.triu(np.diff(coefficients, axis=0) / df[:, None])
    variances = np.maximum(np.linalg.solve(expected, mean_squares), 0.0)
    total = variances.sum()
    return [
        {
            "component": name,
            "variance": float(variance),
            "sd": float(np.sqrt(variance)),
            "share": float(variance / total) if total > 0 else None,
            "n_levels": int(count),
        }
        for name, variance, count in zip(names, variances, counts[1:], strict=True)
    ]
