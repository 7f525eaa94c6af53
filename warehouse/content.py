"""A hash of what a warehouse says, whatever the order and the time in which it came in."""

import hashlib

import duckdb

from warehouse.tables import IN_DATABASE, table

# When and where a run was made, not what came out.
CIRCUMSTANCES = frozenset(
    {
        "shard_hash",
        "started_at",
        "finished_at",
        "device",
        "duration_s",
        "package_versions",
        "code_version",
        "code_is_dirty",
    }
)


def content_hash(con: duckdb.DuckDBPyConnection) -> str:
    """SHA-256 over the rows of ``raw``, without the circumstances of their making.

    Equal for two warehouses that hold the same runs with the same numbers, to the last bit.

    Notes
    -----
    A sum of one 64-bit hash per row, so that no order is needed: one pass, constant memory.
    """
    sums = [_table_sum(con, f"raw.{name}") for name in ("runs", *IN_DATABASE)]
    return hashlib.sha256(repr(sums).encode()).hexdigest()


def _table_sum(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[object, ...]]:
    columns = [column for column in table(name).types if column not in CIRCUMSTANCES]
    row = f"row({', '.join(columns)})::varchar"
    query = f"select count(*), sum(md5_number_lower({row})::hugeint) from {name}"  # noqa: S608
    return con.execute(query).fetchall()
