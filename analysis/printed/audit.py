"""Printed tables held against themselves and against the text of their paper."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from analysis.printed.checks import Check, Tables, require_check
from analysis.printed.numbers import Definition, Printed, explains
from analysis.printed.summaries import Summary, welch
from analysis.testing.multiplicity import holm

COLUMNS: dict[str, pl.DataType] = {
    "printed_table": pl.String(),
    "kind": pl.String(),
    "states": pl.String(),
    "table_row": pl.String(),
    "table_column": pl.String(),
    "printed": pl.String(),
    "found": pl.String(),
    "is_consistent": pl.Boolean(),
    "p_value": pl.Float64(),
    "explanation": pl.String(),
}


def audit(tables: Tables, checks: Sequence[Check]) -> pl.DataFrame:
    """Carry out declared checks on printed tables.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        One row per cell: ``row, column, value, sd, n, bracket``, all as printed (strings).
    checks : sequence of mapping
        ``kind``, ``table``, ``states`` (what the paper says) and what the kind needs: see
        `analysis.printed.checks.KEYS`.

    Returns
    -------
    DataFrame
        One row per cell or pair of cells looked at: ``printed_table, kind, states, table_row,
        table_column, printed, found, is_consistent, p_value`` (Welch, where both cells have a
        standard deviation),
        ``explanation``.

    Raises
    ------
    ValueError
        If a check cannot be made on the tables (`analysis.printed.checks.require_check`).
    """
    rows: list[dict[str, object]] = []
    for check in checks:
        require_check(tables, check)
        kind, table = check["kind"], check["table"]
        head = {"printed_table": table, "kind": kind, "states": check["states"]}
        rows += [head | row for row in KINDS[kind](tables, check)]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _derived(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Bracketed numbers recomputed from the table they refer to; if they fail, from which row."""
    definition: Definition = check["definition"]
    bases = _cells(tables[check["base"]])
    for (row, column), cell in _cells(tables[check["table"]]).items():
        if not cell["bracket"]:
            continue
        derived, value = Printed(cell["bracket"]), Printed(cell["value"])
        base = bases.get((row, column))
        is_consistent = base is not None and explains(
            derived, value, Printed(base["value"]), definition, scale=check["scale"]
        )
        others = [
            f"{kind} to {other}"
            for kind in ("difference", "ratio")
            for (other, where), candidate in bases.items()
            if where == column
            and _network(other) == _network(row)
            and explains(derived, value, Printed(candidate["value"]), kind, scale=check["scale"])
        ]
        found = _derive(value, base, definition, check["scale"])
        yield _row(row, column, cell["bracket"], found, is_consistent) | {
            "explanation": None if is_consistent else "; ".join(others) or "no row explains it"
        }


def _derive(
    value: Printed, base: Mapping[str, str] | None, definition: Definition, scale: int
) -> str | None:
    if base is None:
        return None
    gain = value.value - Printed(base["value"]).value
    if definition == "ratio":
        gain = gain / Printed(base["value"]).value
    return f"{gain * scale:.2f}"


def _largest_gain(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Gains of a row over its baselines, the largest held against the number in the text."""
    cells = _cells(tables[check["table"]])
    stated = Printed(check["gain"])
    for baseline in check["baselines"]:
        for kind in ("difference", "ratio"):
            columns = [c for r, c in cells if r == check["row"] and (baseline, c) in cells]
            gains = {
                column: _gain(cells[check["row"], column], cells[baseline, column], kind)
                for column in columns
            }
            column = max(gains, key=lambda name: gains[name])
            largest = gains[column] * check["scale"]
            low, high = stated.interval
            yield _row(
                f"{check['row']} over {baseline}",
                column,
                check["gain"],
                f"{largest:.2f}",
                low <= round(largest, 6) <= high,
            ) | {"explanation": f"as a {kind}"}


def _gain(cell: Mapping[str, str], base: Mapping[str, str], kind: str) -> float:
    gain = float(cell["value"]) - float(base["value"])
    return gain / float(base["value"]) if kind == "ratio" else gain


def _greater(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Cells that are said to be larger than others, with Welch where SDs are printed."""
    larger = _cells(tables[check["table"]])
    smaller = _cells(tables[check.get("larger_than", check["table"])])
    pairs = (
        itertools.product(check["larger"], check["smaller"])
        if check.get("every_pair") or len(check["smaller"]) == 1
        else zip(check["larger"], check["smaller"], strict=True)
    )
    for first, second in pairs:
        for row, column in larger:
            wanted = column in check.get("columns", [column])
            if row == first and wanted and (second, column) in smaller:
                a, b = larger[first, column], smaller[second, column]
                yield _row(
                    f"{first} > {second}",
                    column,
                    a["value"],
                    b["value"],
                    float(a["value"]) > float(b["value"]),
                ) | {"p_value": _p_value(a, b)}


def _p_value(a: Mapping[str, str], b: Mapping[str, str]) -> float | None:
    """P-value of Welch's test of two cells; none where a spread is missing or printed as 0."""
    if not (a["sd"] and b["sd"]) or float(a["sd"]) + float(b["sd"]) == 0:
        return None
    cells = [Summary(float(c["value"]), float(c["sd"]), int(c["n"])) for c in (a, b)]
    return welch(*cells).p_value


def _best(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Rows said to be the highest of a column, and those that are."""
    cells = _cells(tables[check["table"]])
    for column, stated in check["best"].items():
        values = {row: float(cell["value"]) for (row, c), cell in cells.items() if c == column}
        best = max(values, key=lambda row: values[row])
        yield _row(stated, column, stated, best, best == stated) | {
            "p_value": None
            if best == stated
            else _p_value(cells[stated, column], cells[best, column]),
            "explanation": f"{best} has {values[best]}, {stated} has {values[stated]}",
        }


def _highest(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Rows held against the highest of their column by Welch's test, adjusted in the table."""
    cells = _cells(tables[check["table"]])
    tests = []
    for column in dict.fromkeys(column for _, column in cells):
        values = {row: float(cell["value"]) for (row, c), cell in cells.items() if c == column}
        best = max(values, key=lambda row: values[row])
        for row in values:
            p_value = _p_value(cells[best, column], cells[row, column])
            if row != best and p_value is not None:
                tests.append((best, row, column, p_value))
    adjusted = holm(np.array([test[-1] for test in tests]))
    for (best, row, column, p_value), p_adjusted in zip(tests, adjusted, strict=True):
        best_cell, cell = cells[best, column], cells[row, column]
        is_told = float(p_adjusted) < check["alpha"]
        yield _row(f"{best} > {row}", column, best_cell["value"], cell["value"], is_told) | {
            "p_value": p_value,
            "explanation": f"Holm over {len(tests)} tests of the table: p = {p_adjusted:.3f}",
        }


def _repeated(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Equal numbers of three digits or more in one column: a coincidence, or a copy."""
    cells = _cells(tables[check["table"]])
    for a, b in itertools.combinations(cells, 2):
        value = cells[a]["value"]
        if a[1] == b[1] and value == cells[b]["value"] and len(value.replace(".", "")) > 2:
            yield _row(f"{a[0]} = {b[0]}", a[1], value, value, is_consistent=False) | {
                "explanation": "the same number in two cells"
            }


def _sum_at_most(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Parts that cannot add up to more than their total."""
    cells = _cells(tables[check["table"]])
    for column in dict.fromkeys(column for _, column in cells):
        parts = [int(cells[name, column]["value"]) for name in ("train", "test")]
        total = int(cells["total", column]["value"])
        yield _row("train + test", column, str(sum(parts)), str(total), sum(parts) <= total) | {
            "explanation": f"{parts[0]} + {parts[1]} of {total} images"
        }


def _same(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Numbers that two places of a paper give of one thing."""
    cells = _cells(tables[check["table"]])
    first, second = check["rows"]
    for row, column in cells:
        if row == first and (second, column) in cells:
            a, b = cells[first, column]["value"], cells[second, column]["value"]
            yield _row(f"{first} = {second}", column, a, b, float(a) == float(b))


def _bracket_sign(tables: Tables, check: Check) -> Iterator[dict[str, object]]:
    """Brackets whose sign the text states."""
    for (row, column), cell in _cells(tables[check["table"]]).items():
        if row in check["rows"] and cell["bracket"]:
            is_positive = float(cell["bracket"]) > 0
            yield _row(
                row, column, check["sign"], cell["bracket"], is_positive == (check["sign"] == "+")
            )


def _cells(table: pl.DataFrame) -> dict[tuple[str, str], dict[str, str]]:
    filled = table.with_columns(pl.all().cast(pl.String).fill_null(""))
    return {(cell["row"], cell["column"]): cell for cell in filled.iter_rows(named=True)}


def _network(row: str) -> str:
    return row.split()[0]


def _row(
    row: str, column: str, printed: str, found: str | None, is_consistent: bool
) -> dict[str, object]:
    return {
        "table_row": row,
        "table_column": column,
        "printed": printed,
        "found": found,
        "is_consistent": is_consistent,
    }


KINDS: dict[str, Callable[[Tables, Check], Iterator[dict[str, object]]]] = {
    "derived": _derived,
    "largest_gain": _largest_gain,
    "greater": _greater,
    "best": _best,
    "highest": _highest,
    "repeated": _repeated,
    "sum_at_most": _sum_at_most,
    "same": _same,
    "bracket_sign": _bracket_sign,
}
