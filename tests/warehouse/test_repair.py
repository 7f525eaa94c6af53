"""`check` finds each kind of damage, and `repair` leaves a sound warehouse without losing a run."""

import shutil

import duckdb
import pytest

from tests.warehouse.small_runs import score_rows, similarity_rows
from warehouse.check import findings
from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.lineage import rows_hash
from warehouse.repair import repair
from warehouse.tables import IN_DATABASE, declared_tables, statements, table
from warehouse.views import read_view


@pytest.fixture
def sound(layout, add_run):
    """Three ingested runs."""
    for number in range(3):
        add_run(f"run{number}")
    ingest(layout)
    return layout


def messages(layout):
    return [finding.message for finding in findings(layout)]


def truncate_scores(layout):
    path = layout.run("run1") / "scores.parquet"
    path.write_bytes(path.read_bytes()[:-9])


def remove_manifest(layout):
    (layout.run("run1") / "manifest.json").unlink()


def remove_run(layout):
    shutil.rmtree(layout.run("run1"))


def forget_run(layout):
    with connect(layout.root, read_only=False) as con:
        for name in ("runs", "scores", "similarities"):
            con.execute(f"delete from raw.{name} where run_id = 'run1'")


def forget_half_a_run(layout):
    with connect(layout.root, read_only=False) as con:
        con.execute("delete from raw.runs where run_id = 'run1'")


def leave_a_partial_run(layout):
    layout.partial("run9").mkdir()


def corrupt_database(layout):
    layout.database.write_bytes(b"\0" * 100_000)


def repeat_scores(layout):
    with connect(layout.root, read_only=False) as con:
        con.execute("insert into raw.scores from raw.scores where run_id = 'run1'")


def keep_old_results(layout):
    query = "from marts.gains"
    with connect(layout.root, read_only=False) as con:
        digest = rows_hash(con.sql(query).pl())
        for analysis_id in ("old", "new"):
            row = [analysis_id, "gains", query, "{}", 0, digest, "0.1.0"]
            con.execute("insert into results.analyses values ($1, $2, $3, $4, $5, $6, $7)", row)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (truncate_scores, ["run run1: scores.parquet is truncated or was altered"]),
        (
            remove_manifest,
            ["run run1: manifest.json is missing", "run run1 is in the database, but"],
        ),
        (remove_run, ["run run1 is in the database, but not in runs/"]),
        (forget_run, ["run run1 is not in the database"]),
        (
            forget_half_a_run,
            ["run run1 is not in the database", "Rows of a run that is not in raw"],
        ),
        (leave_a_partial_run, ["run run9: its writer was killed"]),
        (corrupt_database, ["warehouse.duckdb cannot be read"]),
        (repeat_scores, ["Scores that are there more than once. 1 rows, the first: run_id = run1"]),
        (keep_old_results, ["Analyses of which results of more than one version are there"]),
    ],
)
def test_finds_and_repairs(sound, damage, expected):
    assert messages(sound) == []
    damage(sound)
    found = messages(sound)
    assert len(found) == len(expected)
    assert all(part in message for part, message in zip(expected, found, strict=True))
    repair(sound)
    assert messages(sound) == []


def test_repair_sets_a_damaged_run_aside_and_keeps_the_old_database(sound):
    truncate_scores(sound)
    leave_a_partial_run(sound)
    report = repair(sound)
    assert (report.set_aside, report.removed) == (("run1",), ("run9",))
    assert (sound.root / "damaged" / "run1" / "scores.parquet").is_file()
    assert report.ingested.n_new == 2
    with connect(sound.root) as con:
        assert read_view(con, "raw.runs")["run_id"].sort().to_list() == ["run0", "run2"]
    assert report.old_database is not None
    with duckdb.connect(str(report.old_database), read_only=True) as con:
        assert con.execute("select count(*) from raw.runs").fetchone() == (3,)


def test_repair_moves_what_a_killed_writer_left_beside_the_old_database(sound):
    wal = sound.database.with_name("warehouse.duckdb.wal")
    corrupt_database(sound)
    wal.write_bytes(b"left by a killed writer")
    old = repair(sound).old_database
    assert old is not None
    assert old.with_name(f"{old.name}.wal").read_bytes() == b"left by a killed writer"
    assert messages(sound) == []


def test_repairs_keep_every_old_database_and_the_last_damaged_state_of_a_run(sound, add_run):
    truncate_scores(sound)
    first = repair(sound).old_database
    add_run("run1")
    (sound.run("run1") / "run.json").write_text("{}")
    second = repair(sound).old_database
    assert first is not None
    assert first.is_file()
    assert first != second
    assert (sound.root / "damaged" / "run1" / "run.json").read_text() == "{}"


def test_repair_makes_a_database_of_another_version_anew(sound):
    with connect(sound.root, read_only=False) as con:
        con.execute("update meta.sql_files set sha256 = 'x' where path = 'schema/0001_raw.sql'")
    assert repair(sound).ingested.n_new == 3
    assert messages(sound) == []


@pytest.mark.parametrize(
    ("scores", "run", "expected"),
    [
        (score_rows(81.5), {}, "Scores that are fractions by definition"),
        (score_rows(float("nan")), {}, "Scores that are fractions by definition"),
        (score_rows(epoch=3), {}, "Runs that have scores, but none at the epoch"),
        (score_rows(), {"fold": 6}, "Runs whose fold is not between"),
    ],
)
def test_finds_rows_that_cannot_be(layout, add_run, scores, run, expected):
    add_run("run1", scores=scores, **run)
    ingest(layout)
    assert [expected in message for message in messages(layout)] == [True]


def test_finds_a_reference_that_is_not_there(layout, add_run):
    rows = similarity_rows(reference="run", reference_run_id="absent")
    add_run("run1", similarities=rows)
    ingest(layout)
    assert ["Similarities to another run that is not" in line for line in messages(layout)] == [
        True
    ]


@pytest.mark.parametrize(
    ("check", "names"),
    [
        (
            "results_of_absent_runs.sql",
            [
                name
                for name in declared_tables()
                if name.startswith("results.") and "run_ids" in table(name).types
            ],
        ),
        ("rows_without_run.sql", [f"raw.{name}" for name in IN_DATABASE]),
    ],
)
def test_a_check_of_runs_looks_at_every_table_that_names_them(check, names):
    text = dict(statements("checks"))[check]
    assert [name for name in names if name not in text] == []
