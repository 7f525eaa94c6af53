"""The version of a database: which SQL files made it, and which it still lacks."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.tables import statements
from warehouse.transaction import transaction
from warehouse.view_comments import comment_on_view

VIEW_FOLDERS = ("staging", "marts")  # in this order: marts read staging, never the other way


@dataclass(frozen=True)
class SqlFile:
    """One file of ``warehouse/sql``."""

    path: str
    text: str

    @property
    def sha256(self) -> str:
        """Hash of the text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def sql_files(folder: str) -> list[SqlFile]:
    """Files of a folder of ``warehouse/sql`` as this version ships them, sorted by name."""
    return [SqlFile(f"{folder}/{name}", text) for name, text in statements(folder)]


def require_current(con: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Raise unless the database was made by exactly the SQL files of this version.

    Raises
    ------
    WarehouseError
        If it is newer, older, of another development version, or no warehouse at all.
    """
    applied = _applied(con, database)
    _require_not_newer(applied, database)
    if _pending(applied) or _views_differ(applied):
        raise WarehouseError(
            f"{database} was made by an older version of repdrift: "
            f"`repdrift warehouse ingest -w {database.parent}` brings it up to date"
        )


def migrate(con: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Bring a new or older database to this version, in one transaction.

    Raises
    ------
    WarehouseError
        If it is newer, of another development version, or no warehouse at all.
    """
    is_new = not con.execute("select 1 from duckdb_tables() limit 1").fetchall()
    applied = {} if is_new else _applied(con, database)
    _require_not_newer(applied, database)
    pending = _pending(applied)
    if not pending and not _views_differ(applied):
        return
    with transaction(con):
        _drop_views(con)
        for file in pending:
            con.execute(file.text)
            _record(con, file)
        _create_views(con)


def _applied(con: duckdb.DuckDBPyConnection, database: Path) -> dict[str, str]:
    try:
        return dict(con.execute("select path, sha256 from meta.sql_files").fetchall())
    except duckdb.CatalogException as error:
        raise WarehouseError(
            f"{database} is a DuckDB file, but no warehouse of repdrift"
        ) from error


def _require_not_newer(applied: dict[str, str], database: Path) -> None:
    shipped = {file.path: file.sha256 for file in sql_files("schema")}
    known = {path: digest for path, digest in applied.items() if path.startswith("schema/")}
    newer = sorted(known.keys() - shipped.keys())
    if newer:
        raise WarehouseError(
            f"{database} was written by a newer version of repdrift ({newer[-1]} is not known "
            "here): install that version to use it"
        )
    altered = sorted(path for path, digest in known.items() if shipped[path] != digest)
    if altered:
        raise WarehouseError(
            f"{database} was made with another {altered[0]} than this version's: "
            f"`repdrift warehouse repair -w {database.parent}` makes it anew from runs/"
        )


def _pending(applied: dict[str, str]) -> list[SqlFile]:
    return [file for file in sql_files("schema") if file.path not in applied]


def _views_differ(applied: dict[str, str]) -> bool:
    shipped = {file.path: file.sha256 for folder in VIEW_FOLDERS for file in sql_files(folder)}
    return shipped != {
        path: digest for path, digest in applied.items() if not path.startswith("schema/")
    }


def _drop_views(con: duckdb.DuckDBPyConnection) -> None:
    for folder in reversed(VIEW_FOLDERS):
        query = "select view_name from duckdb_views() where schema_name = $1 and not internal"
        for (name,) in con.execute(query, [folder]).fetchall():
            con.execute(f"drop view {folder}.{name}")


def _create_views(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from meta.sql_files where path not like 'schema/%'")
    for folder in VIEW_FOLDERS:
        for file in sql_files(folder):
            name = file.path.removesuffix(".sql").replace("/", ".")
            con.execute(f"create view {name} as {file.text}")
            comment_on_view(con, name, file.text)
            _record(con, file)


def _record(con: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
    con.execute("insert into meta.sql_files values ($1, $2, now())", [file.path, file.sha256])
