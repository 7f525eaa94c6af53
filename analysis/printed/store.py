"""Claims and printed tables: what was found of them, written to the warehouse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import duckdb
import polars as pl

from analysis.computing import CLAIM_VIEWS, STUDIES, Tables, claim_tables
from analysis.steps.claim_effects import unmet
from analysis.testing.claims import Claim
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.lineage import in_order, rows_hash
from warehouse.results import write_results
from warehouse.views import read_view


def check_claims(
    root: Path,
    claims: Sequence[Claim],
    *,
    level: float = 0.95,
    on_wait: Callable[[str], None] | None = None,
    on_unmet: Callable[[str], None] | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judge claims on a warehouse and write the verdicts.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    claims : sequence of Claim
        What is claimed.
    level : float, default 0.95
        Coverage behind the verdicts.
    on_wait : callable, optional
        Called with a line of text when another process holds the database.
    on_unmet : callable, optional
        Called with a line of text for each claim that no run fits.

    Returns
    -------
    tuple of DataFrame
        Rows of ``results.claims`` and of ``results.claim_panels``. Claims that no run fits have
        none.

    Raises
    ------
    AnalysisError
        If no claim is about a run that is there, or a claim names a column that is not.
    """
    with connect(root, on_wait=on_wait) as con:
        studies = read_view(con, STUDIES)
        used = sorted({claim.table for claim in claims})
        frames = {name: in_order(read_view(con, CLAIM_VIEWS[name])) for name in used}
    verdicts, panels, left_out = [], [], []
    for claim in claims:
        tables = claim_tables(claim, frames, studies, level=level)
        with connect(root, read_only=False, on_wait=on_wait) as con:
            write_results(con, analysis=_claim_record(con, claim, level), tables=tables)
        if tables:
            verdicts.append(tables["claims"])
            panels.append(tables["claim_panels"])
        else:
            left_out.append(f"claim {claim.id}: {unmet(claim, frames)}")
    if not verdicts:
        raise AnalysisError(f"none of {len(claims)} claims is about a run in {root}; {left_out[0]}")
    if on_unmet is not None:
        for line in left_out:
            on_unmet(line)
    return pl.concat(verdicts), pl.concat(panels)


def _claim_record(con: duckdb.DuckDBPyConnection, claim: Claim, level: float) -> dict[str, object]:
    """Record of an analysis: the view and the rows that a claim is about."""
    view = CLAIM_VIEWS[claim.table]
    rows = read_view(con, view, where=claim.where)
    return {
        "name": f"claim {claim.id}",
        "query": f"from {view}" + _where(claim.where),
        "parameters": asdict(claim) | {"level": level},
        "n_runs": rows["run_id"].n_unique(),
        "data_hash": rows_hash(rows),
        "code_version": version("repdrift"),
    }


def _where(conditions: Mapping[str, object]) -> str:
    """Conditions as SQL that runs by hand."""
    texts = []
    for name, value in conditions.items():
        values = [str(v) for v in value] if isinstance(value, list) else [str(value)]
        quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in values)
        texts.append(f"{name} in ({quoted})" if len(values) > 1 else f"{name} = {quoted}")
    return f" where {' and '.join(texts)}" if texts else ""


def write_audit(root: Path, tables: Tables, *, name: str) -> str:
    """Write the findings of an audit, and the printed tables; return the analysis id.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    tables : dict of str to DataFrame
        As `analysis.computing.audit_tables` gives them.
    name : str
        What was audited: `THREE_PAPERS`, or the folder.
    """
    return _write_printed(root, "audit", tables, {"tables": name})


def write_meta_analysis(root: Path, tables: Tables, *, name: str, level: float) -> str:
    """Write comparisons of the rows of printed tables; return the analysis id.

    Parameters
    ----------
    root : Path
        The warehouse directory.
    tables : dict of str to DataFrame
        As `analysis.computing.meta_tables` gives them.
    name : str
        Which tables: `THREE_PAPERS`, or the folder.
    level : float
        Coverage of the intervals.
    """
    return _write_printed(root, "meta-analysis", tables, {"tables": name, "level": level})


def _write_printed(root: Path, analysis: str, tables: Tables, parameters: dict[str, object]) -> str:
    record = {
        "name": analysis,
        "query": "",  # it reads files, and no row of the warehouse
        "parameters": parameters,
        "n_runs": 0,
        "data_hash": rows_hash(next(iter(tables.values()))),
        "code_version": version("repdrift"),
    }
    with connect(root, read_only=False) as con:
        return write_results(con, analysis=record, tables=tables)
