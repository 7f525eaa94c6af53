"""The columns, types and keys of the tables, as the SQL files declare them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb
import polars as pl

SQL = files("warehouse") / "sql"
IN_DATABASE = (
    "scores",
    "score_intervals",
    "similarities",
    "parameter_distances",
    "attention",
    "filter_shapes",
    "timings",
    "summaries",
)
PICTURES = ("attention_maps", "probe_images", "filters")
IN_PARQUET = ("predictions", "activations", *PICTURES)


@dataclass(frozen=True)
class Table:
    """One table as declared: its columns with their types, its key, what may be null.

    ``words`` are the values that a column of few words takes.
    """

    name: str
    types: pl.Schema
    sql_types: dict[str, str]
    comment: str
    comments: dict[str, str]
    key: tuple[str, ...]
    required: frozenset[str]
    words: dict[str, tuple[str, ...]]

    def conform(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with exactly the declared columns, in their order and types.

        Parameters
        ----------
        rows : polars.DataFrame
            Columns in any order; a column that may be null can be missing.

        Returns
        -------
        polars.DataFrame

        Raises
        ------
        ValueError
            If a column is unknown, or a required one is missing or holds a null.
        polars.exceptions.InvalidOperationError
            If a value does not fit its type.
        """
        unknown = set(rows.columns) - set(self.types)
        if unknown:
            raise ValueError(f"{self.name} has no column {', '.join(sorted(unknown))}")
        missing = [name for name in self.types if name in self.required - set(rows.columns)]
        if missing:
            raise ValueError(f"{self.name} needs the column {', '.join(missing)}")
        conformed = rows.select(
            (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in self.types.items()
        )
        empty = [
            name
            for name in conformed.columns
            if name in self.required
            if conformed[name].has_nulls()
        ]
        if empty:
            raise ValueError(f"{self.name} has a null in {', '.join(empty)}")
        return conformed

    def require_unique(self, rows: pl.DataFrame) -> None:
        """Raise ValueError when two rows have the same key; the message shows it."""
        repeated = rows.filter(pl.struct(self.key).is_duplicated())
        if len(repeated):
            row = repeated.row(0, named=True)
            key = ", ".join(f"{name} = {row[name]}" for name in self.key)
            raise ValueError(f"{self.name} has more than one row for {key}")


def table(name: str) -> Table:
    """Table as declared, by name: ``raw.scores``, ``results.intervals``, ``shards.predictions``.

    Raises
    ------
    ValueError
        If no SQL file declares it.
    """
    try:
        return _declared()[name]
    except KeyError:
        raise ValueError(f"no table {name!r} is declared") from None


def table_of_run(name: str) -> Table:
    """Table of a run's file, by its name: ``raw.scores`` for ``scores``.

    Raises
    ------
    ValueError
        If a run has no such table.
    """
    if name not in IN_DATABASE + IN_PARQUET:
        raise ValueError(f"a run has no table {name!r}, but {', '.join(IN_DATABASE + IN_PARQUET)}")
    return table(f"raw.{name}" if name in IN_DATABASE else f"shards.{name}")


def declared_tables() -> list[str]:
    """Names of all tables that the SQL files declare."""
    return sorted(_declared())


@cache
def _declared() -> dict[str, Table]:
    """Every table, from a database in memory that the SQL files made."""
    with duckdb.connect(":memory:") as con:
        for _, text in [*statements("schema"), *statements("shards")]:
            con.execute(text)
        comments = con.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables()"
        ).fetchall()
        columns: dict[str, list[tuple[str, str, bool, str]]] = {name: [] for name, _ in comments}
        for name, *column in con.execute(
            "select schema_name || '.' || table_name, column_name, data_type, is_nullable, comment "
            "from duckdb_columns() where not internal order by table_oid, column_index"
        ).fetchall():
            columns[name].append(tuple(column))
        words: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name, _ in comments}
        for name, (column, *_), check in con.execute(
            "select schema_name || '.' || table_name, constraint_column_names, constraint_text "
            "from duckdb_constraints() where constraint_type = 'CHECK'"
        ).fetchall():
            words[name][column] = tuple(re.findall("'([^']*)'", check))
        types = {name: con.sql(f"from {name} limit 0").pl().schema for name in columns}
    return {
        name: Table(
            name=name,
            types=types[name],
            sql_types={column: kind for column, kind, _, _ in columns[name]},
            comment=comment,
            comments={column: described for column, _, _, described in columns[name]},
            key=key_in(comment, columns=list(types[name])),
            required=frozenset(
                column for column, _, may_be_null, _ in columns[name] if not may_be_null
            ),
            words=words[name],
        )
        for name, comment in comments
    }


def key_in(comment: str, *, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns that a comment names after ``Key:``.

    Examples
    --------
    >>> key_in("One row per run. Key: run_id, epoch.", columns=["run_id", "epoch", "value"])
    ('run_id', 'epoch')
    """
    named = re.search(r"[Kk]ey: ([^.]*)", comment)
    words = re.findall(r"\w+", named[1]) if named else []
    return tuple(word for word in words if word in columns)


def statements(folder: str) -> list[tuple[str, str]]:
    """Name and text of the SQL files of a folder of ``warehouse/sql``, sorted by name."""
    found = (item for item in (SQL / folder).iterdir() if item.name.endswith(".sql"))
    return sorted((item.name, item.read_text(encoding="utf-8")) for item in found)
