"""Brings the runs that are new or changed into the database, in one transaction."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from warehouse.connection import BROKEN, connect, first_line, is_corrupt
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.progress import OnProgress, unseen
from warehouse.remeasured import PREFIX
from warehouse.shard import RUN, Shard, damages, read_shard
from warehouse.tables import IN_DATABASE, table
from warehouse.transaction import transaction

BATCH = 500  # runs per statement: bounds the memory, whatever the number of runs
MEMORY_LIMIT = "600MB"  # of DuckDB's buffers; Python, Arrow and the heap come on top


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did: runs added, replaced, left as they were; what is wrong with others."""

    n_new: int
    n_changed: int
    n_known: int
    problems: tuple[str, ...]


def ingest(
    layout: Layout,
    *,
    on_wait: Callable[[str], None] | None = None,
    on_progress: OnProgress = unseen,
) -> IngestReport:
    """Bring new and changed runs of ``runs/`` into the database; doing it again changes nothing.

    A run whose files are damaged or do not fit the schema is left out and reported; the rest
    goes in.

    Parameters
    ----------
    layout : Layout
        The warehouse; the database is made when it is missing.
    on_wait : callable, optional
        Called with a line of text when another process holds the database.
    on_progress : callable, optional
        Called with a stage, and how many of how many runs it is through with.

    Returns
    -------
    IngestReport

    Raises
    ------
    WarehouseError
        If the database cannot be opened or written; nothing has changed then.
    """
    shards, problems = _shards(layout)
    with connect(layout.root, read_only=False, on_wait=on_wait) as con:
        con.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set preserve_insertion_order = false")
        known = dict(con.execute("select run_id, shard_hash from raw.runs").fetchall())
        fresh = [shard for shard in shards if known.get(shard.run_id) != shard.shard_hash]
        damaged = {}
        for number, shard in enumerate(fresh, start=1):
            damaged[shard.run_id] = _problems(shard)
            on_progress("checking runs", number, len(fresh))
        sound = [shard for shard in fresh if not damaged[shard.run_id]]
        taken, refused = _insert_all(con, sound, known=frozenset(known), on_progress=on_progress)
    n_changed = sum(shard.run_id in known for shard in taken)
    return IngestReport(
        n_new=len(taken) - n_changed,
        n_changed=n_changed,
        n_known=len(shards) - len(fresh),
        problems=(*problems, *(line for lines in damaged.values() for line in lines), *refused),
    )


def _shards(layout: Layout) -> tuple[list[Shard], list[str]]:
    shards, problems = [], []
    for directory in sorted(layout.runs.iterdir()) if layout.runs.is_dir() else []:
        try:
            shards.append(read_shard(directory))
        except WarehouseError as error:
            problems.append(str(error))
    return shards, problems


def _problems(shard: Shard) -> list[str]:
    tables = {f"{name}.parquet" for name in IN_DATABASE}
    read = [name for name in shard.files if name in tables or name.startswith(PREFIX)]
    damaged = damages(shard, names=[RUN, *read])
    if not damaged:
        try:
            _record(shard)
        except WarehouseError as error:
            return [str(error)]
    return damaged


def _insert_all(
    con: duckdb.DuckDBPyConnection,
    shards: Sequence[Shard],
    *,
    known: frozenset[str],
    on_progress: OnProgress,
) -> tuple[list[Shard], list[str]]:
    """Insert all shards that the database takes; return them, and why it refused the others."""
    taken, problems = list(shards), list[str]()
    while taken:
        batch = taken[:BATCH]
        try:
            with transaction(con):
                for start in range(0, len(taken), BATCH):
                    batch = taken[start : start + BATCH]
                    _insert(con, batch, known=known)
                    on_progress("inserting runs", start + len(batch), len(taken))
        except BROKEN as error:
            raise _stopped(error) from error
        except duckdb.Error as error:
            if is_corrupt(error):
                raise
            refused = _refusals(con, batch, known=known)
            if not refused:
                raise _stopped(error) from error
            taken = [shard for shard in taken if shard.run_id not in refused]
            problems += [f"run {run_id}: {reason}" for run_id, reason in refused.items()]
        else:
            break
    return taken, problems


def _refusals(
    con: duckdb.DuckDBPyConnection, shards: Sequence[Shard], *, known: frozenset[str]
) -> dict[str, str]:
    """Why the database refuses runs, each tried alone and rolled back."""
    refused = {}
    for shard in shards:
        con.begin()
        try:
            _insert(con, [shard], known=known)
        except BROKEN as error:
            raise _stopped(error) from error
        except duckdb.Error as error:
            refused[shard.run_id] = first_line(error)
        con.rollback()
    return refused


def _stopped(error: duckdb.Error) -> WarehouseError:
    return WarehouseError(f"ingest stopped and changed nothing: {first_line(error)}")


def _insert(
    con: duckdb.DuckDBPyConnection, shards: Sequence[Shard], *, known: frozenset[str]
) -> None:
    changed = [shard.run_id for shard in shards if shard.run_id in known]
    for name in ("runs", *IN_DATABASE) if changed else ():
        condition = "run_id in (select unnest($1))"
        con.execute(f"delete from raw.{name} where {condition}", [changed])  # noqa: S608
    _insert_runs(con, shards)
    for name in IN_DATABASE:
        later = _paths(shards, PREFIX) if name == "similarities" else []
        _insert_rows(con, name, _paths(shards, f"{name}.parquet"), but=later)
        _insert_rows(con, name, later, but=[])


def _insert_rows(
    con: duckdb.DuckDBPyConnection, name: str, paths: list[str], *, but: list[str]
) -> None:
    """Insert rows of files, except those that other files have, which count instead."""
    if not paths:
        return
    # Older files lack columns that were added since: files are joined by name.
    insert = f"insert into raw.{name} by name from read_parquet($1, union_by_name = true) as own"
    if but:
        key = table(f"raw.{name}").key
        same = " and ".join(f"own.{part} is not distinct from other.{part}" for part in key)
        others = "read_parquet($2, union_by_name = true)"
        insert += f" where not exists (from {others} as other where {same})"
    con.execute(insert, [paths, but] if but else [paths])


def _paths(shards: Sequence[Shard], start: str) -> list[str]:
    """Files whose names start so."""
    return [
        str(shard.directory / file)
        for shard in shards
        for file in sorted(shard.files)
        if file.startswith(start)
    ]


def _insert_runs(con: duckdb.DuckDBPyConnection, shards: Sequence[Shard]) -> None:
    records = [json.dumps(_record(shard)) for shard in shards]
    con.execute(
        "insert into raw.runs by name "
        "select unnest(from_json_strict(record, $2)) from (select unnest($1::varchar[]) as record)",
        [records, json.dumps(table("raw.runs").sql_types)],
    )


def _record(shard: Shard) -> dict[str, object]:
    """Columns of ``raw.runs`` for a shard; one that its version did not know yet is null.

    Raises
    ------
    WarehouseError
        If ``run.json`` is not the record of this run, or has a column that is not known here.
    """
    columns = table("raw.runs").types
    try:
        record: dict[str, object] = json.loads((shard.directory / RUN).read_bytes())
        unknown = sorted(record.keys() - columns.keys())
    except (OSError, ValueError, AttributeError) as error:
        raise WarehouseError(f"run {shard.run_id}: {RUN} cannot be read") from error
    if unknown:
        raise WarehouseError(f"run {shard.run_id}: {RUN} has the unknown column {unknown[0]}")
    if record.get("run_id") != shard.run_id:
        raise WarehouseError(f"run {shard.run_id}: {RUN} is that of run {record.get('run_id')}")
    return dict.fromkeys(columns) | record | {"shard_hash": shard.shard_hash}
