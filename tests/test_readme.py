"""The README keeps its word: generated parts are there, links lead somewhere, commands exist."""

import re
from pathlib import Path

import pytest
import typer.main

from repdrift import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(text: str) -> list[str]:
    """Command lines of code blocks: indented by four, or behind a dollar sign."""
    lines = re.findall(r"^(?: {4}|\$ )(repdrift .*)$", text.replace("\\\n", " "), flags=re.M)
    parts = [part for line in lines for part in re.split(r"&&|;|\s#\s|\s#$", line)]
    return [part.strip() for part in parts if part.strip().startswith("repdrift")]


def unknown_part(line: str) -> str | None:
    """First word of a command line that the program does not know; None when it knows all."""
    node = typer.main.get_command(app)
    words = re.sub(r"'[^']*'?|\"[^\"]*\"?", "SQL", line).split()[
        1:
    ]  # a quoted query may span lines
    while words and hasattr(node, "commands"):
        name = words.pop(0)
        if name.startswith("-"):
            return None if name in {o for p in node.params for o in p.opts} else name
        if name not in node.commands:
            return name
        node = node.commands[name]
    options = {option for p in node.params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
    return next(
        (w for w in words if re.match(r"--?[a-z]", w) and w.split("=")[0] not in options), None
    )


def test_the_generated_tables_are_in_the_readme():
    text = PAGES[0].read_text()
    blocks = re.findall(r"\]\]\] -->\n(.*?)<!-- \[\[\[end\]\]\] -->", text, flags=re.S)
    assert len(blocks) == text.count("<!-- [[[cog")
    assert all(block.strip() for block in blocks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page):
    wrong = {line: unknown_part(line) for line in commands(page.read_text())}
    assert {line: part for line, part in wrong.items() if part is not None} == {}


def test_the_readme_shows_commands_of_every_package():
    shown = {line.split()[1] for line in commands(PAGES[0].read_text())}
    assert {"collect", "warehouse", "analysis", "report", "sql", "demo"} <= shown


def test_an_unknown_command_or_option_is_noticed():
    assert unknown_part("repdrift warehouse fetch") == "fetch"
    assert unknown_part("repdrift collect run STUDY --sped 2") == "--sped"
    assert unknown_part("repdrift collect run STUDY --workers 2 -w W") is None
