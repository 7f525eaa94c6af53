"""Where the variation of a score comes from: datasets, folds within them, seeds within folds."""

from collections.abc import Sequence

import numpy as np
import polars as pl

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
    rows: list[dict[str, object]] = []
    for key, group in scores.drop_nulls(value).group_by(by, maintain_order=True):
        named = dict(zip(by, key, strict=True))
        runs = {"n_runs": len(group), "run_ids": group["run_id"].cast(pl.String).sort().to_list()}
        rows += [named | component | runs for component in _components(group, nested, value)]
    schema = {name: scores.schema[name] for name in by} | COLUMNS
    return pl.DataFrame(rows, schema=schema, orient="row")


def _components(group: pl.DataFrame, nested: Sequence[str], value: str) -> list[dict[str, object]]:
    """Components of one set, from the outermost to the residual."""
    n = len(group)
    units = [group.select(nested[: i + 1]).n_unique() for i in range(len(nested))]
    outside = [1, *units[:-1]]
    levels = [i for i, count in enumerate(units) if outside[i] < count < n]
    counts = [1, *(units[i] for i in levels), n]
    names = [*(nested[i] for i in levels), "residual"]
    if n < 2:
        return []
    sums = _uncorrected_sums(group, nested, levels, value)
    coefficients = _coefficients(group, nested, levels)
    df = np.diff(counts)
    # Mean square of level i has expectation sum over j >= i of coefficient (i, j) times variance j.
    mean_squares = np.diff(sums) / df
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


def _uncorrected_sums(
    group: pl.DataFrame, nested: Sequence[str], levels: Sequence[int], value: str
) -> list[float]:
    """Add up squared totals over counts: of the whole, of each level, of the runs."""
    keys = [list(nested[: i + 1]) for i in levels]
    values = group[value].to_numpy()
    sums = [float(values.sum() ** 2 / len(values))]
    for key in keys:
        totals = group.group_by(key).agg(total=pl.col(value).sum(), n=pl.len())
        sums.append(float((totals["total"].to_numpy() ** 2 / totals["n"].to_numpy()).sum()))
    return [*sums, float((values**2).sum())]


def _coefficients(group: pl.DataFrame, nested: Sequence[str], levels: Sequence[int]) -> np.ndarray:
    """Coefficient of each component's variance in the expectation of each uncorrected sum."""
    keys = [list(nested[: i + 1]) for i in levels]
    n = len(group)
    rows = []
    for outer in [[], *keys, None]:
        row = []
        for inner in [*keys, None]:
            if outer is None:
                row.append(float(n))
            elif inner is None:
                row.append(1.0 if not outer else float(group.select(outer).n_unique()))
            elif len(inner) <= len(outer):
                row.append(float(n))
            else:
                counts = group.group_by(inner).agg(n=pl.len())
                row.append(_expected(counts, outer))
        rows.append(row)
    return np.array(rows)


def _expected(counts: pl.DataFrame, outer: Sequence[str]) -> float:
    """Sum over outer units of squared inner counts over their total."""
    share = (pl.col("n").cast(pl.Float64) ** 2).sum() / pl.col("n").sum()
    found = counts.group_by(outer).agg(s=share) if outer else counts.select(s=share)
    return float(found["s"].to_numpy().sum())
