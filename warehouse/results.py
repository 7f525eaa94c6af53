"""Writes what an analysis found: one current result per name of an analysis."""

import hashlib
import json
from collections.abc import Mapping

import duckdb
import polars as pl

from warehouse.tables import declared_tables, table
from warehouse.transaction import transaction


def write_results(
    con: duckdb.DuckDBPyConnection,
    *,
    analysis: Mapping[str, object],
    tables: Mapping[str, pl.DataFrame],
) -> str:
    """Replace the results of the analysis of this name, in one transaction.

    Whatever an earlier run of the same name left goes, with other parameters, another query or into
    other tables too: no table of ``results`` ever holds two answers to one question.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Open for writing.
    analysis : mapping
        ``name``, ``query``, ``parameters`` (a mapping), ``n_runs``, ``data_hash``,
        ``code_version``.
    tables : mapping of str to polars.DataFrame
        Table of ``results`` (``"intervals"``) to its rows; ``analysis_id`` is filled in, and
        columns that may be null can be left out.

    Returns
    -------
    str
        ``analysis_id``: the same name, query and parameters give the same id.

    Raises
    ------
    ValueError
        If a table is unknown, its rows do not fit, or two of them have the same key.
    """
    parameters = json.dumps(analysis["parameters"], sort_keys=True, default=str)
    identity = json.dumps([analysis["name"], analysis["query"], parameters])
    analysis_id = hashlib.sha256(identity.encode()).hexdigest()[:16]
    record = pl.DataFrame([{**analysis, "parameters": parameters, "analysis_id": analysis_id}])
    conformed = {"analyses": table("results.analyses").conform(record)}
    for name, rows in tables.items():
        declared = table(f"results.{name}")
        conformed[name] = declared.conform(rows.with_columns(analysis_id=pl.lit(analysis_id)))
        declared.require_unique(conformed[name])
    with transaction(con):
        _delete(con, str(analysis["name"]))
        for name, rows in conformed.items():
            con.register("rows_to_write", rows.to_arrow())
            con.execute(f"insert into results.{name} by name from rows_to_write")
            con.unregister("rows_to_write")
    return analysis_id


def _delete(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Delete every analysis of a name, and its rows."""
    query = "select analysis_id from results.analyses where name = $1"
    superseded = [analysis_id for (analysis_id,) in con.execute(query, [name]).fetchall()]
    if not superseded:
        return
    for declared in declared_tables():
        if declared.startswith("results."):
            condition = "analysis_id in (select unnest($1))"
            con.execute(f"delete from {declared} where {condition}", [superseded])  # noqa: S608
