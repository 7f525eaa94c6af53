"""Imports CSV and Parquet files, wide or long, as a mapping file says."""

from collections.abc import Mapping as Items
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from warehouse.errors import WarehouseError
from warehouse.importers.fractions import require_fractions
from warehouse.importers.imported import ImportedRuns, with_run_id
from warehouse.importers.mapping import PLACEHOLDER, Mapping, RowSet, Rule
from warehouse.importers.mlflow import read_mlflow
from warehouse.importers.tensorboard import read_tensorboard
from warehouse.importers.vocabulary import (
    own_adaptations,
    require_folds_from_one,
    require_known_words,
)
from warehouse.importers.wandb import read_wandb
from warehouse.tables import table

LOGS = {"mlflow": read_mlflow, "wandb": read_wandb, "tensorboard": read_tensorboard}
CELL = "cell"  # what a cell of a wide column is called in a rule
ROW = "row number"
SHOWN = 5  # kinds of rows that are named when they have no place


def read_tables(directory: Path, mapping: Mapping) -> ImportedRuns:
    """Read the files of a mapping from a directory.

    Parameters
    ----------
    directory : Path
        Holds the files that the mapping names.
    mapping : Mapping
        As ``read_mapping`` gives it.

    Returns
    -------
    ImportedRuns

    Raises
    ------
    WarehouseError
        If a file or column is missing, a value has no entry in a vocabulary or is none that its
        column takes, folds are not from 1, a score that is a fraction is not in [0, 1], a row fits
        two sets, or two rows say different things about one run.
    """
    runs: list[pl.DataFrame] = []
    tables: dict[str, list[pl.DataFrame]] = {}
    unmapped: list[str] = []
    for path, row_sets in _row_sets_by_file(directory, mapping).items():
        rows, notes = _text_rows(path, mapping.reader)
        unmapped += [f"{path.name}: {note}" for note in notes]
        taken = pl.Series("taken", [0] * len(rows))
        for row_set in row_sets:
            matched = _matched(rows, row_set, path)
            taken = taken + rows[ROW].is_in(matched[ROW].to_list()).cast(pl.Int64)
            own_runs, mapped, n_empty = _mapped(matched, row_set, mapping.name, path)
            runs.append(own_runs)
            tables.setdefault(row_set.table, []).append(mapped)
            if n_empty:
                unmapped.append(f"{path.name}: {n_empty} cells without a value")
        unmapped += _untaken(rows, taken, path, row_sets[0].text)
    described = _one_row_per_run(pl.concat(runs, how="diagonal_relaxed"))
    if described.is_empty():
        raise WarehouseError(f"{directory}: no row is mapped; {'; '.join(unmapped)}")
    return ImportedRuns(
        runs=described,
        tables={name: pl.concat(parts, how="diagonal_relaxed") for name, parts in tables.items()},
        unmapped=(*unmapped, *own_adaptations(described)),
    )


def _row_sets_by_file(directory: Path, mapping: Mapping) -> dict[Path, list[RowSet]]:
    if not directory.is_dir():
        raise WarehouseError(f"no directory {directory}")
    found: dict[Path, list[RowSet]] = {}
    for row_set in mapping.row_sets:
        try:
            paths = sorted(directory.glob(row_set.files))
        except (ValueError, NotImplementedError) as error:
            raise WarehouseError(
                f"{mapping.name}: files = {row_set.files!r} is no pattern of files in a directory"
            ) from error
        if not paths:
            raise WarehouseError(
                f"{directory} has no file {row_set.files}, which {mapping.name} reads"
            )
        for path in paths:
            found.setdefault(path, []).append(row_set)
    return found


def _text_rows(path: Path, reader: str) -> tuple[pl.DataFrame, list[str]]:
    """Rows with every cell as text and the number of each row from 1; what could not be read."""
    try:
        if reader in LOGS:
            logged = LOGS[reader](path)
            rows, notes = pl.DataFrame(logged.rows, infer_schema_length=None), logged.notes
        elif path.suffix == ".parquet":
            rows, notes = pl.read_parquet(path).with_columns(pl.all().cast(pl.String)), []
        else:
            rows, notes = pl.read_csv(path, infer_schema=False), []
    except (pl.exceptions.PolarsError, OSError) as error:
        raise WarehouseError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    if rows.is_empty():
        raise WarehouseError(f"{path} has no rows that can be read")
    return rows.with_row_index(ROW, offset=1), notes


def _matched(rows: pl.DataFrame, row_set: RowSet, path: Path) -> pl.DataFrame:
    """Rows that the pattern matches as a whole, with its named groups as columns."""
    _require_columns(rows, PLACEHOLDER.findall(row_set.text), path)
    texts = _filled(rows, row_set.text)
    matches = [row_set.pattern.fullmatch(text) for text in texts]
    picked = rows.filter(pl.Series([match is not None for match in matches], dtype=pl.Boolean))
    groups = [match.groupdict() for match in matches if match is not None]
    return picked.with_columns(
        pl.Series(name, [group[name] or "" for group in groups], dtype=pl.String)
        for name in row_set.pattern.groupindex
    )


def _mapped(
    rows: pl.DataFrame, row_set: RowSet, origin: str, path: Path
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Map the matched rows to runs and to rows of a table; count the cells without a value."""
    n_empty = 0
    if row_set.wide is not None:
        _require_columns(rows, row_set.wide.columns, path)
        others = [name for name in rows.columns if name not in row_set.wide.columns]
        rows = rows.unpivot(
            on=row_set.wide.columns, index=others, variable_name=row_set.wide.into, value_name=CELL
        )
        n_empty = rows[CELL].null_count()
        rows = rows.drop_nulls(CELL)
    runs = with_run_id(_described(rows, row_set.run, origin, path))
    if row_set.table == "summaries":
        runs = runs.with_columns(status=pl.lit("summary"))
    mapped = _columns(rows, row_set.columns, table(f"raw.{row_set.table}").types, path)
    _require_values(mapped, row_set.table, path)
    require_known_words(mapped, f"raw.{row_set.table}", path.name)
    require_fractions(mapped, row_set.table, path.name)
    if row_set.reference_run:
        reference = with_run_id(_described(rows, row_set.reference_run, origin, path))
        mapped = mapped.with_columns(reference["run_id"].alias("reference_run_id"))
    return runs, mapped.with_columns(runs["run_id"]), n_empty


def _require_values(mapped: pl.DataFrame, name: str, path: Path) -> None:
    """Refuse an empty cell before the first run is written, while its file is known."""
    for column in table(f"raw.{name}").required & set(mapped.columns):
        if n_empty := mapped[column].null_count():
            raise WarehouseError(f"{path}: {n_empty} of {len(mapped)} rows have no {column}")


def _described(
    rows: pl.DataFrame, rules: Items[str, Rule], origin: str, path: Path
) -> pl.DataFrame:
    described = _columns(rows, rules, table("raw.runs").types, path)
    require_known_words(described, "raw.runs", path.name)
    require_folds_from_one(described, path.name)
    return described.with_columns(origin=pl.lit(origin), status=pl.lit("imported"))


def _columns(
    rows: pl.DataFrame, rules: Items[str, Rule], types: pl.Schema, path: Path
) -> pl.DataFrame:
    columns = []
    for name, rule in rules.items():
        _require_columns(rows, rule.columns, path)
        column = _looked_up(_filled(rows, rule.text), rule, f"{path.name}: {name}")
        try:
            column = column.cast(pl.Float64 if rule.divisor else types[name])
        except pl.exceptions.InvalidOperationError as error:
            raise WarehouseError(f"{path.name}: {name} is not {types[name]}: {error}") from error
        if rule.divisor:  # by a series: by a number, polars multiplies with its rounded inverse
            column = column / pl.Series([rule.divisor] * len(column))
        columns.append(column.alias(name))
    return pl.DataFrame(columns)


def _looked_up(texts: pl.Series, rule: Rule, where: str) -> pl.Series:
    if rule.values is None:
        return texts
    unknown = sorted(set(texts.drop_nulls().unique()) - rule.values.keys())
    if unknown:
        raise WarehouseError(f"{where} has no entry for {unknown[0]!r} in its values")
    values = {text: str(value) for text, value in rule.values.items()}
    return texts.replace_strict(values, return_dtype=pl.String)


def _filled(rows: pl.DataFrame, text: str) -> pl.Series:
    """Text with the placeholders filled in, one per row."""
    if not PLACEHOLDER.search(text):
        return pl.Series([text] * len(rows), dtype=pl.String)
    pieces = PLACEHOLDER.split(text)  # text, column, text, column ... text
    parts = [
        pl.col(piece) if number % 2 else pl.lit(piece)
        for number, piece in enumerate(pieces)
        if piece
    ]
    return rows.select(pl.concat_str(parts).alias("text"))["text"]


def _require_columns(rows: pl.DataFrame, names: Sequence[str], path: Path) -> None:
    missing = [name for name in names if name not in rows.columns]
    if missing:
        has = ", ".join(name for name in rows.columns if name != ROW)
        raise WarehouseError(
            f"{path} has no column {missing[0]!r}, which the mapping reads: it has {has}"
        )


def _untaken(rows: pl.DataFrame, taken: pl.Series, path: Path, text: str) -> list[str]:
    twice = rows.filter(taken > 1)
    if len(twice):
        raise WarehouseError(f"{path.name}: row {twice[ROW][0]} fits more than one [[rows]]")
    left = rows.filter(taken == 0)
    if left.is_empty():
        return []
    kinds = _filled(left, text).unique(maintain_order=True).to_list()
    shown = ", ".join(map(repr, kinds[:SHOWN])) + (" ..." if len(kinds) > SHOWN else "")
    return [
        f"{path.name}: {len(left)} rows fit no [[rows]], the first is row {left[ROW][0]}: {shown}"
    ]


def _one_row_per_run(runs: pl.DataFrame) -> pl.DataFrame:
    distinct = runs.unique(maintain_order=True)
    repeated = distinct.filter(pl.col("run_id").is_duplicated())
    if len(repeated):
        one, other = repeated.filter(pl.col("run_id") == repeated["run_id"][0]).rows(named=True)[:2]
        column = next(name for name in one if one[name] != other[name])
        raise WarehouseError(
            f"two rows say different things about one run: {column} is {one[column]} "
            f"and {other[column]}"
        )
    return distinct
