"""Every exhibit as a reader has looked at it: each table in four formats, each figure as drawn."""

import pytest
from matplotlib import rc_context

from reports.exhibits.exhibit import Artefact, Exhibit
from reports.rendering import artefact_files
from reports.style import RC
from reports.tables.model import Table
from tests.reports.building import assert_nothing_overlaps, built
from tests.reports.drawings import drawing
from tests.reports.golden_files import GOLDEN, check_golden
from tests.reports.specimens import SPECIMENS, every_exhibit

EVERY = every_exhibit()


@pytest.mark.parametrize("exhibit", EVERY, ids=lambda exhibit: exhibit.name)
def test_every_exhibit_comes_out_as_it_was_looked_at(small, exhibit: Exhibit):
    SPECIMENS[exhibit.name](small)
    artefacts = built(small, exhibit)
    assert artefacts, f"{exhibit.name} shows nothing of its specimen"
    for artefact in artefacts:
        if isinstance(artefact.content, Table):
            check_table(artefact, exhibit.name)
        else:
            check_figure(artefact, exhibit.name)


def check_table(artefact: Artefact, exhibit: str) -> None:
    """Compare LaTeX, Markdown, CSV and HTML with the golden ones."""
    files = artefact_files(artefact)
    for suffix in ("tex", "md", "csv", "html"):
        text = files[f"tables/{artefact.name}.{suffix}"].decode()
        check_golden(f"exhibits/{exhibit}/{artefact.name}.{suffix}", text)


def check_figure(artefact: Artefact, exhibit: str) -> None:
    """Compare caption and drawing with the golden one; nothing overlaps and nothing is cut."""
    assert not isinstance(artefact.content, Table)
    with rc_context(RC):
        figure = artefact.content()
        assert_nothing_overlaps(figure)
    check_golden(
        f"exhibits/{exhibit}/{artefact.name}.txt", f"{artefact.caption}\n{drawing(figure)}"
    )


def test_nothing_golden_is_of_an_exhibit_that_is_gone():
    kept = {path.name for path in (GOLDEN / "exhibits").iterdir()}
    assert kept == {exhibit.name for exhibit in EVERY} == set(SPECIMENS)
