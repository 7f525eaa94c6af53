"""What a reader is told of an interval is the level of its rows, whatever that is."""

from functools import partial

import pytest

from reports.exhibits.exhibit import Artefact
from reports.tables.model import Table
from tests.reports.building import built
from tests.reports.specimens import SPECIMENS, every_exhibit, result
from tests.reports.test_planning_exhibits import agreement

RECORDED = {"forgetting", "filters"}  # intervals and bounds that runs recorded, always of 95 %


def words(artefact: Artefact) -> str:
    """Return what stands around the numbers of an artefact."""
    if isinstance(artefact.content, Table):
        headings = [column.label for column in artefact.content.columns]
        return " ".join([artefact.caption, *headings, *artefact.content.notes])
    assert isinstance(artefact.content, partial)
    labels = [value for value in artefact.content.keywords.values() if isinstance(value, str)]
    return " ".join([artefact.caption, *labels])


def set_level(con, level: float) -> None:
    """Give every row of results that has a level another one."""
    tables = con.execute(
        "select table_name from information_schema.columns "
        "where table_schema = 'results' and column_name = 'level'"
    ).fetchall()
    for (table,) in tables:
        con.execute(f"update results.{table} set level = {level}")


@pytest.mark.parametrize(
    "exhibit",
    [one for one in every_exhibit() if one.name not in RECORDED],
    ids=lambda exhibit: exhibit.name,
)
def test_no_exhibit_says_another_level_than_that_of_its_rows(small, exhibit):
    SPECIMENS[exhibit.name](small)
    set_level(small, 0.9)
    artefacts = built(small, exhibit)
    assert artefacts
    assert not any("95" in words(one).replace("0.95", "") for one in artefacts)


def test_agreement_says_what_its_brackets_are_over(small):
    over_folds, of_seed = agreement(), agreement() | {"seed": 1, "method": "jeffreys"}
    result("agreements", over_folds, of_seed)(small)
    (artefact,) = built(small, next(one for one in every_exhibit() if one.name == "agreements"))
    assert isinstance(artefact.content, Table)
    assert "seed" in [column.label for column in artefact.content.columns]
    assert "95 % intervals. With a fold or a seed: over its images" in artefact.content.notes[-1]
