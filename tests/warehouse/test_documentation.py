"""The documentation of the warehouse says what there is."""

import re
from pathlib import Path

import pytest

import repdrift  # noqa: F401 (adds the commands that need a package above the warehouse)
from warehouse.cli import app
from warehouse.importers.mapping import read_mapping
from warehouse.importers.tabular import read_tables
from warehouse.layout import Layout
from warehouse.queries import saved_queries
from warehouse.schema import sql_files

TEXT = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text(encoding="utf-8")


def test_the_questions_are_those_of_the_saved_queries(tmp_path):
    documented = dict(re.findall(r"^\| (.+\?) \| `@(\w+)` \|$", TEXT, re.MULTILINE))
    shipped = {query.question: name for name, query in saved_queries(Layout(tmp_path)).items()}
    assert documented == shipped
    assert len(shipped) == 12


def test_every_mart_is_named():
    for file in sql_files("marts"):
        assert f"| `{file.path.removesuffix('.sql').replace('/', '.')}` |" in TEXT


def test_the_mapping_works_as_it_stands(tmp_path):
    (tmp_path / "pilot.toml").write_text(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)[0])
    (tmp_path / "log.csv").write_text("weights,frozen,fold,auc_percent\nimagenet,no,1,81.5\n")
    imported = read_tables(tmp_path, read_mapping(str(tmp_path / "pilot.toml")))
    assert imported.tables["scores"]["value"].to_list() == [0.815]
    assert imported.runs["adaptation"].to_list() == ["full"]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"repdrift warehouse (\w+)", TEXT))))
def test_every_command_exists(command):
    names = {
        info.name or getattr(info.callback, "__name__", "") for info in app.registered_commands
    }
    assert command in names
