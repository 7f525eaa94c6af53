"""Computes a recorded analysis again, so that a printed number can be held against its rows."""

import json
from pathlib import Path
from typing import Any

from analysis.analyses import ANALYSES
from analysis.computing import (
    CLAIM_VIEWS,
    STUDIES,
    Tables,
    analysis_tables,
    audit_tables,
    claim_tables,
    meta_tables,
)
from analysis.printed.files import THREE_PAPERS, load_tables
from analysis.regression.grid import Grid, UnknownChoiceError
from analysis.settings import Settings
from analysis.testing.claims import Claim
from warehouse.errors import AnalysisError
from warehouse.lineage import AnalysisState, Read, in_order


def recomputed(state: AnalysisState, read: Read) -> Tables:
    """Compute an analysis again: its recorded parameters, the rows that its query gives now.

    The same rows give the same numbers, to the last bit, in whatever order they come: they are
    sorted first, groups keep their order, and every seed is recorded.

    Parameters
    ----------
    state : AnalysisState
        As it was recorded in ``results.analyses``.
    read : callable
        Gives the rows of a SELECT.

    Returns
    -------
    dict of str to DataFrame
        Table of ``results`` to its rows, without ``analysis_id``.

    Raises
    ------
    AnalysisError
        If this version has no such analysis.
    """
    parameters = json.loads(state.parameters)
    if state.name == "audit":
        name = parameters["tables"]
        return audit_tables(*load_tables(None if name == THREE_PAPERS else Path(name)))
    if state.name == "meta-analysis":
        name = parameters["tables"]
        printed, _ = load_tables(None if name == THREE_PAPERS else Path(name))
        return meta_tables(printed, level=float(parameters["level"]))
    studies = read(f"from {STUDIES}")
    if state.name.startswith("claim "):
        level = float(parameters.pop("level"))
        claim = _claim(state, parameters)
        frames = {claim.table: in_order(read(f"from {CLAIM_VIEWS[claim.table]}"))}
        return claim_tables(claim, frames, studies, level=level)
    known = {analysis.name: analysis for analysis in ANALYSES}
    if state.name not in known:
        raise AnalysisError(
            f"this version of repdrift has no analysis {state.name!r}: version "
            f"{state.code_version} computed it"
        )
    try:
        settings = _settings(parameters)
    except (TypeError, UnknownChoiceError) as error:
        raise _other_version(state) from error
    return analysis_tables(known[state.name], in_order(read(state.query)), studies, settings)


def _settings(parameters: dict[str, Any]) -> Settings:
    """Return settings as they were recorded; the grid of a multiverse is a table in them."""
    if "grid" in parameters:
        return Settings(**{**parameters, "grid": Grid.of(parameters["grid"])})
    return Settings(**parameters)


def _claim(state: AnalysisState, parameters: dict[str, Any]) -> Claim:
    """Claim as it was recorded; JSON has lists where it has tuples."""
    try:
        tuples = {name: tuple(parameters[name]) for name in ("over", "pair_on")}
        return Claim(**{**parameters, **tuples})
    except (TypeError, KeyError) as error:
        raise _other_version(state) from error


def _other_version(state: AnalysisState) -> AnalysisError:
    return AnalysisError(
        f"{state.name} was recorded with settings that this version does not know, by version "
        f"{state.code_version}: run the analysis again"
    )
