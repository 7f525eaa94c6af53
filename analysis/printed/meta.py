"""Networks of a printed table compared: per column from the summaries, across columns together.

A table prints a mean, a standard deviation and a number of runs per cell. That is enough for a
test per column (Welch) and for a meta-analysis over columns; where no standard deviation is
printed, only the columns remain as repeats.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from itertools import combinations
from typing import Any

import polars as pl
from scipy import stats

from analysis.printed.summaries import Summary, meta_analysis, welch
from analysis.testing.multiplicity import adjust

NO_SPREAD = "no standard deviation is printed"
FEW = "fewer than two columns have both"


def compare_printed(tables: Mapping[str, pl.DataFrame], *, level: float = 0.95) -> pl.DataFrame:
    """Compare every pair of rows of printed tables, column by column and over all columns.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        One row per cell: ``row, column, value, sd, n``, as printed (strings).
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per table, pair of rows, method and column (null: over all columns):
        ``printed_table, first, second, table_column, method, effect, status, reason, estimate``
        (second less first), ``std_error, df, ci_low, ci_high, level, p_value, variance_between,
        heterogeneity_p_value, n_columns, family, family_size, p_adjusted``. Methods: ``welch``
        (one column), ``hartung_knapp`` (random-effects mean over columns, of the ``difference`` as
        printed, and of the ``standardised`` one, Hedges' g, for columns with different scores),
        ``t_columns`` (paired t over columns, from the means alone). A family are all pairs of one
        table under one method and effect.

    Notes
    -----
    Cells count as independent samples of runs. Runs on folds of one cross-validation are not, and
    seeds on one split say nothing of other images: what a printed standard deviation is over, only
    the paper can tell. With two columns the interval over columns is very wide. Where printed
    errors differ much, ``hartung_knapp`` of the ``difference`` rejects up to 15 % of true nulls at
    5 % (see `analysis.printed.summaries.meta_analysis`) and ``t_columns`` does not.

    References
    ----------
    .. [1] Hedges (1981), J. Educ. Stat. 6, https://doi.org/10.3102/10769986006002107
    """
    rows: list[dict[str, Any]] = []
    for name, table in tables.items():
        cells = {(row["row"], row["column"]): row for row in table.iter_rows(named=True)}
        names = list(dict.fromkeys(table["row"]))
        for first, second in combinations(names, 2):
            columns = {
                column: (cells[first, column], cells[second, column])
                for column in dict.fromkeys(table["column"])
                if (first, column) in cells and (second, column) in cells
            }
            head = {"printed_table": name, "first": first, "second": second}
            rows += [head | row for row in _pair(columns, level)]
    found = pl.DataFrame(rows, schema=_COLUMNS, orient="row").with_columns(level=pl.lit(level))
    return adjust(found, family=["printed_table", "method", "effect"])


def hedges_g(first: Summary, second: Summary) -> tuple[float, float]:
    """Difference in pooled standard deviations, the second less the first, and its standard error.

    Parameters
    ----------
    first, second : Summary
        Independent cells with at least two runs each, and some spread.

    Returns
    -------
    tuple of float
        Hedges' g with the exact correction for few runs, and its large-sample standard error.

    Raises
    ------
    ValueError
        If runs or spread are missing.

    Examples
    --------
    >>> [round(x, 4) for x in hedges_g(Summary(10.0, 2.0, 5), Summary(12.0, 2.0, 5))]
    [0.9027, 0.6639]
    """
    df = first.n + second.n - 2
    pooled = ((first.n - 1) * first.sd**2 + (second.n - 1) * second.sd**2) / max(df, 1)
    if min(first.n, second.n) < 2 or not pooled > 0:
        raise ValueError(f"{first} and {second}: at least two runs each and some spread")
    correction = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2) - math.log(df / 2) / 2)
    g = correction * (second.mean - first.mean) / math.sqrt(pooled)
    variance = 1 / first.n + 1 / second.n + g**2 / (2 * (first.n + second.n))
    return g, math.sqrt(variance)


def _pair(columns: Mapping[str, tuple[Any, Any]], level: float) -> list[dict[str, Any]]:
    """Rows of one pair of rows of a table."""
    rows, differences, standardised = [], [], []
    for column, (one, other) in columns.items():
        head = {"table_column": column, "method": "welch", "effect": "difference", "n_columns": 1}
        summaries = [_summary(cell) for cell in (one, other)]
        first, second = summaries
        if first is None or second is None:
            rows.append(head | _undefined(NO_SPREAD, float(other["value"]) - float(one["value"])))
            continue
        try:
            found = welch(first, second, level=level)
            standardised.append(hedges_g(first, second))
        except ValueError as error:
            rows.append(head | _undefined(str(error), second.mean - first.mean))
            continue
        differences.append((found.estimate, found.std_error))
        rows.append(head | {"status": "fitted"} | asdict(found))
    over: dict[str, Any] = {"table_column": None, "method": "hartung_knapp"}
    for effect, effects in (("difference", differences), ("standardised", standardised)):
        head = over | {"effect": effect, "n_columns": len(effects)}
        if len(effects) < 2:
            rows.append(head | _undefined(FEW, None))
            continue
        rows.append(
            head
            | {"status": "fitted"}
            | asdict(meta_analysis(*zip(*effects, strict=True), level=level))
        )
    rows.append(_over_means(columns, level))
    return rows


def _over_means(columns: Mapping[str, tuple[Any, Any]], level: float) -> dict[str, Any]:
    """Paired t over columns, from the printed means alone."""
    values = pl.Series(
        [float(other["value"]) - float(one["value"]) for one, other in columns.values()],
        dtype=pl.Float64,
    )
    head: dict[str, Any] = {"table_column": None, "method": "t_columns", "effect": "difference"}
    head |= {"n_columns": len(values)}
    spread = values.std() if len(values) > 1 else None
    if not isinstance(spread, float) or spread == 0:
        return head | _undefined(FEW if len(values) < 2 else "all columns differ alike", None)
    estimate, df = float(values.sum()) / len(values), len(values) - 1
    error = spread / math.sqrt(len(values))
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    return head | {
        "status": "fitted",
        "estimate": estimate,
        "std_error": error,
        "df": float(df),
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p_value": float(2 * stats.t.sf(abs(estimate) / error, df)),
    }


def _summary(cell: Mapping[str, Any]) -> Summary | None:
    if not cell["sd"] or not cell["n"]:
        return None
    return Summary(float(cell["value"]), float(cell["sd"]), int(cell["n"]))


def _undefined(reason: str, estimate: float | None) -> dict[str, Any]:
    return {"status": "undefined", "reason": reason, "estimate": estimate}


_COLUMNS: dict[str, pl.DataType] = {
    "printed_table": pl.String(),
    "first": pl.String(),
    "second": pl.String(),
    "table_column": pl.String(),
    "method": pl.String(),
    "effect": pl.String(),
    "status": pl.String(),
    "reason": pl.String(),
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "df": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "p_value": pl.Float64(),
    "variance_between": pl.Float64(),
    "heterogeneity_p_value": pl.Float64(),
    "n_columns": pl.Int64(),
}
