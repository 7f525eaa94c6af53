"""The page: one HTML file with every table and figure; opens from disk and asks for nothing."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.document import Section, opens_chapter
from reports.exhibits.exhibit import Artefact, source_stems
from reports.store import condition, query_text
from reports.tables.html import html_table
from reports.tables.model import Table
from reports.wording import report_title

MOST_HOVER_POINTS = 5000
LARGE = 100_000  # characters of an artefact from which it waits as text until it is seen


def page_html(
    sections: Sequence[Section],
    networks: pl.DataFrame,
    paper: str | None,
    drawings: Mapping[str, str],
    selection: str = "",
) -> str:
    """Return ``index.html``.

    Parameters
    ----------
    sections : sequence of Section
        In order; one without artefacts becomes a line that says so.
    networks : DataFrame
        Rows of the query ``networks``, for the overview.
    paper : str or None
        Paper that the report is limited to.
    drawings : mapping of str to str
        SVG of every figure by the name of its artefact, its ids prefixed with ``prefix_of`` it.
    selection : str
        What was selected and how to see the rest.

    Returns
    -------
    str
        HTML with its style, script, figures and data inside.
    """
    environment = Environment(
        loader=PackageLoader("reports"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = [section for section in sections if section.artefacts]
    artefacts = [artefact for section in shown for artefact in section.artefacts]
    content = {a.name: Markup(_content(a, drawings)) for a in artefacts}
    return environment.get_template("page.html.jinja").render(
        title=report_title(paper),
        selection=selection,
        shown=list(zip(shown, opens_chapter(shown), strict=True)),
        left_out=[section.exhibit for section in sections if not section.artefacts],
        overview=networks.to_dicts(),
        content=content,
        is_large={name: len(text) > LARGE for name, text in content.items()},
        is_table={artefact.name: isinstance(artefact.content, Table) for artefact in artefacts},
        sql={artefact.name: _sql(artefact) for artefact in artefacts},
        stems={artefact.name: source_stems(artefact) for artefact in artefacts},
        data=Markup(_script_json(_data(artefacts))),
        style=Markup(_asset("page.css")),
        script=Markup(_asset("page.js")),
    )


def _asset(name: str) -> str:
    return files("reports").joinpath("templates", name).read_text(encoding="utf-8")


def prefix_of(name: str) -> str:
    """Return a short prefix for the ids of a figure, another one for every name."""
    return f"f{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _content(artefact: Artefact, drawings: Mapping[str, str]) -> str:
    if isinstance(artefact.content, Table):
        return html_table(artefact.content, name=artefact.name, caption=artefact.caption)
    return drawings[artefact.name]


def _sql(artefact: Artefact) -> list[dict[str, str]]:
    return [
        {
            "query": source.query,
            "where": " and ".join(condition(*pair) for pair in source.where.items()),
        }
        for source in artefact.sources
    ]


def _data(artefacts: Sequence[Artefact]) -> dict[str, object]:
    """Return the text of every query once, and of each artefact its queries and details."""
    names = sorted({source.query for artefact in artefacts for source in artefact.sources})
    return {
        "queries": {name: query_text(name).rstrip() for name in names},
        "artefacts": {a.name: {"sql": _sql(a), "hover": _hover(a)} for a in artefacts},
    }


def _hover(artefact: Artefact) -> dict[str, object]:
    if sum(len(rows) for rows in artefact.hover.values()) > MOST_HOVER_POINTS:
        return {}
    return {
        f"{prefix_of(artefact.name)}-{gid}": {"columns": rows.columns, "rows": rows.rows()}
        for gid, rows in artefact.hover.items()
    }


def _script_json(value: object) -> str:
    """Return JSON that cannot end the script element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
