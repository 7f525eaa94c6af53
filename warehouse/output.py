"""Writes rows of a query as text: for people, for spreadsheets, for programs."""

import json
from collections.abc import Callable

import polars as pl


def as_table(rows: pl.DataFrame) -> str:
    """Rows as a plain table, all of them, numbers to six significant digits."""
    header = list(rows.columns)
    lines = [[_cell(value) for value in row] for row in rows.iter_rows()]
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    is_number = [dtype.is_numeric() for dtype in rows.dtypes]
    text = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in (header, ["-" * width for width in widths], *lines)
    ]
    return "\n".join(text) + "\n"


def as_csv(rows: pl.DataFrame) -> str:
    """Rows as CSV with a header, numbers in full; lists and structs as JSON."""
    nested = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    flat = rows.with_columns(
        pl.Series(name, [_json(value) for value in rows[name].to_list()], dtype=pl.String)
        for name in nested
    )
    return flat.write_csv()


def as_json(rows: pl.DataFrame) -> str:
    """Rows as a JSON list of objects; a value that is not finite is null."""
    return json.dumps([_finite(row) for row in rows.iter_rows(named=True)], default=str) + "\n"


FORMATS: dict[str, Callable[[pl.DataFrame], str]] = {
    "table": as_table,
    "csv": as_csv,
    "json": as_json,
}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | dict):
        return _json(value) or ""
    return str(value)


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(_finite(value), default=str)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    is_not_finite = isinstance(value, float) and (value != value or abs(value) == float("inf"))
    return None if is_not_finite else value
