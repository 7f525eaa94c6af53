"""A report as bytes: every file of it, made in memory from the rows of a warehouse."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from reports.document import Section, report_tex
from reports.drawing import drawn
from reports.exhibits.exhibit import Artefact, Data, Selection, source_stems
from reports.exhibits.papers import Place, places_of
from reports.macros import number_macros
from reports.page import page_html
from reports.places import printed_cells
from reports.selection import first_figures, further, is_whole, primary, reason, selection_line
from reports.store import AtLeast, read, selection_sql
from reports.style import appearances, network
from reports.tables.html import html_file
from reports.tables.latex import latex_table
from reports.tables.markdown import markdown_table
from reports.tables.model import Table

if TYPE_CHECKING:
    import duckdb

DOCUMENTS = ("report.tex", "numbers.tex", "index.html")


@dataclass(frozen=True)
class Report:
    """Every file of a report by its relative path, and what was left out.

    Attributes
    ----------
    files : dict of str to bytes
        Without the compiled PDF.
    left_out : dict of str to str
        Title of each section without rows, and how to get them.
    n_tables, n_figures : int
        Artefacts.
    selection : str
        What was selected and how to see the rest; '' where that is everything.
    """

    files: dict[str, bytes]
    left_out: dict[str, str]
    n_tables: int
    n_figures: int
    selection: str = ""


def render(
    con: "duckdb.DuckDBPyConnection",
    *,
    paper: str | None = None,
    everything: bool = False,
    pictures: bool = True,
) -> Report:
    """Make a report in memory; the same rows give the same bytes.

    Parameters
    ----------
    con : DuckDBPyConnection
        An open warehouse; it is only read.
    paper : str, optional
        Leave everything out but the exhibits of this paper.
    everything : bool, default False
        Show every measure, probe, score and cell, not only the primary selection.
    pictures : bool, default True
        Draw the figures, and write the page that has them; without, numbers and text remain.

    Returns
    -------
    Report
        Tables, figures, their numbers and queries, the document, the page and the manifest.

    Raises
    ------
    ReportError
        If there is no such paper, or the warehouse lacks a table.
    """
    shown = places_of(paper)
    every = _data(con, shown, paper)
    chosen = every if everything else primary(every)
    line = selection_line(chosen, every)
    sections = [_section(place, chosen, every) for place in shown]
    artefacts = [artefact for section in sections for artefact in section.artefacts]
    drawings = drawn(artefacts) if pictures else {}
    files: dict[str, bytes] = {}
    entries: list[dict[str, object]] = []
    for artefact in artefacts:
        made = artefact_files(artefact)
        if artefact.name in drawings:
            made |= drawings[artefact.name].files
        files.update(made)
        entries.append(_manifest_entry(artefact, made))
    left_out = {s.exhibit.title: s.exhibit.missing for s in sections if not s.artefacts}
    if pictures:
        inline = {name: drawing.svg for name, drawing in drawings.items()}
        page = page_html(sections, every.frames["networks"], paper, inline, line)
        files["index.html"] = page.encode()
    files["numbers.tex"] = number_macros(artefacts).encode()
    files["report.tex"] = report_tex(sections, every.frames["networks"], paper, line).encode()
    manifest = {
        "paper": paper,
        "everything": everything,
        "documents": {
            path: hashlib.sha256(files[path]).hexdigest() for path in DOCUMENTS if path in files
        },
        "artefacts": entries,
        "left_out": left_out,
    }
    files["manifest.json"] = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    n_tables = sum(isinstance(artefact.content, Table) for artefact in artefacts)
    return Report(files, left_out, n_tables, len(artefacts) - n_tables, line)


def _section(place: Place, chosen: Data, every: Data) -> Section:
    exhibit = place.exhibit
    query = exhibit.queries[0]
    data = every if is_whole(exhibit) else chosen
    made = exhibit.build(data) if len(data.frames[query]) else []
    kept = made if is_whole(exhibit) or not data.conditions else first_figures(made)
    if not made and data.conditions and len(every.frames[query]) and exhibit.build(every):
        exhibit = replace(exhibit, missing=reason(query, every))
    return Section(exhibit, tuple(kept), place.chapter, further(made, kept))


def _data(con: "duckdb.DuckDBPyConnection", shown: tuple[Place, ...], paper: str | None) -> Data:
    names = {"networks", "scores", *(query for one in shown for query in one.exhibit.queries)}
    frames = {name: read(con, name) for name in sorted(names)}
    runs = frames["networks"]
    pairs = runs.select("backbone", "pretraining").unique().iter_rows()
    return Data(
        frames=frames,
        networks=appearances(network(*pair) for pair in pairs),
        datasets=appearances(runs["dataset"].to_list()),
        paper=paper,
    )


def artefact_files(artefact: Artefact) -> dict[str, bytes]:
    """Return the files of one artefact but its pictures: the table, the numbers and their SQL."""
    stem = f"{'tables' if isinstance(artefact.content, Table) else 'figures'}/{artefact.name}"
    files: dict[str, bytes] = {}
    if isinstance(artefact.content, Table):
        files[f"{stem}.tex"] = latex_table(artefact.content).encode()
        files[f"{stem}.md"] = markdown_table(artefact.content).encode()
        html = html_file(artefact.content, name=artefact.name, caption=artefact.caption)
        files[f"{stem}.html"] = html.encode()
    for source, name in zip(artefact.sources, source_stems(artefact), strict=True):
        files[f"{stem}{name}.csv"] = source.csv
        files[f"{stem}{name}.sql"] = selection_sql(source.query, source.where).encode()
    return files


def _manifest_entry(artefact: Artefact, files: Mapping[str, bytes]) -> dict[str, object]:
    return {
        "name": artefact.name,
        "caption": artefact.caption,
        "files": {path: hashlib.sha256(content).hexdigest() for path, content in files.items()},
        "sources": [_source_entry(source) for source in artefact.sources],
        "cells": printed_cells(artefact),
    }


def _source_entry(source: Selection) -> dict[str, object]:
    rows = source.rows
    runs = pl.Series("run_id", [], pl.String)
    if "run_ids" in rows.columns:
        runs = rows["run_ids"].explode()
    elif "run_id" in rows.columns:
        runs = rows["run_id"]
    analyses = rows["analysis_id"].unique().sort().to_list() if "analysis_id" in rows else []
    return {
        "query": source.query,
        "where": {
            name: str(value) if isinstance(value, AtLeast) else value
            for name, value in source.where.items()
        },
        "n_rows": len(rows),
        "rows_sha256": hashlib.sha256(source.csv).hexdigest(),
        "analysis_ids": analyses,
        "run_ids": runs.drop_nulls().unique().sort().to_list(),
    }
