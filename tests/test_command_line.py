"""The command line: light to start, complete, and one line for an expected error."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "timm", "polars", "duckdb", "statsmodels", "scipy", "matplotlib", "pyarrow")
GROUPS = {
    "collect": ("plan", "run", "datasets", "remeasure", "compare"),
    "warehouse": ("ingest", "import", "describe", "check", "repair", "trace", "export", "diff"),
    "analysis": ("run", "intervals", "forgetting", "claims", "audit", "meta"),
    "claims": ("check",),
    "report": ("build", "check"),
}


def repdrift(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "repdrift"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys, repdrift\n"
        "sys.argv = ['repdrift', '--help']\n"
        "try:\n"
        "    repdrift.main()\n"
        "except SystemExit:\n"
        f"    print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.rstrip().endswith("heavy: []")


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_offers_its_commands(group: str) -> None:
    shown = repdrift(group, "--help")
    assert shown.returncode == 0
    assert all(f" {command} " in shown.stdout for command in GROUPS[group])


def test_the_help_of_a_study_names_the_table_that_makes_it_small() -> None:
    shown = " ".join(repdrift("collect", "run", "--help").stdout.replace("│", " ").split())
    assert "--miniature <bool> Make the study small, as its table miniature says." in shown
    assert "--quiet -q <bool> Show nothing but problems." in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("collect", "plan", "none.toml", "-w", "none"), "none.toml: no such study file"),
        (("sql", "select 1", "-w", "none"), "no warehouse in none"),
        (("report", "build", "-w", "none", "-o", "none"), "no warehouse in none"),
        (("warehouse", "import", "none", ".", "-w", "none"), "no mapping 'none'"),
        (("warehouse", "ingest", "-w", "caf\udce9"), r"'caf\udce9' is not UTF-8: rename the file"),
    ],
)
def test_an_expected_error_is_one_line_and_exit_code_1(
    arguments: tuple[str, ...], message: str
) -> None:
    ended = repdrift(*arguments)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith(f"error: {message}")
