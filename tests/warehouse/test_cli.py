"""Commands put data on stdout and messages on stderr; what a user can mend is one line."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import polars as pl
import pytest

import repdrift
from tests.warehouse.small_runs import write_run
from warehouse.ingest import ingest
from warehouse.layout import Layout


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(layout, tmp_path, monkeypatch, capfd):
    """Run `repdrift ... -w WAREHOUSE` as its entry point does, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["repdrift", *arguments, "-w", str(layout.root)])
        with pytest.raises(SystemExit) as done:
            repdrift.main()
        return Done(int(done.value.code or 0), *capfd.readouterr())

    return run


def test_ingest_says_what_it_did_and_leaves_stdout_alone(command, add_run):
    add_run("run1")
    done = command("warehouse", "ingest")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "1 new, 0 changed, 0 known runs\n"


def test_ingest_shows_bars_on_a_terminal_alone_and_nothing_when_it_is_to_be_quiet(
    command, add_run, monkeypatch
):
    for number in range(3):
        add_run(f"run{number}")
    quiet = command("warehouse", "ingest", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    add_run("run3")
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    shown = command("warehouse", "ingest")
    assert shown.stdout == ""
    assert re.search(r"checking runs .*1/1.*inserting runs .*1/1", shown.stderr, re.DOTALL)
    assert shown.stderr.endswith("1 new, 0 changed, 3 known runs\n")
    assert command("warehouse", "ingest", "-q").stderr == ""


def test_quiet_still_says_what_is_wrong(command, add_run):
    scores = add_run("run1") / "scores.parquet"
    scores.write_bytes(scores.read_bytes()[:-5])
    done = command("warehouse", "ingest", "--quiet")
    assert (done.returncode, done.stderr) == (
        1,
        "left out: run run1: scores.parquet is truncated or was altered\n",
    )


def test_a_question_of_results_says_when_no_analysis_was_run(command, add_run):
    add_run("run1")
    command("warehouse", "ingest")
    done = command("sql", "@mean_and_interval_per_cell")
    assert done.returncode == 0
    assert done.stderr == "no analysis was run yet: `repdrift analysis run` fills results.*\n"
    assert command("sql", "from raw.summaries").stderr == ""


def test_ingest_fails_with_the_name_of_a_damaged_run(command, add_run):
    scores = add_run("run1") / "scores.parquet"
    scores.write_bytes(scores.read_bytes()[:-5])
    done = command("warehouse", "ingest")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "0 new, 0 changed, 0 known runs",
        "left out: run run1: scores.parquet is truncated or was altered",
    ]
    assert command("warehouse", "check").returncode == 1
    assert "moved to" in command("warehouse", "repair").stderr
    checked = command("warehouse", "check")
    assert (checked.returncode, checked.stderr) == (0, "sound\n")


def test_sql_prints_rows_and_takes_parameters(command, layout, add_run, tmp_path):
    add_run("run1")
    ingest(layout)
    query = "select run_id, value from marts.final_scores where fold = $fold"
    assert json.loads(command("sql", query, "-p", "fold=1", "--format", "json").stdout) == [
        {"run_id": "run1", "value": 0.75}
    ]
    assert command("sql", query, "-p", "fold=2", "-f", "csv").stdout == "run_id,value\n"
    assert command("sql", query, "-p", "fold=1", "-f", "parquet", "-o", "rows.parquet").stdout == ""
    assert pl.read_parquet(tmp_path / "rows.parquet")["value"].to_list() == [0.75]


def test_sql_lists_and_runs_saved_queries(command, layout, add_run):
    add_run("run1")
    ingest(layout)
    listed = command("sql", "--list").stdout
    assert "@diverged_runs\n    Which runs failed to train?\n" in listed
    done = command("sql", "@unfinished_cells", "-f", "json")
    assert json.loads(done.stdout)[0]["complete_folds"] == [1]


def test_describe_prints_every_table_and_the_columns_of_one(command, layout, add_run):
    add_run("run1")
    ingest(layout)
    listed = command("warehouse", "describe").stdout
    for name in ("raw.runs", "marts.gains", "results.intervals", "activations"):
        assert re.search(rf"^{re.escape(name)} +\d+  \w", listed, re.MULTILINE)
    assert "label" in command("warehouse", "describe", "predictions").stdout
    assert "did you mean marts.gains? " in command("warehouse", "describe", "gains").stderr
    assert "did you mean raw.runs? " in command("warehouse", "describe", "raw.run").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["sql", "select 1"], 1, "error: no warehouse in .*: no such directory; -w names another"),
        (["warehouse", "ingest"], 1, "error: no warehouse in .*: no such directory"),
        (["warehouse", "check"], 1, "error: no warehouse in .*: no such directory"),
        (["warehouse", "import", "juodelyte2023", "nowhere"], 1, "error: no directory nowhere"),
        (["warehouse", "import", "nothing", "."], 1, "error: no mapping 'nothing'"),
        (["warehouse", "import", "juodelyte2023", "."], 1, r"error: .*has no file AUC\.csv"),
        (["sql", "-p", "fold"], 2, "give a SELECT"),
        (["sql", "select 1", "-p", "fold"], 1, "error: parameter 'fold': write name=value"),
        (["sql", "@nothing"], 1, "error: no saved query 'nothing': `repdrift sql --list`"),
        (["sql", "@gain_over"], 1, r"did you mean @gain_over_scratch\? `repdrift sql --list`"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(command, arguments, code, message):
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr
    assert re.search(message, " ".join(done.stderr.replace("│", " ").split()))
    if code == 1:
        assert done.stderr.count("\n") == 1


def test_the_command_starts_without_anything_heavy():
    heavy = "torch polars duckdb pyarrow matplotlib statsmodels pandas numpy"
    code = (
        "import sys, warehouse.cli; "
        f"loaded = [name for name in '{heavy}'.split() if name in sys.modules]; "
        "print(*loaded)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("\n", "")


def test_export_prints_the_files_and_diff_of_a_copy_finds_nothing(
    command, layout, add_run, tmp_path
):
    add_run("run1")
    ingest(layout)
    exported = command("warehouse", "export", "portable.duckdb")
    assert (exported.returncode, exported.stdout) == (0, "portable.duckdb\n")
    assert "out/raw.runs.parquet\n" in command("warehouse", "export", "out").stdout
    shutil.copytree(layout.root, tmp_path / "copy")
    assert command_without_warehouse(tmp_path, "warehouse", "diff", layout.root, "copy") == (0, 0)
    shutil.rmtree(tmp_path / "copy")
    other = Layout(tmp_path / "copy")
    write_run(other, "run2")
    ingest(other)
    assert command_without_warehouse(tmp_path, "warehouse", "diff", layout.root, "copy") == (1, 2)


def command_without_warehouse(directory, *arguments):
    """Exit status and number of rows of a command that takes no `-w`, in a process of its own."""
    code = "import sys, repdrift; repdrift.main()"
    call = [sys.executable, "-c", code, *map(str, arguments), "-f", "json"]
    done = subprocess.run(call, capture_output=True, text=True, cwd=directory, check=False)
    return done.returncode, len(json.loads(done.stdout))
