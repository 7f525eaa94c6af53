"""Comments on views and their columns: from the header, else from the tables that they read."""

import re
from collections.abc import Iterator

import duckdb

RELATION = re.compile(r"\b(?:raw|staging|results)\.\w+")


def header(text: str) -> list[str]:
    """Comment lines at the start of an SQL file, without their dashes."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return lines


def comment_on_view(con: duckdb.DuckDBPyConnection, view: str, text: str) -> None:
    """Comment on a view and each of its columns.

    A header line ``column: what it is`` describes a column of its own; any other column takes the
    comment of the column of the same name in the first relation of the text that has one.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Open for writing, with the view and the relations that it reads.
    view : str
        Qualified name.
    text : str
        The SELECT with its header.
    """
    columns = _columns(con, view)
    own = dict(_own_comments(header(text), columns))
    prose = " ".join(line for line in header(text) if line.partition(":")[0] not in own)
    con.execute(f"comment on view {view} is {quoted(prose)}")
    inherited: dict[str, str] = {}
    for relation in RELATION.findall(text):
        for column, comment in _columns(con, relation).items():
            if comment is not None:
                inherited.setdefault(column, comment)
    for column in columns:
        comment = own.get(column, inherited.get(column))
        if comment is not None:
            con.execute(f"comment on column {view}.{column} is {quoted(comment)}")


def quoted(text: str) -> str:
    """Text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _own_comments(lines: list[str], columns: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, colon, comment = line.partition(": ")
        if colon and name in columns:
            yield name, comment


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str | None]:
    query = (
        "select column_name, comment from duckdb_columns() "
        "where schema_name || '.' || table_name = $1 order by column_index"
    )
    return dict(con.execute(query, [relation]).fetchall())
