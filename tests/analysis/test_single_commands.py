"""Each analysis is a command of its own; what it prints is chosen, what it computes is not."""

import io
from dataclasses import fields
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from analysis.analyses import ANALYSES
from analysis.cli import app
from analysis.computing import STUDIES, analysis_tables
from analysis.questions import QUESTIONS
from analysis.settings import Settings
from analysis.single import OPTIONS
from warehouse.connection import connect
from warehouse.views import read_view

BY_NAME = {analysis.name: analysis for analysis in ANALYSES}
ON_THEIR_OWN = {"intervals", "forgetting"}  # commands that choose the kind of uncertainty


def answer(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_every_analysis_has_a_command():
    assert set(QUESTIONS) | ON_THEIR_OWN == set(BY_NAME)
    listed = answer("--help").stdout
    assert [name for name in BY_NAME if f" {name.replace(' ', '-')} " not in listed] == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_its_options_are_the_settings_that_it_depends_on(name):
    assert set(QUESTIONS[name].settings) == set(BY_NAME[name].parameters)


class Watched:
    """Settings that remember which of them were asked for."""

    def __init__(self, settings):
        self.settings, self.asked = settings, set()

    def __getattr__(self, name):
        self.asked.add(name)
        return getattr(self.settings, name)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_it_depends_on_the_settings_that_it_records(made_warehouse, name):
    analysis = BY_NAME[name]
    settings: Any = Watched(Settings())
    with connect(made_warehouse) as con:
        rows, studies = con.sql(analysis.query).pl(), read_view(con, STUDIES)
    analysis_tables(analysis, rows, studies, settings)
    if rows.height:
        assert settings.asked == set(analysis.parameters)


def test_defaults_are_those_of_the_settings():
    defaults = {field.name: field.default for field in fields(Settings)}
    shipped = {"grid": None}  # no file: the grid that is shipped
    assert {name: option.default for name, option in OPTIONS.items()} == defaults | shipped


def test_choosing_rows_leaves_families_whole_and_writes_all(made_warehouse):
    words = ["regressions", "-w", made_warehouse, "--where", "layer=late", "--level", "0.9"]
    done = answer(*words, "--where", "outcome=score:auc", "--where", "term=similarity")
    assert done.exit_code == 0, done.stderr
    printed = pl.read_csv(io.StringIO(done.stdout))
    assert (set(printed["layer"]), set(printed["outcome"])) == ({"late"}, {"score:auc"})
    assert set(printed.filter(adaptation="full")["family_size"].drop_nulls()) == {2}
    with connect(made_warehouse) as con:
        written = read_view(con, "results.regressions", where={"level": 0.9})
    assert set(written["layer"]) == {"early", "late"}


def test_refuses_a_column_that_is_not_there(made_warehouse):
    done = answer("sign-alarms", "-w", made_warehouse, "--where", "lair=late")
    assert done.exit_code == 1
    assert "results.sign_alarms has no column lair; it has " in str(done.exception)


def test_refuses_a_value_that_no_row_has(made_warehouse):
    done = answer("regressions", "-w", made_warehouse, "--where", "layer=lat")
    assert done.exit_code == 1
    assert str(done.exception) == "regressions: no row has layer = 'lat'; there are early, late"


def test_says_what_it_needs_and_would_have_read(made_warehouse):
    done = answer("logged-agreements", "-w", made_warehouse)
    assert done.exit_code == 1
    assert "logged agreements: no run in" in str(done.exception)
    needed = "it needs logged prediction_similarity of two folds or seeds"
    assert f"is of use for it; {needed}, and reads marts.final_similarities" in str(done.exception)
