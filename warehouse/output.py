"""Writes rows of a query: for people, for papers, for spreadsheets, for programs."""

import io
import json
import math
from collections.abc import Callable, Iterable

import polars as pl

LATEX_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "&%$#_{}"},
    }
)


def as_table(rows: pl.DataFrame) -> bytes:
    """Rows as a plain table, all of them, numbers to six significant digits."""
    lines = [list(rows.columns), *_cells(rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    aligned = [_aligned(line, widths, _is_number(rows)) for line in lines]
    return _encoded("  ".join(line).rstrip() for line in aligned)


def as_markdown(rows: pl.DataFrame) -> bytes:
    """Rows as a table of GitHub's Markdown, numbers to six significant digits."""
    lines = [[cell.replace("|", "\\|") for cell in line] for line in [rows.columns, *_cells(rows)]]
    lines.insert(1, ["---:" if is_number else "---" for is_number in _is_number(rows)])
    return _encoded(f"| {' | '.join(line)} |" for line in lines)


def as_latex(rows: pl.DataFrame) -> bytes:
    """Rows as a booktabs tabular, numbers to six significant digits."""
    columns = "".join("r" if is_number else "l" for is_number in _is_number(rows))
    lines = [
        " & ".join(cell.translate(LATEX_ESCAPES) for cell in line) + r" \\"
        for line in [rows.columns, *_cells(rows)]
    ]
    return _encoded(
        [
            f"\\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def as_csv(rows: pl.DataFrame) -> bytes:
    """Rows as CSV with a header, numbers in full; lists and structs as JSON."""
    nested = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    flat = rows.with_columns(
        pl.Series(name, [_json(value) for value in rows[name].to_list()], dtype=pl.String)
        for name in nested
    )
    return flat.write_csv().encode()


def as_json(rows: pl.DataFrame) -> bytes:
    """Rows as a JSON list of objects; a value that is not finite is null."""
    return _encoded([json.dumps([_finite(row) for row in rows.iter_rows(named=True)], default=str)])


def as_parquet(rows: pl.DataFrame) -> bytes:
    """Rows as a Parquet file."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "table": as_table,
    "csv": as_csv,
    "json": as_json,
    "markdown": as_markdown,
    "latex": as_latex,
    "parquet": as_parquet,
}


def _is_number(rows: pl.DataFrame) -> list[bool]:
    return [dtype.is_numeric() for dtype in rows.dtypes]


def _cells(rows: pl.DataFrame) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in rows.iter_rows()]


def _aligned(line: list[str], widths: list[int], is_number: list[bool]) -> list[str]:
    return [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(line, widths, is_number, strict=True)
    ]


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
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _encoded(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
