"""A replication report: a chapter per exhibit of the paper, honest versions and verdicts in it."""

import re

import polars as pl
import pytest

from reports.exhibits.papers import CHAPTERS, OWN, PAPERS, places_of
from reports.exhibits.registry import EXHIBITS
from reports.rendering import render
from tests.reports.conftest import insert

NAMES = {exhibit.name for exhibit in (*EXHIBITS, *OWN)}


@pytest.fixture
def judged(con):
    """Return the small warehouse with two verdicts, on one claim of Table 2 and one of nobody."""
    for claim in ("imagenet-beats-radimagenet", "something-else"):
        row = {
            "analysis_id": "a1",
            "source": "Juodelyte et al. (2023)",
            "claim": claim,
            "text": claim.replace("-", " "),
            "kind": "difference",
            "expects": "greater",
            "scope": "every",
            "rigour": "clustered",
            "verdict": "inconclusive",
            "n_panels": 2,
            "n_supported": 0,
            "n_contradicted": 0,
            "n_equivalent": 0,
            "n_inconclusive": 2,
            "level": 0.95,
            "margin": 0.01,
        }
        insert(con, "results.claims", pl.DataFrame([row]))
    return con


@pytest.mark.parametrize("paper", PAPERS)
def test_every_exhibit_of_a_chapter_is_there_and_stands_once(paper):
    for chapter in CHAPTERS[paper]:
        assert set(chapter.shown) | set(chapter.honest) <= NAMES, chapter.title
    names = [place.exhibit.name for place in places_of(paper)]
    assert len(names) == len(set(names))
    assert names[-1] == "audit"


@pytest.mark.parametrize("paper", PAPERS)
def test_chapters_are_in_one_piece(paper):
    chapters = [place.chapter for place in places_of(paper)]
    pieces = [
        name for name, before in zip(chapters, ["", *chapters], strict=False) if name != before
    ]
    assert len(pieces) == len(set(pieces))


def test_a_report_of_no_paper_has_no_chapters():
    assert {place.chapter for place in places_of(None)} == {""}


def test_a_claim_is_judged_in_the_chapter_that_it_is_drawn_from(judged):
    files = render(judged, paper="juodelyte2023", pictures=False).files
    tex = files["report.tex"].decode()
    heads = re.findall(r"\\(section|subsection)\{(.*)\}", tex)
    start = heads.index(("section", "Table 2"))
    titles = [title for _, title in heads[start:]]
    assert titles.index("Verdicts on Table 2") < titles.index("Figure 6")
    assert titles.index("Other claims") > titles.index("Claims and audit")
    table = files["tables/claims-juodelyte-et-al-2023-table-2.tex"].decode()
    assert "imagenet beats radimagenet" in table
    assert "something else" not in table
    assert "something else" in files["tables/claims-juodelyte-et-al-2023.tex"].decode()


def test_what_the_paper_does_not_show_says_so_in_its_title(judged):
    tex = render(judged, paper="juodelyte2023", pictures=False).files["report.tex"].decode()
    assert r"\subsection{Beside it: scores}" in tex
    assert r"\section{Scores}" not in tex
