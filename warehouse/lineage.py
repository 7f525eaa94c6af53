"""From a result back to its rows and runs: what went in, and whether it has changed since."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from warehouse.connection import is_corrupt
from warehouse.queries import SavedQuery
from warehouse.sandbox import query_rows
from warehouse.tables import statements

PROVENANCE = (
    "run_id",
    "study",
    "dataset",
    "backbone",
    "pretraining",
    "adaptation",
    "fold",
    "seed",
    "selected_epoch",
    "config_hash",
    "weights_hash",
    "data_hash",
    "split_hash",
    "code_version",
    "code_is_dirty",
    "device",
    "finished_at",
)


@dataclass(frozen=True)
class AnalysisState:
    """An analysis of ``results.analyses``, and whether its rows are still those that went in."""

    analysis_id: str
    name: str
    query: str
    parameters: str
    code_version: str
    is_stale: bool


Read = Callable[[str], pl.DataFrame]  # rows of a SELECT
# Computes an analysis again: the rows of each table of results, without analysis_id.
Recompute = Callable[[AnalysisState, Read], Mapping[str, pl.DataFrame]]


def rows_hash(rows: pl.DataFrame, *, is_in_order: bool = False) -> str:
    """SHA-256 of a frame, whatever the order of its rows.

    Parameters
    ----------
    rows : polars.DataFrame
        Any.
    is_in_order : bool, default False
        Whether they come from `in_order` and need not be sorted again.

    Examples
    --------
    >>> frame = pl.DataFrame({"run_id": ["a", "b"], "value": [0.1, 0.2]})
    >>> rows_hash(frame) == rows_hash(frame.reverse())
    True
    """
    sorted_rows = rows if is_in_order else in_order(rows)
    return hashlib.sha256(sorted_rows.write_csv().encode()).hexdigest()


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows sorted by all of their columns: sums of the same numbers in another order differ."""
    return rows.sort(rows.columns, nulls_last=True)


def analysis_states(
    con: duckdb.DuckDBPyConnection, analysis_id: str | None = None
) -> list[AnalysisState]:
    """Every analysis, with its query run again to see whether it gives the same rows.

    An analysis whose query fails today is stale too: its view has changed. One without a query read
    no row, and cannot become stale.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        As ``connect`` gives it.
    analysis_id : str, optional
        Only this one.
    """
    found = con.execute(
        "select analysis_id, name, query, parameters, code_version, data_hash "
        "from results.analyses where $1 is null or analysis_id = $1 order by name, analysis_id",
        [analysis_id],
    ).fetchall()
    queries = {query for _, _, query, *_ in found if query}
    hashes = {query: _hash_today(con, query) for query in queries}
    return [
        AnalysisState(
            analysis_id, name, query, parameters, version, hashes.get(query, data_hash) != data_hash
        )
        for analysis_id, name, query, parameters, version, data_hash in found
    ]


def provenance(con: duckdb.DuckDBPyConnection, run_ids: list[str]) -> pl.DataFrame:
    """Where runs come from: configuration, weights, data, split, code, device."""
    columns = ", ".join(PROVENANCE)
    query = f"select {columns} from raw.runs where list_contains($run_ids, run_id) order by all"  # noqa: S608
    rows: pl.DataFrame = con.sql(query, params={"run_ids": run_ids}).pl()
    return rows


def recomputed(
    con: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, object]
) -> dict[str, object]:
    """Numbers of a row of ``results``, computed again in SQL from the rows of its runs.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        As ``connect`` gives it.
    table : str
        Table of ``results``, without the schema.
    row : mapping
        The row, with ``run_ids``.

    Returns
    -------
    dict
        Column to value; empty where ``sql/recomputations`` has no file for the table, or its method
        cannot be computed in SQL.
    """
    texts = dict(statements("recomputations"))
    if f"{table}.sql" not in texts:
        return {}
    query = SavedQuery(table, texts[f"{table}.sql"])
    rows = query_rows(con, query.text, {name: row.get(name) for name in query.parameters})
    return dict(rows.row(0, named=True)) if len(rows) else {}


def _hash_today(con: duckdb.DuckDBPyConnection, query: str) -> str | None:
    try:
        return rows_hash(con.sql(query).pl())
    except duckdb.Error as error:
        if is_corrupt(error):
            raise
        return None
