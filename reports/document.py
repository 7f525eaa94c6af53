"""The LaTeX document around the tables and figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.exhibits.exhibit import Artefact, Exhibit
from reports.formatting import escape_latex
from reports.tables.latex import is_long, latex_notes, type_size
from reports.tables.model import Table
from reports.wording import report_title


@dataclass(frozen=True)
class Section:
    """An exhibit with the artefacts that the warehouse had rows for.

    Attributes
    ----------
    exhibit : Exhibit
        What is shown.
    artefacts : tuple of Artefact
        Empty where there was nothing to show.
    chapter : str
        Exhibit of a paper that it stands with in a replication report; '' elsewhere.
    further : str
        What of it is not shown; '' for nothing.
    """

    exhibit: Exhibit
    artefacts: tuple[Artefact, ...]
    chapter: str = ""
    further: str = ""


def opens_chapter(shown: Sequence[Section]) -> list[bool]:
    """Return for each section whether a chapter begins with it."""
    before = ["", *(section.chapter for section in shown)]
    return [
        bool(section.chapter) and section.chapter != last
        for section, last in zip(shown, before, strict=False)
    ]


def report_tex(
    sections: Sequence[Section], networks: pl.DataFrame, paper: str | None, selection: str = ""
) -> str:
    """Return ``report.tex``; tables and figures are read from their own files.

    Parameters
    ----------
    sections : sequence of Section
        In order; one without artefacts becomes a line that says so.
    networks : DataFrame
        Rows of the query ``networks``, for the overview.
    paper : str or None
        Paper that the report is limited to.
    selection : str
        What was selected and how to see the rest.
    """
    environment = Environment(
        loader=PackageLoader("reports"),
        undefined=StrictUndefined,
        block_start_string=r"\BLOCK{",
        block_end_string="}",
        variable_start_string=r"\VAR{",
        variable_end_string="}",
        comment_start_string=r"\#{",
        comment_end_string="}",
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["tex"] = escape_latex
    environment.filters["notes"] = latex_notes
    environment.filters["size"] = type_size
    environment.tests["table"] = lambda artefact: isinstance(artefact.content, Table)
    environment.tests["long"] = lambda artefact: is_long(artefact.content)
    shown = [section for section in sections if section.artefacts]
    counts = networks.group_by("origin", maintain_order=True).agg(
        pl.col("n_runs").sum(), pl.col("dataset").n_unique().alias("n_datasets")
    )
    return environment.get_template("report.tex.jinja").render(
        title=report_title(paper),
        selection=selection,
        shown=list(zip(shown, opens_chapter(shown), strict=True)),
        left_out=[section.exhibit for section in sections if not section.artefacts],
        origins=counts.to_dicts(),
    )
