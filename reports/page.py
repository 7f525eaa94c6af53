"""The page: one HTML file with every table and figure; opens from disk and asks for nothing."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from reports.document import Section
from reports.exhibits.exhibit import Artefact
from reports.figures.svg import inline_svg
from reports.store import condition, query_text
from reports.tables.html import html_table
from reports.tables.model import Table

MOST_HOVER_POINTS = 5000


def page_html(sections: Sequence[Section], networks: pl.DataFrame, paper: str | None) -> str:
    """Return ``index.html``.

    Parameters
    ----------
    sections : sequence of Section
        In order; one without artefacts becomes a line that says so.
    networks : DataFrame
        Rows of the query ``networks``, for the overview.
    paper : str or None
        Paper that the report is limited to.

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
    return environment.get_template("page.html.jinja").render(
        paper=paper,
        shown=shown,
        left_out=[section.exhibit for section in sections if not section.artefacts],
        overview=networks.to_dicts(),
        content={a.name: Markup(_content(a, f"f{i}")) for i, a in enumerate(artefacts)},
        is_table={artefact.name: isinstance(artefact.content, Table) for artefact in artefacts},
        sql={artefact.name: _sql(artefact) for artefact in artefacts},
        data=Markup(_script_json({a.name: _data(a, f"f{i}") for i, a in enumerate(artefacts)})),
        style=Markup(_asset("page.css")),
        script=Markup(_asset("page.js")),
    )


def _asset(name: str) -> str:
    return files("reports").joinpath("templates", name).read_text(encoding="utf-8")


def _content(artefact: Artefact, prefix: str) -> str:
    if isinstance(artefact.content, Figure):
        return inline_svg(
            artefact.content, name=artefact.name, prefix=prefix, caption=artefact.caption
        )
    return html_table(artefact.content, name=artefact.name, caption=artefact.caption)


def _sql(artefact: Artefact) -> list[dict[str, str]]:
    return [
        {
            "query": query_text(source.query).rstrip(),
            "where": " and ".join(condition(*pair) for pair in source.where.items()),
        }
        for source in artefact.sources
    ]


def _data(artefact: Artefact, prefix: str) -> dict[str, object]:
    n_points = sum(len(rows) for rows in artefact.hover.values())
    hover: Mapping[str, object] = {}
    if n_points <= MOST_HOVER_POINTS:
        hover = {
            f"{prefix}-{gid}": {"columns": rows.columns, "rows": rows.rows()}
            for gid, rows in artefact.hover.items()
        }
    return {"sql": _sql(artefact), "hover": hover}


def _script_json(value: object) -> str:
    """Return JSON that cannot end the script element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
