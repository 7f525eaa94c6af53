"""From rows of the warehouse to rows of ``results``: what a store writes and a trace repeats."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from analysis.analyses import POINTS, SCORES, SIMILARITIES, Analysis
from analysis.printed.audit import audit
from analysis.printed.files import printed_numbers
from analysis.printed.meta import compare_printed
from analysis.regression.grid import UnknownChoiceError
from analysis.settings import Settings
from analysis.steps.claims import judge
from analysis.studies import with_study_sets
from analysis.testing.claims import Claim, conclude
from analysis.testing.multiplicity import adjust
from warehouse.errors import AnalysisError, ChoiceError

STUDIES = "staging.studies"
CLAIM_VIEWS = {
    "points": POINTS,
    "scores": SCORES,
    "similarities": SIMILARITIES,
    "trajectories": "marts.trajectories",
    "summaries": "marts.summaries",
}
CLAIM_COLUMNS = ("source", "text", "kind", "expects", "scope", "margin")

Tables = dict[str, pl.DataFrame]


def analysis_tables(
    analysis: Analysis, rows: pl.DataFrame, studies: pl.DataFrame, settings: Settings
) -> Tables:
    """Compute the rows of results that an analysis gives.

    Parameters
    ----------
    analysis : Analysis
        Which.
    rows : DataFrame
        Rows of its query.
    studies : DataFrame
        Rows of ``staging.studies``: which studies are analysed together.
    settings : Settings
        Choices.

    Returns
    -------
    dict of str to DataFrame
        Table of ``results`` to its rows; empty when there are none.

    Raises
    ------
    ChoiceError
        If the settings name a layer, measure or outcome that no run has.
    """
    if rows.is_empty():
        return {}
    try:
        found = analysis.compute(with_study_sets(rows, studies), settings)
    except UnknownChoiceError as error:
        raise ChoiceError(f"{analysis.name}: {error}") from error
    return {} if found.is_empty() else {analysis.table: found}


def claim_tables(
    claim: Claim, frames: Mapping[str, pl.DataFrame], studies: pl.DataFrame, *, level: float
) -> Tables:
    """Judge a claim: rows of ``claims`` and ``claim_panels``; empty when no run fits it.

    Parameters
    ----------
    claim : Claim
        Which.
    frames : mapping of str to DataFrame
        Rows of those of ``CLAIM_VIEWS`` that the claim is about.
    studies : DataFrame
        Rows of ``staging.studies``.
    level : float
        Coverage behind the verdicts.

    Raises
    ------
    AnalysisError
        If the claim names a column that is not there.
    """
    together = {name: with_study_sets(rows, studies) for name, rows in frames.items()}
    try:
        judged = judge(claim, together, level=level).with_columns(claim=pl.lit(claim.id))
    except ValueError as error:
        raise AnalysisError(f"claim {claim.id}: {error}") from error
    if judged.is_empty():
        return {}
    concluded = conclude(claim, judged).with_columns(
        *(pl.lit(getattr(claim, name)).alias(name) for name in CLAIM_COLUMNS),
        claim=pl.lit(claim.id),
        level=pl.lit(level),
    )
    panels = adjust(judged.drop("verdict_among_many"), family=["claim", "rigour"])
    return {"claims": concluded, "claim_panels": panels}


def audit_tables(tables: Mapping[str, pl.DataFrame], checks: Sequence[Mapping[str, Any]]) -> Tables:
    """Audit printed tables: rows of ``audits``, and of ``printed_numbers`` as they stand on paper.

    Raises
    ------
    AnalysisError
        If there is no check, or one does not fit the tables.
    """
    if not checks:
        raise AnalysisError("checks.toml: no check: each begins with a line [[check]]")
    try:
        findings = audit(tables, checks)
    except ValueError as error:
        raise AnalysisError(f"checks.toml: {error}") from error
    numbered = findings.with_row_index("number", offset=1)
    return {"audits": numbered, "printed_numbers": printed_numbers(tables)}


def meta_tables(tables: Mapping[str, pl.DataFrame], *, level: float) -> Tables:
    """Compare the rows of printed tables of scores: rows of ``meta_analyses``.

    Tables whose cells name no number of runs hold no scores (sizes, sources) and are left out.

    Raises
    ------
    AnalysisError
        If no table is left.
    """
    scores = {name: table for name, table in tables.items() if (table["n"] != "").any()}
    if not scores:
        raise AnalysisError("no table says in its column n how many runs are behind a cell")
    return {"meta_analyses": compare_printed(scores, level=level)}
