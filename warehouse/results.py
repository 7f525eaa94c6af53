"""Writes what an analysis found."""

import hashlib
import json
from collections.abc import Mapping

import duckdb
import polars as pl

from warehouse.tables import table
from warehouse.transaction import transaction


def write_results(
    con: duckdb.DuckDBPyConnection,
    *,
    analysis: Mapping[str, object],
    tables: Mapping[str, pl.DataFrame],
) -> str:
    """Replace the results of one analysis, in one transaction.

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
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'results'"
        ).fetchall():
            con.execute(f"delete from results.{name} where analysis_id = $1", [analysis_id])  # noqa: S608
        for name, rows in conformed.items():
            con.register("rows_to_write", rows.to_arrow())
            con.execute(f"insert into results.{name} by name from rows_to_write")
            con.unregister("rows_to_write")
    return analysis_id
