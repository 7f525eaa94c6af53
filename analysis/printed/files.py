"""The claims and printed tables of the three papers, as they are shipped beside this file."""

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import polars as pl

from analysis.testing.claims import Claim
from analysis.testing.claims_file import read_claims
from warehouse.errors import AnalysisError, reason

PUBLISHED = files("analysis") / "published"
PAPERS = ("juodelyte2023", "pales2024", "zu2025")
THREE_PAPERS = "the three papers"  # name of the audit of what is shipped
CHECKS = "checks.toml"


def load_claims(path: Path | None = None) -> list[Claim]:
    """Load the claims of a file, or of the three papers.

    Raises
    ------
    AnalysisError
        If the file cannot be read or is no claims file.
    """
    sources: list[Traversable | Path] = (
        [PUBLISHED / f"{paper}.toml" for paper in PAPERS] if path is None else [path]
    )
    claims: list[Claim] = []
    for source in sources:
        try:
            claims += read_claims(source.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise AnalysisError(f"{source}: {reason(error)}") from error
    return claims


def load_tables(
    path: Path | None = None,
) -> tuple[dict[str, pl.DataFrame], list[Mapping[str, Any]]]:
    """Load printed tables and the checks on them: a folder of CSVs with ``checks.toml``.

    Raises
    ------
    AnalysisError
        If the folder has no such file, or a file cannot be read.
    """
    folder: Traversable | Path = PUBLISHED if path is None else path
    checks = folder / CHECKS
    if not checks.is_file():
        if not folder.is_dir():
            raise AnalysisError(f"no folder {folder}")
        raise AnalysisError(f"{folder} has no {CHECKS}: say there what the tables should hold")
    try:
        tables = {
            item.name.removesuffix(".csv"): _printed_table(item)
            for item in folder.iterdir()
            if item.name.endswith(".csv")
        }
        return tables, tomllib.loads(checks.read_text(encoding="utf-8")).get("check", [])
    except (OSError, UnicodeDecodeError, ValueError, pl.exceptions.PolarsError) as error:
        raise AnalysisError(f"{folder}: {reason(error)}") from error


def printed_numbers(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Cells of printed tables as rows of ``results.printed_numbers``.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        One row per cell: ``row, column, value, sd, n, bracket``, all as printed (strings).

    Returns
    -------
    DataFrame
        ``printed_table, number, table_row, table_column, printed, sd, n_runs, bracket``.
    """
    return pl.concat(
        tables[name].select(
            printed_table=pl.lit(name),
            number=pl.int_range(1, pl.len() + 1, dtype=pl.Int32),
            table_row="row",
            table_column="column",
            printed="value",
            sd="sd",
            n_runs=pl.col("n").cast(pl.Int32),
            bracket="bracket",
        )
        for name in sorted(tables)
    )


def _printed_table(item: Traversable | Path) -> pl.DataFrame:
    table = pl.read_csv(item.read_bytes(), infer_schema=False)
    missing = {"row", "column", "value", "sd", "n", "bracket"} - set(table.columns)
    if missing:
        raise ValueError(f"{item.name} lacks the column {sorted(missing)[0]!r}")
    cells = set()
    for line, cell in enumerate(table.iter_rows(named=True), start=2):
        for name in ("value", "sd", "n", "bracket"):
            if not _is_printed(cell[name], optional=name != "value", whole=name == "n"):
                what = "whole number" if name == "n" else "number"
                raise ValueError(f"{item.name}, line {line}: {name} = {cell[name]!r} is no {what}")
        if (cell["row"], cell["column"]) in cells:
            place = f"row {cell['row']!r} and column {cell['column']!r}"
            raise ValueError(f"{item.name}, line {line}: a second cell of {place}")
        cells.add((cell["row"], cell["column"]))
    return table


def _is_printed(text: str | None, *, optional: bool, whole: bool) -> bool:
    if not text:
        return optional
    return re.fullmatch(r"\d+" if whole else r"[+-]?\d*\.?\d+", text) is not None
